#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tool on a chain that proves its headers: a sealing proxy in front of anvil, QBFT, validators that
# come and go; then a quorum of nodes, one of which lies.
# usage: test_tool.sh <wick> [pos]: with pos, on the proof-of-stake devnet instead
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
wick=$1
chain=${2:-qbft}
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
chains_begin "anvil devnet" "$@"
suite=lab.tool_$chain
out=$work/out
. "$top/unittest/lab/tap.sh"

conf() { # NAME: identity and registry; the chain follows from standard input
    {
        printf '[identity]\nname = gw-a\nstore_dir = %s.store\n' "$1"
        cat
        echo '[registry.r]'
        echo "chain = ${registry_chain:-c}"
        cat "$work/addresses"
    } >"$work/$1.conf"
}
run() { # NAME ARGUMENTS...
    name=$1
    shift
    "$wick" --config "$work/$name.conf" "$@"
}

if [ "$chain" = pos ]; then
    registry_chain=lab
    ports=$(chains_ports 6)
    # shellcheck disable=SC2086
    set -- $ports
    cut_port=$6
    chains_up pos 127.0.0.1 "$ports" || exit 1
    chains_deploy example 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 >"$work/addresses" || exit 1
    deployed=$(($(chains_rpc "$chains_url" eth_blockNumber '[]' | tr -d '"')))
    # The contracts are in it, and it is of the second committee at least: a period has 64 slots.
    tries=1200
    until final=$(devnet_get beacon/headers/finalized data.header.message.slot) &&
        [ "$final" -gt $((deployed + 1)) ] && [ "$final" -ge 64 ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "not ok 1 - lab.tool_pos # nothing is finalised"; exit 1; }
        sleep 0.5
    done
    chains_conf | conf a
    want 0 '^head .*tier=FINALIZED' beacon_sync run a beacon sync --timeout 300
    want 0 '^tier  *FINALIZED$' id_free_finalized run a id check nobody
    want 0 '^tier  *OPTIMISTIC$' id_free_optimistic run a id check nobody --tier optimistic
    want 1 'TRUST_TIER' id_other_tier run a id check nobody --tier bft
    want 0 '^evidence  *sync committee$' bundle_make run a bundle make gw-b -o "$work/b.bundle"
    want 1 'UNTRUSTED_HEADER' bundle_alone "$wick" bundle verify "$work/b.bundle" --peer gw-b
    want 0 '^tier  *FINALIZED$' bundle_by_committee run a bundle verify "$work/b.bundle" --chain lab
    want 1 'RECORD_ABSENT: gw-b' bundle_absent run a bundle verify "$work/b.bundle" --peer gw-b \
        --chain lab
    # A device that was away since the first committee: it knows a bootstrap of that time, and has no node.
    chains_start cut node "$top/unittest/lab/attackers/beacon_cut.mjs" 127.0.0.1 "$cut_port" \
        "$devnet_beacon"
    chains_await 60 cut ready || exit 1
    devnet_conf 8 | sed "s,^beacon_url = .*,beacon_url = http://127.0.0.1:$cut_port," >"$work/away.chain"
    printf '[rpc]\nchain = lab\nurl = http://127.0.0.1:9\n' >>"$work/away.chain"
    conf away <"$work/away.chain"
    want 3 'TIMEOUT\|NOT_FOUND\|NET' away_bootstrap run away beacon sync --timeout 5
    want 0 '^evidence_pieces  *1$' bundle_now run a bundle make gw-b -o "$work/now.bundle"
    # Made last: a store vouches for its newest heads, and the next making may bring newer ones.
    want 0 '^evidence_pieces  *\([2-9]\|[1-9][0-9]\)$' bundle_since run a bundle make gw-b -o "$work/c.bundle" --since 8
    want 0 '^updates  *[1-9]' bundle_shows_updates "$wick" bundle show "$work/c.bundle"
    want 1 'BEACON_' away_far run away bundle verify "$work/now.bundle" --chain lab
    want 0 '^tier  *FINALIZED$' away_follows run away bundle verify "$work/c.bundle" --chain lab
    want 0 '^tier  *FINALIZED$' bundle_for_others run a bundle verify "$work/c.bundle" --chain lab
    want 1 'BAD_ARG: --since' bundle_since_future run a bundle make gw-b -o "$work/d.bundle" \
        --since 1000000
    want 0 '^tier  *FINALIZED$' store_export run a store export "$work/x"
    want 0 'erased' store_erase run a store erase
    want 0 '^tier  *FINALIZED$' store_import run a store import "$work/x"
    head -c 3000 "$work/x" >"$work/cut"
    want 1 'TRUNCATED' store_import_cut run a store import "$work/cut"
    want 0 ' 0 FAIL$' doctor run a doctor
    sed 's/^genesis_time = ./&1/' "$work/a.conf" >"$work/genesis.conf"
    want 1 'FAIL' doctor_other_genesis run genesis doctor
    tap_end
    exit
