#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Output and exit codes of the commands that need no network, for good and bad input.
# usage: test_cli.sh <path of wick>
set -u
wick=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

# want <exit code> <pattern in stdout+stderr> <what> <command...>
want() {
    code=$1 pattern=$2 what=$3
    shift 3
    n=$((n + 1))
    "$@" >"$dir/out" 2>&1 </dev/null
    got=$?
    if [ "$got" -eq "$code" ] && grep -q -e "$pattern" "$dir/out"; then
        echo "ok $n - api.cli.$what"
    else
        echo "not ok $n - api.cli.$what"
        echo "# exit $got, not $code, or no '$pattern' in:"
        sed 's/^/#   /' "$dir/out"
        bad=$((bad + 1))
    fi
}

# One JSON object on each line, and "ok" first.
json_lines() {
    what=$1
    shift
    n=$((n + 1))
    "$@" >"$dir/out" 2>/dev/null </dev/null
    if [ -s "$dir/out" ] && ! grep -v -q '^{"ok":\(true\|false\)\(,"[a-z_A-Z]*":.*\)*}$' "$dir/out"; then
        echo "ok $n - api.cli.$what"
    else
        echo "not ok $n - api.cli.$what"
        sed 's/^/#   /' "$dir/out"
        bad=$((bad + 1))
    fi
}

# ---- usage
want 2 'usage: wick' no_command "$wick"
want 2 "no command 'frobnicate'" unknown_command "$wick" frobnicate
want 2 'needs a verb' missing_verb "$wick" rlp
want 2 '^usage: wick store import' missing_verb_lists "$wick" store
want 1 'neither ./wick.conf nor .*--config' no_conf sh -c 'cd "$1" && shift && unset WICK_CONFIG && "$@"' \
    sh "$dir" "$wick" id show
want 2 'usage: wick' unknown_option "$wick" --frobnicate
want 2 'usage: wick keccak' unknown_option_of_command "$wick" keccak --frobnicate
want 0 'Exit codes' help "$wick" --help
want 0 'usage: wick keccak' help_of_command "$wick" keccak --help
want 0 '^  Keccak-256 of' help_says_what_for "$wick" keccak --help
want 0 '^wick [0-9]' version "$wick" --version
want 2 '"code":"USAGE"' usage_as_json "$wick" --json keccak a b

# ---- cid: "hello world" and a line end, as IPFS publishes it everywhere
printf 'hello world\n' >"$dir/hello"
raw=bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4
v0=QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o
want 0 "^cid *$raw$" cid_add "$wick" cid add "$dir/hello"
want 0 "\"cid\":\"$v0\".*\"levels\":0" cid_add_v0 "$wick" cid add "$dir/hello" --profile unixfs-v0-2015 --json
want 0 '"ok":true' cid_verify "$wick" cid verify $raw --file "$dir/hello" --json
want 0 '"ok":true' cid_verify_v0 "$wick" cid verify $v0 --file "$dir/hello" --profile unixfs-v0-2015 --json
want 1 'FW_DIGEST' cid_verify_other "$wick" cid verify $v0 --file "$dir/hello"
want 1 'MALFORMED' cid_cut "$wick" cid verify bafkreifjjcie --file "$dir/hello"
want 1 'UNSUPPORTED' cid_identity "$wick" cid verify bafkqadlimvwgy3zao5xxe3de --file "$dir/hello"
deep=bafybeic7jv4os2n3ik4ylvpedfkkzxe7r5ri6kicedaq2gzbm2fepa3wbu
want 0 "$deep\",\"bytes\":12,\"blocks\":6,\"levels\":2" cid_chunks "$wick" cid add "$dir/hello" --chunk 4 --links 2 \
    --car "$dir/car" --json
want 0 '"bytes":12,"blocks":6,"refused":0' cid_car "$wick" cid verify $deep --car "$dir/car" --output "$dir/got" --json
want 0 'hello world' cid_car_is_the_file cat "$dir/got"
head -c 100 "$dir/car" >"$dir/cut_car"
want 1 '.' cid_cut_car "$wick" cid verify $deep --car "$dir/cut_car" --output "$dir/got"
want 0 'hello world' cid_keeps_what_is_there cat "$dir/got"
want 1 'no?such' words_of_strangers "$wick" cid verify $raw --file "$(printf 'no\033such')"
want 2 'one CID' cid_usage "$wick" cid verify $raw
# ---- keccak
empty=c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470
abc=4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45
printf abc >"$dir/abc"
want 0 "0x$empty" keccak_empty "$wick" keccak ''
want 0 "0x$empty" keccak_stdin "$wick" keccak
want 0 "0x$abc" keccak_text "$wick" keccak abc
want 0 "0x$abc" keccak_file "$wick" keccak "@$dir/abc"
want 0 "0x$abc" keccak_hex "$wick" keccak --hex 0x616263
want 0 "{\"ok\":true,\"keccak256\":\"0x$abc\",\"bytes\":3}" keccak_json "$wick" --json keccak abc
want 0 "{\"ok\":true,\"keccak256\":\"0x$abc\",\"bytes\":3}" keccak_json_after "$wick" keccak abc --json
want 1 'MALFORMED' keccak_odd_hex "$wick" keccak --hex 0x616
want 1 'MALFORMED' keccak_no_hex "$wick" keccak --hex 0x6g
want 1 'NOT_FOUND.*' keccak_no_file "$wick" keccak "@$dir/none"
want 1 'remedy: ' keccak_remedy "$wick" keccak "@$dir/none"
want 1 '^{"ok":false,"code":"NOT_FOUND","error":".*","remedy":".*"}$' keccak_error_json \
    "$wick" --json keccak "@$dir/none"