fi

# shellcheck disable=SC2046
set -- $(chains_ports 7)
liar_port=$3 dead_port=$4 good_port=$5 old_port=$6 named_port=$7
anvil_options="--timestamp $(($(date +%s) - 300))"
sealing_start 127.0.0.1 "$1" "$2" qbft || exit 1
node "$top/contracts/deploy.mjs" --rpc "$anvil_rpc" --org example \
    --manager 0x70997970c51812dc3a010c7d01b50e0d17dc79c8 >"$work/addresses" || exit 1
change() { # KEY ADD: a validator comes or goes
    chains_rpc "$sealing_rpc" sealing_vote "[$1,$2]" >/dev/null
    chains_rpc "$anvil_rpc" anvil_mine '["0x10"]' >/dev/null
}
change 10 true
change 0 false
change 1 false
chains_rpc "$sealing_rpc" eth_getBlockByNumber '["0x0",false]' >"$work/genesis.json"

qbft() { # NAME URL TRUSTED
    conf "$1" <<CONF
[chain.c]
chain_id = 31337
rule = qbft
trusted_hash = $3
[rpc]
chain = c
url = $2
CONF
}
qbft a "$sealing_rpc" "$sealing_genesis"

# ---- names
want 0 '^result  *ABSENT$' id_free run a id check nobody
want 0 '^tier  *BFT$' id_free_tier run a id check nobody
want 0 '"result":"ABSENT","free":true' id_free_json run a --json id check nobody
want 1 'TRUST_TIER: .*rule = qbft, which gives BFT' id_other_tier run a id check nobody --tier finalized
want 2 'name of a tier' id_bad_tier run a id check nobody --tier final
want 1 'NAME' id_bad_name run a id check 'no body'
want 1 'NAME' id_service run a id check nobody/web
want 1 'RECORD_ABSENT' lookup_bft run a lookup gw-b --tier bft
want 1 'TRUST_TIER' lookup_finalized run a lookup gw-b --tier finalized
want 2 'tier takes' lookup_bad_tier run a lookup gw-b --tier best
sed 's/^device_registry *=.*/device_registry = 0x00000000000000000000000000000000000000aa/' \
    "$work/a.conf" >"$work/wrong.conf"
want 1 'NO_CONTRACT' id_no_contract run wrong id check nobody
qbft other "$sealing_rpc" 0x1111111111111111111111111111111111111111111111111111111111111111
want 3 'TIMEOUT: nobody: no head of .chain.c.' id_unknown_genesis run other id check nobody --timeout 4
want 2 'takes seconds' id_bad_timeout run a id check nobody --timeout soon

# ---- bundles: the seals convince whoever knows the validators, and nobody else
want 0 '^evidence  *QBFT$' bundle_make run a bundle make gw-b -o "$work/b.bundle"
want 1 'UNTRUSTED_HEADER' bundle_alone "$wick" bundle verify "$work/b.bundle" --peer gw-b
want 1 'RECORD_ABSENT: gw-b' bundle_absent "$wick" bundle verify "$work/b.bundle" --peer gw-b \
    --trusted-hash "$("$wick" bundle show "$work/b.bundle" | sed -n 's/^hash *//p')"
want 1 'SEAL_OVERLAP' bundle_far "$wick" bundle verify "$work/b.bundle" \
    --trusted "$work/genesis.json"
want 0 '^evidence_pieces  *[1-9]' bundle_since run a bundle make gw-b -o "$work/since.bundle" --since 0
want 0 '^headers_before  *[1-9]' bundle_shows_headers "$wick" bundle show "$work/since.bundle"
want 0 '^tier  *BFT$' bundle_from_genesis "$wick" bundle verify "$work/since.bundle" \
    --trusted "$work/genesis.json"
chains_rpc "$sealing_rpc" eth_getBlockByNumber '["latest",false]' >"$work/latest.json"
chains_rpc "$anvil_rpc" anvil_mine '["0x2"]' >/dev/null
want 0 '^evidence' bundle_later run a bundle make gw-b -o "$work/later.bundle"
want 1 'BAD_ARG: --since' bundle_since_future run a bundle make gw-b -o "$work/d.bundle" \
    --since 100000
want 2 'block number' bundle_since_what run a bundle make gw-b -o "$work/d.bundle" --since genesis
want 0 '^tier  *BFT$' bundle_by_seals "$wick" bundle verify "$work/later.bundle" \
    --trusted "$work/latest.json"
chains_rpc "$sealing_rpc" eth_getBlockByNumber '["latest",false]' >"$work/newest.json"
want 1 'HEADER_STALE' bundle_older "$wick" bundle verify "$work/b.bundle" \
    --trusted "$work/newest.json"

# ---- the store goes to another device, and never back
want 0 '^tier  *BFT$' store_export run a store export "$work/x1"
qbft b "$sealing_rpc" "$sealing_genesis"
want 1 'NOT_FOUND' store_export_empty run b store export "$work/none"
want 0 '^tier  *BFT$' store_import run b store import "$work/x1"
chains_rpc "$anvil_rpc" anvil_mine '["0x3"]' >/dev/null
want 0 'ABSENT' after_import run b id check nobody
want 0 '^block' store_export_newer run b store export "$work/x2"
want 0 '^block' store_import_newer run a store import "$work/x2"
want 1 'HEADER_STALE' store_import_older run a store import "$work/x1"
want 1 'CONFIG: .*is not of' store_import_other run other store import "$work/x1"
{ head -c 200 "$work/x2"; printf 'x'; tail -c +202 "$work/x2"; } >"$work/x3"
qbft c "$sealing_rpc" "$sealing_genesis"
want 1 'AUTH\|MALFORMED\|CONFIG' store_import_altered run c store import "$work/x3"
head -c 300 "$work/x2" >"$work/x4"
want 1 'TRUNCATED' store_import_cut run c store import "$work/x4"
want 1 'NOT_FOUND' store_untouched run c store export "$work/none"
want 1 'NOT_FOUND' store_no_file run c store import "$work/nowhere"
want 0 'erased' store_erase run a store erase
want 1 'NOT_FOUND' store_erased run a store export "$work/none"
want 1 'HEADER_STALE' store_erase_keeps_marks run a store import "$work/x1"
want 0 'erased' store_erase_marks run a store erase --marks
want 0 '^tier' store_import_again run a store import "$work/x1"
want 2 'one file' store_usage run a store export
sed '/store_dir/d' "$work/a.conf" >"$work/nostore.conf"
want 1 'store_dir is missing' store_none run nostore store export "$work/none"
want 1 'not sync_committee' beacon_sync_other_rule run a beacon sync