want 2 'one input only' keccak_two "$wick" keccak --hex 61 b

# ---- rlp decode
want 0 '^0x646f67  (3)$' rlp_string "$wick" rlp decode 0x83646f67
want 0 '^  0x636174  (3)$' rlp_list "$wick" rlp decode 0xc88363617483646f67
want 0 '^    list 0 bytes$' rlp_nested "$wick" rlp decode 0xc7c0c1c0c3c0c1c0
want 1 'TRUNCATED: an item is longer' rlp_truncated "$wick" rlp decode 0x83646f
want 1 'TRUNCATED' rlp_empty "$wick" rlp decode 0x
want 1 'NON_CANONICAL: a length' rlp_long_form "$wick" rlp decode 0x8101
want 1 'NON_CANONICAL' rlp_length_zero "$wick" rlp decode 0xb800
want 1 'TRAILING: bytes follow' rlp_trailing "$wick" rlp decode 0x83646f6700
want 1 'MALFORMED: input is not hex' rlp_no_hex "$wick" rlp decode dog
want 1 'LIMIT: lists are nested too deep' rlp_deep "$wick" rlp decode \
    0xcbcac9c8c7c6c5c4c3c2c1c0
json_lines rlp_json "$wick" --json rlp decode 0xc88363617483646f67

# ---- header hash and proof verify: a trie of one account with one slot, made by hand
# slot 0 holds 5; the account has nonce 1, balance 2 and no code.
dir_json=$dir/proof.json
address=0x0102030405060708090a0b0c0d0e0f1011121314
empty_code=0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470
hash_of() { "$wick" keccak --hex "$1" | sed -n 's/^keccak256 *//p'; }
plain() { printf %s "${1#0x}"; }
slot_path=$(hash_of 0x0000000000000000000000000000000000000000000000000000000000000000)
slot_leaf=0xe3a120$(plain "$slot_path")05
storage=$(hash_of "$slot_leaf")
account=f8440102a0$(plain "$storage")a0$(plain "$empty_code")
leaf=0xf86aa120$(plain "$(hash_of "$address")")b846$account
root=$(hash_of "$leaf")
answer() { # <value of slot 0> <balance> <account node> <slot node>
    printf '{"address":"%s","balance":"%s","nonce":"0x1","codeHash":"%s","storageHash":"%s",' \
        "$address" "$2" "$empty_code" "$storage"
    printf '"accountProof":[%s],"storageProof":[{"key":"0x0","value":"%s","proof":[%s]}]}' \
        "$3" "$1" "$4"
}
good() { answer 0x5 0x2 "\"$leaf\"" "\"$slot_leaf\""; }
good >"$dir_json"
want 0 "^account $address FOUND nonce=0x1 balance=0x2 " proof_account \
    "$wick" proof verify "$dir_json" --state-root "$root"
want 0 '^slot    0x0*  *FOUND 0x5' proof_slot "$wick" proof verify "$dir_json" --state-root "$root"
want 0 '"kind":"slot","key":"0x0*","verdict":"FOUND","value":"0x5"' proof_json \
    "$wick" --json proof verify "$dir_json" --state-root "$root"
want 1 'BAD_HASH *REFUSED' proof_other_root "$wick" proof verify "$dir_json" --state-root "$empty_code"
want 2 'one file and one of' proof_no_root "$wick" proof verify "$dir_json"
want 2 'one file and one of' proof_two_roots "$wick" proof verify "$dir_json" \
    --state-root "$root" --header 0xc0
want 2 '32 bytes in hex' proof_short_root "$wick" proof verify "$dir_json" --state-root 0x00
want 1 'header: ' proof_bad_header "$wick" proof verify "$dir_json" --header 0xc0
want 1 'NOT_FOUND' proof_no_file "$wick" proof verify "$dir/none" --state-root "$root"
{ printf '{"jsonrpc":"2.0","id":1,"result":'; good; printf '}'; } >"$dir_json"
want 0 'FOUND 0x5' proof_reply "$wick" proof verify "$dir_json" --state-root "$root"
printf '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}' >"$dir_json"
want 1 'RPC' proof_error_reply "$wick" proof verify "$dir_json" --state-root "$root"
answer 0x6 0x2 "\"$leaf\"" "\"$slot_leaf\"" >"$dir_json"
want 1 'FOUND 0x5  REFUSED: the answer claims another value' proof_lying_value \
    "$wick" proof verify "$dir_json" --state-root "$root"
answer 0x5 0x3 "\"$leaf\"" "\"$slot_leaf\"" >"$dir_json"
want 1 'PROOF_CLAIM' proof_lying_balance "$wick" proof verify "$dir_json" --state-root "$root"
answer 0x5 0x2 "" "\"$slot_leaf\"" >"$dir_json"
want 1 "^account $address INCOMPLETE" proof_cut_account \
    "$wick" proof verify "$dir_json" --state-root "$root"
answer 0x0 0x2 "\"$leaf\"" "" >"$dir_json"
want 1 '^slot .* INCOMPLETE' proof_cut_slot "$wick" proof verify "$dir_json" --state-root "$root"
answer 0x5 0x2 "\"$leaf\"" "\"${slot_leaf}00\"" >"$dir_json"
want 1 '^slot .* BAD_' proof_longer_node "$wick" proof verify "$dir_json" --state-root "$root"
answer 0x5 0x2 "\"$leaf\"" "\"0xnode\"" >"$dir_json"
want 1 '^slot .* BAD_RLP' proof_node_no_hex "$wick" proof verify "$dir_json" --state-root "$root"
answer 5 0x2 "\"$leaf\"" "\"$slot_leaf\"" >"$dir_json"
want 1 'JSON: ' proof_value_no_quantity "$wick" proof verify "$dir_json" --state-root "$root"
{ good; echo x; } >"$dir_json"
want 1 'JSON: ' proof_text_behind "$wick" proof verify "$dir_json" --state-root "$root"
good | sed 's/"nonce"/"nonce":"0x1","nonce"/' >"$dir_json"
want 1 'JSON: ' proof_member_twice "$wick" proof verify "$dir_json" --state-root "$root"
printf '[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]' >"$dir_json"
want 1 'JSON: ' proof_deep "$wick" proof verify "$dir_json" --state-root "$root"
: >"$dir_json"
want 1 'JSON: ' proof_empty_file "$wick" proof verify "$dir_json" --state-root "$root"

# The genesis block of Ethereum's main net.
zero=0000000000000000000000000000000000000000000000000000000000000000
bloom=$zero$zero$zero$zero$zero$zero$zero$zero
empty_root=56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421
cat >"$dir/genesis.json" <<EOF
{"parentHash":"0x$zero",
"sha3Uncles":"0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
"miner":"0x0000000000000000000000000000000000000000",
"stateRoot":"0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
"transactionsRoot":"0x$empty_root","receiptsRoot":"0x$empty_root","logsBloom":"0x$bloom",
"difficulty":"0x400000000","number":"0x0","gasLimit":"0x1388","gasUsed":"0x0","timestamp":"0x0",
"extraData":"0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
"mixHash":"0x$zero","nonce":"0x0000000000000042",
"hash":"0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"}
EOF
genesis=0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3
want 0 "^hash *$genesis" header_json "$wick" header hash "$dir/genesis.json"
want 0 "$genesis" header_expected "$wick" header hash "$dir/genesis.json" --expect $genesis
want 1 'HEADER_HASH' header_other_hash "$wick" header hash "$dir/genesis.json" --expect "$empty_code"
sed 's/0x1388/0x1389/' "$dir/genesis.json" >"$dir/lie.json"
want 1 'HEADER_HASH' header_lie "$wick" header hash "$dir/lie.json"
sed '/^"difficulty"/d' "$dir/genesis.json" >"$dir/lie.json"
want 1 'MALFORMED\|JSON' header_field_missing "$wick" header hash "$dir/lie.json"
echo 0xc0 >"$dir/short.hex"
want 1 'MALFORMED' header_short "$wick" header hash "$dir/short.hex"
json_lines header_as_json "$wick" --json header hash "$dir/genesis.json"

# ---- tx decode: the example of EIP-155
tx=0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef\
61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c\
9f3dc64214b297fb1966a3b6d83
tx=$(printf %s "$tx" | tr -d ' \n')
want 0 '^from *0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F$' tx_sender "$wick" tx decode "$tx"
want 0 '^nonce *9$' tx_nonce "$wick" tx decode "$tx"
want 0 '"from":"0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"' tx_json "$wick" --json tx decode "$tx"
want 0 '"value":"0xde0b6b3a7640000"' tx_value "$wick" --json tx decode "$tx"
want 1 'TRUNCATED' tx_cut "$wick" tx decode "${tx%??}"
want 1 'TRAILING' tx_longer "$wick" tx decode "${tx}00"
want 1 'UNSUPPORTED' tx_blob "$wick" tx decode "0x03${tx#0x}"
want 1 'MALFORMED\|NON_CANONICAL' tx_text "$wick" tx decode hello

# ---- stun decode: RFC 5769 section 2.4, long-term credentials
stun=000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b90000001500\
1c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f72670000080014f\
67024656dd64a3e02b8e0712e85c9a28ca89666
stun=$(printf %s "$stun" | tr -d ' \n')
user=$(printf '\343\203\236\343\203\210\343\203\252\343\203\203\343\202\257\343\202\271')
(umask 077 && echo TheMatrIX >"$dir/pw" && echo other >"$dir/pw2")
want 0 '^  REALM *example.org$' stun_realm "$wick" stun decode "$stun"
want 0 '^integrity *right$' stun_integrity "$wick" stun decode "$stun" --user "$user" \
    --realm example.org --password-file "$dir/pw"
want 1 'STUN_INTEGRITY' stun_wrong_password "$wick" stun decode "$stun" --user "$user" \
    --realm example.org --password-file "$dir/pw2"
want 1 'STUN_INTEGRITY' stun_wrong_realm "$wick" stun decode "$stun" --user "$user" \
    --realm example.net --password-file "$dir/pw"