# ---- transactions: included is what is proven to be
printf '5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a' >"$work/sender.key"
chmod 600 "$work/sender.key"
to=0x3535353535353535353535353535353535353535
signed() { # OPTIONS...: of a sender with money
    "$wick" tx sign --key "$work/sender.key" --chain-id 31337 --gas 100000 "$@" |
        sed -n 's/^raw *//p'
}
dynamic="--max-fee 100000000000"
# shellcheck disable=SC2086
{
    want 0 '^included  *false' tx_send run a tx send "$(signed --nonce 0 --to $to --value 7 $dynamic)"
    want 0 '^outcome  *succeeded' tx_send_wait run a tx send --wait --timeout 300 \
        "$(signed --nonce 1 --to $to --value 8 $dynamic)"
    want 0 '"tier":"BFT"' tx_send_again run a --json tx send --wait --timeout 300 \
        "$(signed --nonce 1 --to $to --value 8 $dynamic)"
    want 0 '^outcome  *succeeded' tx_send_legacy run a tx send --wait --timeout 300 \
        "$(signed --nonce 2 --to $to --type 0 --gas-price 100000000000)"
    want 1 '^outcome  *reverted' tx_send_reverted run a tx send --wait --timeout 300 \
        "$(signed --nonce 3 --to "$(sed -n 's/^device_registry *= *//p' "$work/addresses")" \
            --data 0x12345678 --type 1 --gas-price 100000000000)"
    want 1 'RPC.*nonce' tx_send_old run a tx send "$(signed --nonce 0 --to $to --value 9 $dynamic)"
    want 1 'CHAIN_MISMATCH' tx_send_other_chain run a tx send "$("$wick" tx sign --chain-id 1 --gas 21000 \
        --nonce 4 --key "$work/sender.key" --to $to $dynamic | sed -n 's/^raw *//p')"
    chains_start thief node "$top/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 "$liar_port" \
        "$sealing_rpc" lost
    chains_await 60 thief . || exit 1
    qbft lost "http://127.0.0.1:$liar_port" "$sealing_genesis"
    want 3 'TIMEOUT: not proven' tx_send_lost run lost tx send --wait --timeout 30 \
        "$(signed --nonce 4 --to $to --value 10 $dynamic)"
    chains_end thief
}

# ---- doctor
want 0 ' 0 FAIL$' doctor run a doctor
want 0 '^ok  *head  *\[chain.c\]: block .*tier BFT' doctor_head run a doctor
want 0 '^ok  *device registry' doctor_contract run a doctor
want 0 '"level":"warn"' doctor_json run a --json doctor
want 1 '^FAIL  *device registry .*no code' doctor_no_contract run wrong doctor
sed 's/31337/31338/' "$work/a.conf" >"$work/chain.conf"
want 1 'FAIL.*chain 31337, not 31338' doctor_other_chain run chain doctor
qbft dead "http://127.0.0.1:$dead_port" "$sealing_genesis"
want 1 '^FAIL  *rpc ' doctor_dead_node timeout 300 "$wick" --config "$work/dead.conf" doctor

# ---- the same node by https: what its certificate must show, each fault with its own refusal
certificate() { # NAME ISSUER DAYS ALTERNATIVE-NAME
    echo "subjectAltName=$4" >"$work/$1.ext"
    openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout "$work/$1.key" \
        -out "$work/$1.csr" -subj "/CN=$1" &&
        openssl x509 -req -in "$work/$1.csr" -CA "$work/$2.pem" -CAkey "$work/$2.key" -sha256 \
            -CAcreateserial -days "$3" -extfile "$work/$1.ext" -out "$work/$1.pem"
}
authority() { # NAME
    openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout "$work/$1.key" \
        -out "$work/$1.pem" -subj "/CN=$1" -days 30 -addext basicConstraints=critical,CA:TRUE
}
certificates() {
    authority ca && authority other && certificate good ca 30 IP:127.0.0.1 &&
        certificate old ca -1 IP:127.0.0.1 && certificate named ca 30 DNS:node.example
}
secure() { # NAME PORT KEY-OF-CONF: the chain of a.conf behind https
    sed "s,^url = .*,url = https://127.0.0.1:$2\n$3," "$work/a.conf" >"$work/$1.conf"
}
if command -v openssl >/dev/null 2>&1; then
    certificates >"$work/openssl.log" 2>&1 || { cat "$work/openssl.log"; exit 1; }
    pin=$(openssl x509 -in "$work/good.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
        sha256sum | cut -d' ' -f1)
    chains_start tls node "$top/unittest/lab/tls_proxy.mjs" 127.0.0.1 "$sealing_rpc" "$work" \
        "good=$good_port" "old=$old_port" "named=$named_port"
    chains_await 60 tls ready || exit 1
    secure tls "$good_port" 'ca_file = ca.pem'
    want 0 '^tier  *BFT$' https_by_ca run tls id check nobody
    want 0 '^ok  *rpc  *https://.*reachable' https_doctor run tls doctor
    secure tls "$good_port" "pin_sha256 = 0x$pin"
    want 0 '^tier  *BFT$' https_by_pin run tls id check nobody
    # A light client would try again until its time is up; who asks a node of his own is told at once.
    sed -i 's/^rule = .*/rule = own_node/; /^trusted_hash/d' "$work/a.conf"
    secure tls "$named_port" "pin_sha256 = 0x$(echo "$pin" | tr 0-9a-f 1-9a-f0)"
    want 1 'CERT_KEY' https_other_key run tls id check nobody
    want 1 '^FAIL  *rpc .*key is not the one that is pinned' https_doctor_key run tls doctor
    secure tls "$good_port" 'ca_file = other.pem'
    want 1 'CERT_ISSUER' https_other_ca run tls id check nobody
    secure tls "$old_port" 'ca_file = ca.pem'
    want 1 'CERT_TIME' https_expired run tls id check nobody
    secure tls "$named_port" 'ca_file = ca.pem'
    want 1 'CERT_NAME' https_other_name run tls lookup nobody
    secure tls "$good_port" ''
    want 1 'CERT_ISSUER\|TRUST_ANCHOR' https_by_nobody run tls id check nobody
else
    echo '# no openssl: https is left out'
fi

# ---- a quorum of three, one of which lies about its blocks
chains_start liar node "$top/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 "$liar_port" \
    "$anvil_rpc" header
chains_await 60 liar . || exit 1
conf q <<CONF
[chain.c]
chain_id = 31337
rule = quorum
quorum = 2
[rpc.a]
chain = c
url = $anvil_rpc
operator = a
[rpc.b]
chain = c
url = http://127.0.0.1:$liar_port
operator = b
[rpc.c]
chain = c
url = $anvil_rpc
operator = c
CONF
want 0 '^tier  *QUORUM$' quorum_with_a_liar run q id check nobody
# Proofs are another matter than headers: where the first node cuts them, the next one is asked.
chains_end liar
chains_start cutter node "$top/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 "$liar_port" \
    "$sealing_rpc" cut
chains_await 60 cutter . || exit 1
qbft cut "http://127.0.0.1:$liar_port" "$sealing_genesis"
want 1 'PROOF_INCOMPLETE' proofs_cut run cut id check nobody
printf '[rpc.two]\nchain = c\nurl = %s\n' "$sealing_rpc" >>"$work/cut.conf"
want 0 '^result  *ABSENT$' proofs_cut_by_the_first run cut id check nobody
chains_end cutter
chains_start liar node "$top/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 "$liar_port" \
    "$anvil_rpc" header
chains_await 60 liar . || exit 1
# The same with two endpoints of one operator: one voice against one.
sed '/store_dir/d; s,^operator = c,operator = a,' "$work/q.conf" >"$work/q2.conf"
# The client says why by itself, long before the time-out.
want 1 'QUORUM_SPLIT' quorum_of_two_with_a_liar run q2 id check nobody --timeout 300

tap_end