# RFC 8489 appendix B.1 as corrected: SHA-256, USERHASH; the same by its key
b1=000100902112a44278ad3433c6ad72c029da412e001e00204a3cf38fef6992bda952c6780417da0f24819415569e60b2\
05c46e41407f1704001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c394653547679\
363473410000000014000b6578616d706c652e6f726700001d000400020000001c0020b5c7bf005b6c52a21c51c5e892f8\
1924136296cb927c43149309278cc6518e65
(umask 077 && printf '%s:example.org:TheMatrIX' "$user" | sha256sum | cut -c1-64 >"$dir/key" &&
    printf '%s:example.org:TheMatrIX' "$user" | md5sum | cut -c1-32 >"$dir/key2" && echo 00 >"$dir/key3")
want 0 '^integrity *right$' stun_sha256 "$wick" stun decode "$b1" --user "$user" --realm example.org \
    --password-file "$dir/pw"
want 0 '^integrity *right$' stun_key "$wick" stun decode "$b1" --key-file "$dir/key"
want 0 '^integrity *right$' stun_key_md5 "$wick" stun decode "$stun" --key-file "$dir/key2"
want 1 'STUN_INTEGRITY' stun_wrong_key "$wick" stun decode "$b1" --key-file "$dir/key2"
want 1 'MALFORMED' stun_short_key "$wick" stun decode "$b1" --key-file "$dir/key3"
want 2 'takes the place' stun_key_and_user "$wick" stun decode "$b1" --key-file "$dir/key" --user u
want 0 '^  PASSWORD-ALGORITHM *SHA-256$' stun_algorithm "$wick" stun decode "$b1"
offer=0003001c2112a4420102030405060708090a0b0c00170004020000000018000180000000800200080002000000010000
want 0 '^  REQUESTED-ADDRESS-FAMILY *IPv6$' stun_family "$wick" stun decode "$offer"
want 0 '^  EVEN-PORT *and the next$' stun_even "$wick" stun decode "$offer"
want 0 '^  PASSWORD-ALGORITHMS *SHA-256, MD5$' stun_algorithms "$wick" stun decode "$offer"
json_lines stun_offer_json "$wick" --json stun decode "$offer"
want 2 'and-port\|address:port' stun_bind_server "$wick" stun bind --server nonsense
want 2 'ca-file or --pin' turn_tls_trust "$wick" turn ping --server 127.0.0.1:1 --over tls
want 2 'for ping' turn_allocate_count "$wick" turn allocate --count 3
want 2 'go together' stun_user_alone "$wick" stun decode "$stun" --user u
chmod 644 "$dir/pw"
want 1 'FILE_MODE' stun_open_secret "$wick" stun decode "$stun" --user "$user" \
    --realm example.org --password-file "$dir/pw"
want 1 'TRUNCATED' stun_cut "$wick" stun decode "${stun%??}"
want 1 'TRAILING' stun_longer "$wick" stun decode "${stun}00"
want 1 'STUN_COOKIE' stun_no_cookie "$wick" stun decode 000100002112a44378ad3433c6ad72c029da412e
want 0 '"channel":"0x4001","bytes":3,"data":"0x616263"' channeldata \
    "$wick" --json stun decode 40010003616263
want 1 'TRUNCATED' channeldata_cut "$wick" stun decode 400100036162
json_lines stun_json "$wick" --json stun decode "$stun"

# ---- pcp decode: a MAP request and its answers, PEER, options, NAT-PMP
map=020100000000025800000000000000000000ffffc0a8010a1bceed4e5fa02de46314bc2311000000138da02e00000000000000000000ffff00000000
granted=0281000000000258000000370000000000000000000000001bceed4e5fa02de46314bc2311000000138da02e00000000000000000000ffff0b162101
refused=0281000200000000000000380000000000000000000000001bceed4e5fa02de46314bc2311000000138da02e00000000000000000000ffff0b162101
peer=020200000000006400000000000000000000ffffc0a8010a6499d7662b07543958b3cd0111000000138e000000000000000000000000ffff00000000270f000000000000000000000000ffff0b162102
want 0 '^internal_port *5005$' pcp_map "$wick" pcp decode "$map"
want 0 '^external *11.22.33.1:41006$' pcp_granted "$wick" pcp decode "$granted"
want 0 '^result *NOT_AUTHORIZED$' pcp_refused "$wick" pcp decode "$refused"
want 0 '"opcode":"PEER".*"remote":"11.22.33.2:9999"' pcp_peer "$wick" --json pcp decode "$peer"
want 0 '^option *FILTER$' pcp_filter "$wick" pcp decode \
    "${map}03000014008001bb00000000000000000000ffff14000009"
want 0 '"remote":"20.0.0.9:443","prefix_bits":128' pcp_filter_json "$wick" --json pcp decode \
    "${map}03000014008001bb00000000000000000000ffff14000009"
want 0 '"option":"THIRD_PARTY"' pcp_third_party "$wick" --json pcp decode \
    "${map}0100001000000000000000000000ffffc0a8014d"
want 0 '^option *PREFER_FAILURE$' pcp_prefer_failure "$wick" pcp decode "${map}02000000"
want 0 '^external_port *41006$' natpmp_map "$wick" pcp decode 0081000000000037138da02e00000258
want 0 '^external *11.22.33.1:0$' natpmp_address "$wick" pcp decode 00800000000000370b162101
want 1 'TRUNCATED' pcp_cut "$wick" pcp decode 0201
want 1 'MALFORMED' pcp_odd "$wick" pcp decode "${map}00"
want 1 'UNSUPPORTED' pcp_version "$wick" pcp decode "03${map#02}"
want 1 'UNSUPPORTED' pcp_option "$wick" pcp decode "${map}7f000000"
want 1 'TRAILING' natpmp_longer "$wick" pcp decode 00800000000000370b16210100
want 1 '"code":"MALFORMED"' pcp_no_hex "$wick" --json pcp decode hello
json_lines pcp_json "$wick" --json pcp decode "${map}02000000"

# ---- pcp map, peer, delete, announce: what they refuse before anything is sent
want 2 '--port is needed' pcp_no_port "$wick" pcp map --server 127.0.0.1
want 2 '--remote is needed' pcp_no_remote "$wick" pcp peer --port 1 --server 127.0.0.1
want 2 'wick pcp peer' pcp_map_remote "$wick" pcp map --port 1 --remote 20.0.0.1:1
want 2 'port 0' pcp_all_with_port "$wick" pcp map --port 1 --protocol all
want 2 'takes 0..65535' pcp_bad_port "$wick" pcp map --port 65536
want 2 'udp, tcp' pcp_bad_protocol "$wick" pcp map --port 1 --protocol 256
want 2 '12 bytes' pcp_bad_nonce "$wick" pcp delete --port 1 --nonce 00
want 2 'address:port' pcp_bad_remote "$wick" pcp peer --port 1 --remote 20.0.0.1
want 2 '--filter takes' pcp_bad_filter "$wick" pcp map --port 1 --filter 20.0.0.1/33
want 2 '--filter takes' pcp_many_filters "$wick" pcp map --port 1 --filter 20.0.0.1 \
    --filter 20.0.0.2 --filter 20.0.0.3
want 2 'neither filters' pcp_peer_filter "$wick" pcp peer --port 1 --remote 20.0.0.1:1 \
    --filter 20.0.0.1
want 2 '--server takes' pcp_bad_server "$wick" pcp announce --server nowhere
want 2 'no argument' pcp_argument "$wick" pcp watch now
want 3 'no interface with a default router' pcp_no_router "$wick" pcp map --port 1 --interface none0
want 3 'no interface with a default router' pcp_watch_nothing "$wick" pcp watch --interface none0
want 3 '"event":"silent"' pcp_nobody "$wick" --json pcp announce --server 127.0.0.1 --timeout 60
json_lines pcp_nobody_json "$wick" --json pcp announce --server 127.0.0.1 --timeout 60

# ---- id: two keys that differ, made once, closed to others
want 0 '^wallet *0x[0-9a-fA-F]*$' id_new "$wick" id new gw-a --dir "$dir"
want 1 'STATE: .*gw-a.wallet.key exists' id_not_overwritten "$wick" id new gw-a --dir "$dir"
want 0 'gw-a.device.key$' id_mode find "$dir" -name 'gw-a.device.key' -perm 600
want 1 'NAME' id_name "$wick" id new 'Gw A' --dir "$dir"
want 1 'HAL' id_no_dir "$wick" id new gw-a --dir "$dir/none"
cat >"$dir/wick.conf" <<EOF
[identity]
name = gw-a
wallet_key_file = gw-a.wallet.key
device_key_file = gw-a.device.key
EOF
want 0 '^device_key *0x0[23]' id_show "$wick" --config "$dir/wick.conf" id show
want 0 '"name":"gw-a","id":"0x14055fcf' id_show_env env \
    "WICK_CONFIG=$dir/wick.conf" "$wick" --json id show
chmod 640 "$dir/gw-a.device.key"
want 1 'FILE_MODE' id_open_key "$wick" --config "$dir/wick.conf" id show
chmod 600 "$dir/gw-a.device.key"
cp "$dir/gw-a.wallet.key" "$dir/same.key"
sed 's/gw-a.device.key/same.key/' "$dir/wick.conf" >"$dir/same.conf"
want 1 'SAME_KEY' id_same_key "$wick" --config "$dir/same.conf" id show
echo 'nmae = x' >>"$dir/same.conf"
want 1 "CONFIG: .*same.conf:5: unknown key 'nmae'" conf_line "$wick" --config "$dir/same.conf" id show
want 1 'CONFIG: .*none.conf' conf_missing "$wick" --config "$dir/none.conf" id show

# ---- lookup without a node
cat >"$dir/net.conf" <<EOF
[chain.lab]
chain_id = 31337
rule = own_node
[rpc]
chain = lab
url = http://127.0.0.1:1
[registry.lab]
chain = lab
device_registry = 0x0000000000000000000000000000000000000001
EOF
want 3 'NET' lookup_no_node "$wick" --config "$dir/net.conf" lookup gw-b
want 3 'NET' bundle_make_no_node "$wick" --config "$dir/net.conf" bundle make gw-b -o "$dir/x"
want 1 'NAME' lookup_bad_name "$wick" --config "$dir/net.conf" lookup 'gw b'
want 1 'CONFIG: no such registry' lookup_no_registry "$wick" --config "$dir/net.conf" lookup gw-b@x
want 1 "CONFIG: .*'chain' is missing" lookup_no_rpc "$wick" --config "$dir/wick.conf" lookup gw-b

# ---- an RSA device key makes no tickets, and that is said before anything begins
cat >"$dir/rsa.conf" <<EOF
[identity]
name = rsa-a
wallet_key_file = rsa-a.wallet.key
device_key_file = rsa-a.device.key
EOF
want 0 '^device_key_type  *rsa' rsa_key "$wick" --config "$dir/rsa.conf" id new rsa-a --type rsa
cp "$dir/rsa.conf" "$dir/rsa_leaf.conf"
printf '[leaf]\nlisten = 127.0.0.1:5684\n' >>"$dir/rsa_leaf.conf"
want 1 'UNSUPPORTED: .*.leaf.: tickets need a secp256k1 device key' rsa_leaf \
    "$wick" --config "$dir/rsa_leaf.conf" connect gw-b
printf '[tickets]\naccept = *\n' >>"$dir/rsa.conf"
want 1 'UNSUPPORTED: .*.tickets.: tickets need a secp256k1 device key' rsa_tickets \
    "$wick" --config "$dir/rsa.conf" connect gw-b

# ---- header verify: a chain of the lab, 2026-01-01, from genesis to block 60 or so
fixture=$WICK_SOURCE_DIR/examples/data/qbft.txt
sed -n 's/^header //p' "$fixture" >"$dir/headers"
hash=$(sed -n 's/^trusted //p' "$fixture")
when=1767229200
verify() {
    "$wick" header verify --rule qbft --trusted-hash "0x$hash" --now "$when" "$@"
}
want 0 '^tier  *BFT$' header_verify verify "$dir/headers"
want 0 '^headers  *7$' header_verify_count verify "$dir/headers"
want 0 '"event":"trusted","rule":"qbft","headers":7,"tier":"BFT"' header_verify_json \
    verify --json "$dir/headers"
json_lines header_verify_lines verify --json "$dir/headers"
head -n 1 "$dir/headers" >"$dir/genesis"
tail -n +2 "$dir/headers" >"$dir/later"
want 0 '^tier  *BFT$' header_verify_trusted_file "$wick" header verify "$dir/later" --rule qbft \
    --trusted "$dir/genesis" --now "$when"
want 0 '^tier  *PINNED$' header_verify_pin_alone verify "$dir/genesis"
awk 'BEGIN { printf "[" } { printf "%s\"0x%s\"", sep, $0; sep = "," } END { print "]" }' \
    "$dir/headers" >"$dir/headers.json"
want 0 '^tier  *BFT$' header_verify_json_array verify "$dir/headers.json"
want 1 'HEADER_HASH: the trusted header' header_verify_other_hash "$wick" header verify \
    "$dir/headers" --rule qbft --trusted-hash "0x${hash%??}00" --now "$when"
{ head -n 1 "$dir/headers"; tail -n 1 "$dir/headers"; } >"$dir/jump"
want 1 'SEAL_OVERLAP: .*: header 2' header_verify_jump verify "$dir/jump"
{ sed -n '1p;3p' "$dir/headers"; sed -n 2p "$dir/headers"; } >"$dir/back"
want 1 'HEADER_STALE: .*: header 3' header_verify_back verify "$dir/back"
want 1 'EXPIRED: .*: header 2' header_verify_expired "$wick" header verify "$dir/headers" \
    --rule qbft --trusted-hash "0x$hash" --now 1777229200
want 0 '^tier  *BFT$' header_verify_longer_trust "$wick" header verify "$dir/headers" \
    --rule qbft --trusted-hash "0x$hash" --now 1777229200 --trusting-days 200
want 1 'HEADER_FUTURE: .*: header 2' header_verify_future "$wick" header verify "$dir/headers" \
    --rule qbft --trusted-hash "0x$hash" --now 1700000000
want 1 'wick: [A-Z_]*: ' header_verify_other_rule "$wick" header verify "$dir/headers" --rule ibft2 \
    --trusted-hash "0x$hash" --now "$when"
sed '3s/..$//' "$dir/headers" >"$dir/cut"
want 1 'TRUNCATED: .*: header 3' header_verify_cut verify "$dir/cut"
sed '2s/0\(.\)$/1\1/; 2s/1\(.\)$/2\1/' "$dir/headers" | sed '2s/......$/ffffff/' >"$dir/altered"
want 1 'wick: [A-Z_]*: .*: header 2' header_verify_altered verify "$dir/altered"
echo '[{"hash":1}]' >"$dir/odd.json"
want 1 'JSON' header_verify_no_header verify "$dir/odd.json"
want 1 'TRUNCATED' header_verify_empty verify /dev/null
want 1 'NOT_FOUND' header_verify_no_file verify "$dir/none"
want 2 'one of --trusted-hash and --trusted' header_verify_untrusted "$wick" header verify \
    "$dir/headers" --rule qbft
want 2 'and --rule' header_verify_no_rule "$wick" header verify "$dir/headers" --trusted-hash "0x$hash"
want 2 "'pow' is not a value" header_verify_bad_rule "$wick" header verify "$dir/headers" --rule pow
want 2 "'0x00' is not a value" header_verify_bad_hash "$wick" header verify "$dir/headers" \
    --rule qbft --trusted-hash 0x00
want 0 'usage: wick header verify' header_verify_help "$wick" header verify --help

# ---- tx sign: the example of EIP-155, and what comes back out of every type
printf '%064d' 0 | sed 's/00/46/g' >"$dir/eip155.key"
chmod 600 "$dir/eip155.key"
to=0x3535353535353535353535353535353535353535
sign() {
    "$wick" tx sign --key "$dir/eip155.key" --chain-id 1 --nonce 9 --gas 21000 "$@"
}
want 0 "^raw  *0x${tx#0x}\$" tx_sign_eip155 sign --type 0 --gas-price 20000000000 --to "$to" \
    --value 1000000000000000000
want 0 '"from":"0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"' tx_sign_json sign --json --type 0 \
    --gas-price 20000000000 --to "$to" --value 0xde0b6b3a7640000
again() { # <options>: signs and decodes
    "$wick" tx decode "$(sign "$@" | sed -n 's/^raw *//p')"
}
want 0 '^type  *access-list' tx_sign_type_1 again --type 1 --gas-price 7 --to "$to" --access-list 0xc0
want 0 '^type  *dynamic-fee' tx_sign_type_2 again --to "$to" --max-fee 9 --max-priority-fee 8
want 0 '^from  *0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F$' tx_sign_sender again --to "$to" \
    --max-fee 9 --data 0x0102
want 0 '^to  *(new contract)$' tx_sign_create again --create --max-fee 9 --data 0x6001
want 0 '^to  *0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed$' tx_sign_eip55 again --max-fee 9 \
    --to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
want 1 'EIP-55 checksum is wrong' tx_sign_bad_checksum sign --max-fee 9 \
    --to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed
want 1 'MALFORMED: --to' tx_sign_short_address sign --max-fee 9 --to 0x5aAeb6
want 1 'BAD_ARG\|MALFORMED' tx_sign_bad_list sign --type 1 --gas-price 1 --to "$to" --access-list 0x80
want 1 'MALFORMED: --value' tx_sign_bad_value sign --max-fee 9 --to "$to" --value 1.5
want 1 'LIMIT: --value' tx_sign_large_value sign --max-fee 9 --to "$to" --value \
    115792089237316195423570985008687907853269984665640564039457584007913129639936
want 2 'one of --to and --create' tx_sign_no_to sign --max-fee 9
want 2 'type 2 has --max-fee' tx_sign_wrong_fee sign --to "$to" --gas-price 9
want 2 'types 0 and 1 have --gas-price' tx_sign_wrong_fee_0 sign --type 0 --to "$to" --max-fee 9
want 2 'is higher than' tx_sign_tip sign --to "$to" --max-fee 9 --max-priority-fee 10
want 2 'are needed' tx_sign_missing "$wick" tx sign --key "$dir/eip155.key" --to "$to"
want 2 'not a number' tx_sign_nonce sign --nonce x --to "$to" --max-fee 1
want 2 'type 0 alone' tx_sign_no_chain sign --chain-id 0 --to "$to" --max-fee 1
chmod 644 "$dir/eip155.key"
want 1 'FILE_MODE' tx_sign_open_key sign --to "$to" --max-fee 1

# ---- bundle: made by the tests of wick/bundle.h, one byte in front of it
corpus=$WICK_SOURCE_DIR/unittest/fuzz/corpus/bundle
for i in peer_present peer_absent sealed_1; do
    tail -c +2 "$corpus/$i" >"$dir/$i"
done
want 0 '^evidence  *header alone$' bundle_show "$wick" bundle show "$dir/peer_present"
want 0 '"verified":"no' bundle_show_json "$wick" --json bundle show "$dir/sealed_1"
bundle_hash=$("$wick" bundle show "$dir/peer_present" | sed -n 's/^hash *//p')
want 1 'UNTRUSTED_HEADER: gw-a' bundle_alone "$wick" bundle verify "$dir/peer_present" --peer gw-a
want 1 '^tier  *UNTRUSTED_HEADER$' bundle_alone_says_so "$wick" bundle verify "$dir/peer_present"
want 0 '^tier  *PINNED$' bundle_by_hash "$wick" bundle verify "$dir/peer_present" --peer gw-a \
    --trusted-hash "$bundle_hash"
json_lines bundle_lines "$wick" --json bundle verify "$dir/peer_present" --trusted-hash "$bundle_hash"
want 1 'BUNDLE_OTHER: gw-b' bundle_other_peer "$wick" bundle verify "$dir/peer_present" --peer gw-b \
    --trusted-hash "$bundle_hash"
want 1 'BUNDLE_OTHER' bundle_other_service "$wick" bundle verify "$dir/peer_present" \
    --peer gw-a/web --trusted-hash "$bundle_hash"
want 1 'BUNDLE_OTHER' bundle_other_contract "$wick" bundle verify "$dir/peer_present" \
    --contract "$to" --trusted-hash "$bundle_hash"
want 1 'CHAIN_MISMATCH' bundle_other_chain "$wick" bundle verify "$dir/peer_present" --chain-id 1
want 1 'HEADER_HASH: --trusted-hash' bundle_other_hash "$wick" bundle verify "$dir/peer_present" \
    --trusted-hash "0x$hash"
want 1 'RECORD_ABSENT: gw-c' bundle_absent "$wick" bundle verify "$dir/peer_absent" --peer gw-c \
    --trusted-hash "$bundle_hash"
want 0 '^tier  *QUORUM$' bundle_second "$wick" bundle verify "$dir/peer_present" \
    --second "$dir/peer_absent"
want 2 'the same file' bundle_second_same "$wick" bundle verify "$dir/peer_present" \
    --second "$dir/../$(basename "$dir")/peer_present"
want 1 'HEADER_HASH' bundle_second_other "$wick" bundle verify "$dir/peer_present" \
    --second "$dir/sealed_1"
want 1 'TRUST_TIER' bundle_no_seals "$wick" bundle verify "$dir/peer_present" --trusted "$dir/genesis"
want 1 'wick: [A-Z_]*: ' bundle_other_validators "$wick" bundle verify "$dir/sealed_1" \
    --trusted "$dir/genesis" --now "$when"
head -c 3000 "$dir/peer_present" >"$dir/cut_bundle"
want 1 'TRUNCATED' bundle_cut "$wick" bundle verify "$dir/cut_bundle"
want 1 'MALFORMED' bundle_none "$wick" bundle show "$dir/headers"
want 2 'one file' bundle_no_file "$wick" bundle show
want 2 'one of --trusted-hash' bundle_two_trusts "$wick" bundle verify "$dir/peer_present" \
    --trusted-hash "$bundle_hash" --trusted "$dir/genesis"
want 2 'and -o FILE' bundle_make_no_output "$wick" bundle make gw-a

# ---- keys for applications: a default would give two media sessions one key
want 2 'srtp needs --media' psk_srtp_no_media "$wick" psk get gw-a --protocol srtp --out -
want 2 'srtp needs --media' psk_find_srtp_no_media "$wick" psk find x --protocol srtp --out -
want 2 'media takes 1' psk_srtp_media_0 "$wick" psk get gw-a --protocol srtp --media 0 --out -
want 1 'CONFIG' psk_srtp_media "$wick" --config "$dir/none.conf" psk get gw-a --protocol srtp \
    --media 1 --out -

# ---- relay: an option of another verb is refused, not left unheeded
someone=0x0102030405060708090a0b0c0d0e0f1011121314
relay_refuses() { # <option without dashes> <its value or nothing> <verb and arguments>...
    option=$1 value=$2
    shift 2
    want 2 "this verb takes no --$option" "relay_$1_no_$option" "$wick" --config "$dir/none.conf" relay "$@" \
        "--$option" ${value:+"$value"}
}
for verb in list 'register 192.0.2.1:3478' "invite $someone" 'approve 0' 'suspend 0' 'vacate 0' collect check; do
    # shellcheck disable=SC2086
    relay_refuses dismiss '' $verb
done
for verb in list 'approve 0' 'suspend 0' 'vacate 0' collect "set-manager $someone"; do
    # shellcheck disable=SC2086
    { relay_refuses every 5 $verb; relay_refuses count 2 $verb; }
done
relay_refuses protocol tcp approve 0
relay_refuses stake 1 invite "$someone"
want 2 '"code":"USAGE","error":"this verb takes no --dismiss"' relay_refuses_as_json "$wick" --json relay collect --dismiss
want 1 'CONFIG' relay_dismiss_is_of_set_manager "$wick" --config "$dir/none.conf" relay set-manager "$someone" --dismiss
want 1 'CONFIG' relay_every_is_of_check "$wick" --config "$dir/none.conf" relay check --every 5
want 1 'CONFIG' relay_count_is_of_invite "$wick" --config "$dir/none.conf" relay invite "$someone" --count 2
want 1 'CONFIG' relay_stake_is_of_register "$wick" --config "$dir/none.conf" relay register 192.0.2.1:3478 \
    --protocol tcp --stake auto

# ---- beacon and store without a network
root=0x1111111111111111111111111111111111111111111111111111111111111111
want 2 'bootstrap FILE first' beacon_no_bootstrap "$wick" beacon verify --network mainnet
want 2 'one of --network and --chain' beacon_no_network "$wick" beacon verify --bootstrap "$dir/abc"
want 2 'mainnet, sepolia or gnosis' beacon_other_network "$wick" beacon verify --network main \
    --bootstrap "$dir/abc" --trusted-root "$root"
want 2 'trusted-root is needed' beacon_no_root "$wick" beacon verify --network mainnet \
    --bootstrap "$dir/abc"
want 1 'NOT_FOUND' beacon_no_file "$wick" beacon verify --network mainnet --bootstrap "$dir/none" \
    --trusted-root "$root"
want 1 'UNSUPPORTED: .*of no fork' beacon_no_object "$wick" beacon verify --network mainnet \
    --bootstrap "$dir/abc" --trusted-root "$root"
echo '{"version":"capella","data":{}}' >"$dir/empty.json"
want 1 'JSON' beacon_empty_json "$wick" beacon verify --network mainnet \
    --bootstrap "$dir/empty.json" --trusted-root "$root"
echo '{"version":"byzantium","data":{}}' >"$dir/fork.json"
want 1 'UNSUPPORTED: .*byzantium' beacon_other_fork "$wick" beacon verify --network mainnet \
    --bootstrap "$dir/fork.json" --trusted-root "$root"
want 1 'no such .chain.NAME. with rule' beacon_chain_rule "$wick" --config "$dir/net.conf" \
    beacon verify --chain lab --bootstrap "$dir/abc"
want 1 'store_dir is missing' store_no_dir "$wick" --config "$dir/net.conf" store export "$dir/x"
want 1 'FAIL  *rpc ' doctor_no_node "$wick" --config "$dir/net.conf" doctor
want 1 'CONFIG' doctor_no_conf "$wick" --config "$dir/none.conf" doctor

echo "1..$n"
[ "$bad" -eq 0 ]
