#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A leaf behind wickd of gw-a, on a real chain and a stock TURN server: enrolment, keys and tickets of
# peers, payload carried to a service behind gw-b, a key that changes; and a stock CoAP client.
# usage: test_leaf.sh <wick> <wick-wallet> <wickd> <wick-leaf>
set -u
wick=$1
wallet=$2
wickd=$3
wick_leaf=$4
suite=lab.leaf
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

lab_start
gateway gw-a
gateway gw-b
lab_wallet
leaf_port=$((base + 3)) udp_port=$((base + 4)) dead_port=$((base + 5)) door_port=$((base + 6))
other_port=$((base + 7)) bad_port=$((base + 8))

# ---- provisioning
want 0 '^\[leaf.sensor-1\]' add "$wick" leaf add sensor-1 -o "$dir/leaf.key"
want 1 'STATE' add_twice "$wick" leaf add sensor-1 -o "$dir/leaf.key"
want 0 '^\[leaf.sensor-2\]' add_behind_the_other "$wick" leaf add sensor-2 -o "$dir/other.key"
want 1 'NAME' add_long_name "$wick" leaf add a-name-of-17-char -o "$dir/long.key"
printf '%064d\n' 1 >"$dir/wrong.key"
printf 'sixteen letters.' | od -An -v -tx1 | tr -d ' \n' >"$dir/stock.key"
chmod 600 "$dir/wrong.key" "$dir/stock.key"
cat >>"$dir/gw-a.conf" <<CONF
[leaf]
listen = 127.0.0.1:$leaf_port
bundle_dir = bundles
block_dir = blocks
[leaf.sensor-1]
psk_file = leaf.key
[leaf.stock]
psk_file = stock.key
CONF
cat >>"$dir/gw-b.conf" <<CONF
[wickd]
echo = yes
[carry.upper]
to = 127.0.0.1:$udp_port
[carry.dead]
to = 127.0.0.1:$dead_port
[carry.door]
to = 127.0.0.1:$door_port
[carry.bad]
to = 127.0.0.1:$bad_port
[tickets]
accept = gw-a
[leaf]
listen = 127.0.0.1:$other_port
bundle_max_age_s = 1
[leaf.sensor-2]
psk_file = other.key
CONF
cat >"$dir/upper.mjs" <<'JS'
import dgram from 'node:dgram'
const s = dgram.createSocket('udp4')
s.on('message', (m, from) => s.send(m.toString().toUpperCase() + ' ' + from.port, from.port, from.address))
s.bind(Number(process.argv[2]), '127.0.0.1', () => console.log('READY'))
JS
start upper.log node "$dir/upper.mjs" "$udp_port"
start gw-a.log "$wickd" --config "$dir/gw-a.conf"
a_job=$started
start gw-b.log "$wickd" --config "$dir/gw-b.conf"
b_job=$started
ready() {
    run "$1" status 2>/dev/null | grep -q '^ready *true'
}
await 60 '^READY' upper.log && until_ok 90 ready gw-b && until_ok 90 ready gw-a
result $? gateways_are_ready

leaf() { # <verb> [arguments]: as the leaf
    verb=$1
    shift
    "$wick" leaf "$verb" "$@" --gateway "127.0.0.1:$leaf_port" --name sensor-1 --psk-file "$key"
}
key=$dir/leaf.key

# ---- what it is told
want 0 '^subject *sensor-1' enrol leaf enrol
want 0 '^epoch *1' key leaf key gw-b
own=$(run gw-b id show | sed -n 's/^device_key *0x0[23]//p')
[ "$(sed -n 's/^key *0x//p' "$dir/out")" = "${own:-none}" ]
result $? key_is_that_of_the_record
want 1 'LEAF_REFUSED: .*4.04 RECORD_ABSENT' key_of_nobody leaf key gw-x
want 1 'LEAF_REFUSED: .*4.04 CONFIG' key_of_no_registry leaf key gw-b@x
want 0 '^ticket *dpk1\.[A-Za-z0-9_-]\{159\}$' ticket leaf ticket gw-b -o "$dir/ticket.psk"
want 1 'LEAF_REFUSED: .*SAME_KEY' ticket_for_the_gateway_itself leaf ticket gw-a
want 1 'LEAF_REFUSED: .*4.04 RECORD_ABSENT' ticket_for_nobody leaf ticket gw-x

# ---- proof, in blocks: made when it is asked for, and kept while it is new enough
store() { # <name>: where it is
    sed -n 's/^store_dir *= *//p' "$dir/$1.conf"
}
verifies() { # <bundle> <peer>: under the hash that the chain itself gives for its block
    number=$("$wick" bundle show "$1" | sed -n 's/^number *//p')
    hash=$(cast block "$number" --field hash)
    "$wick" bundle verify "$1" --peer "$2" --trusted-hash "$hash"
}
want 1 'LEAF_REFUSED: .*4.04 RECORD_ABSENT' no_bundle_of_nobody leaf proof gw-x
want 0 '^bundle_bytes' proof_that_nobody_has_made_ahead leaf proof gw-b -o "$dir/live.bundle"
want 0 'PINNED' made_proof_verifies verifies "$dir/live.bundle" gw-b
want 1 'BUNDLE_OTHER' made_proof_is_of_that_peer verifies "$dir/live.bundle" gw-a
kept=$dir/$(store gw-a)/bundles/gw-b.bundle
[ "$(stat -c %a "$kept")" = 600 ] && [ "$(stat -c %a "$(dirname "$kept")")" = 700 ]
result $? made_proof_is_the_daemons
cast rpc anvil_mine >/dev/null
want 0 '^bundle_bytes' proof_again leaf proof gw-b -o "$dir/again.bundle"
cmp -s "$dir/live.bundle" "$dir/again.bundle" && cmp -s "$kept" "$dir/again.bundle"
result $? proof_is_served_from_the_file
want 0 '"bundles_made":1,"bundles_failed":0' status_of_bundles run gw-a --json status
[ "$(find "$(dirname "$kept")" -maxdepth 1 -type f | wc -l)" -eq 1 ]
result $? nothing_is_left_beside_it

# gw-b, whose bundles are old after a second
by_other() { # [arguments]: a leaf of it asks
    "$wick" leaf proof gw-a --gateway "127.0.0.1:$other_port" --name sensor-2 \
        --psk-file "$dir/other.key" "$@"
}
older() { # <block>: than what gw-b serves from a file
    [ "$(date +%s)" -gt $(($(cast block "$1" --field timestamp) + 1)) ]
}
want 0 '^bundle_bytes' proof_by_the_other by_other -o "$dir/first.bundle"
want 0 'PINNED' proof_by_the_other_verifies verifies "$dir/first.bundle" gw-a
until_ok 60 older "$("$wick" bundle show "$dir/first.bundle" | sed -n 's/^number *//p')"
cast rpc anvil_mine >/dev/null
want 0 '^bundle_bytes' old_bundle_is_made_again by_other -o "$dir/second.bundle"
want 0 'PINNED' proof_made_again_verifies verifies "$dir/second.bundle" gw-a
! cmp -s "$dir/first.bundle" "$dir/second.bundle"
result $? proof_made_again_is_another
kept=$dir/$(store gw-b)/bundles
until_ok 60 older latest
mv "$kept" "$kept.away" && : >"$kept" # no folder, so nothing can be written there
want 1 'LEAF_REFUSED: .*5.03 AGAIN' proof_that_cannot_be_made by_other
want 0 '"bundles_made":2,"bundles_failed":1' status_of_failures run gw-b --json status
rm "$kept" && mv "$kept.away" "$kept"
echo trust >"$dir/$(store gw-b)/1000.a" # as of a light client; and what is not there any more
echo trust >"$kept/store/1001.b"
want 0 '^bundle_bytes' proof_after_a_failure by_other
[ "$(cd "$kept/store" && echo *)" = '1000.a lock' ]
result $? trust_alone_is_copied

# made ahead, by somebody else
mkdir "$dir/bundles"
sed '/^store_dir/d' "$dir/gw-a.conf" >"$dir/gw-a2.conf" # the store is the daemon's
run gw-a2 bundle make gw-b -o "$dir/bundles/gw-b.bundle" >"$dir/made" 2>&1
result $? bundle_made
want 0 '^bundle_bytes' proof leaf proof gw-b -o "$dir/got.bundle"
cmp -s "$dir/got.bundle" "$dir/bundles/gw-b.bundle"
result $? bundle_is_whole

# ---- firmware, by its content identifier
mkdir "$dir/blocks"
head -c 100000 /dev/urandom >"$dir/image"
cid=$("$wick" --json cid add "$dir/image" | sed -n 's/.*"cid":"\([^"]*\)".*/\1/p')
want 1 'LEAF_REFUSED: .*4.04 NOT_FOUND' no_block leaf block "$cid" -o "$dir/got.image"
{ echo another; cat "$dir/image"; } >"$dir/blocks/$cid"
want 1 'LEAF_REFUSED: .*FW_DIGEST' block_that_is_another leaf block "$cid" -o "$dir/got.image"
cp "$dir/image" "$dir/blocks/$cid"
want 0 '^content_bytes  *100000' block leaf block "$cid" -o "$dir/got.image"
cmp -s "$dir/got.image" "$dir/image"
result $? block_is_whole
want 1 'MALFORMED\|UNSUPPORTED' no_cid leaf block ../gw-a.conf -o "$dir/got.image"
want 1 'UNTRUSTED_HEADER' must_30_bundle_without_evidence \
    "$wick" bundle verify "$dir/got.bundle" --peer gw-b
want 1 'BUNDLE_OTHER' must_30_bundle_about_another_peer \
    "$wick" bundle verify "$dir/got.bundle" --peer gw-a

# ---- payload, both ways
want 0 '^answer *hello there$' carried leaf send gw-b --send 'hello there'
want 0 '^answer *HELLO [0-9]*$' carried_to_a_service leaf send gw-b/upper --send hello
port=$(sed -n 's/^answer *HELLO //p' "$out")
want 0 "^answer *AGAIN $port\$" same_socket_for_the_leaf leaf send gw-b/upper --send again
want 1 'LEAF_REFUSED: .*5.04 TIMEOUT' service_is_dead leaf send gw-b/dead --send hello
want 1 'LEAF_REFUSED: .*4.04 RECORD_ABSENT' carried_to_nobody leaf send gw-x --send hello
want 0 '"carried":3}' status run gw-a --json status
want 0 '"carried_in":3' status_of_the_other run gw-b --json status

# ---- end to end: what is carried are DTLS records of the leaf and gw-b, whose door is behind it
cat >"$dir/door.mjs" <<'JS'
import dgram from 'node:dgram'
import fs from 'node:fs'
const [port, behind, file, seed] = process.argv.slice(2)
const out = dgram.createSocket('udp4')
const s = dgram.createSocket('udp4')
let back, state = Number(seed)
// With a seed: a tenth is lost, a third comes twice, all late and so in another order.
const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32
const copies = () => (random() < 0.1 ? 0 : random() < 0.33 ? 2 : 1)
const pass = (send) => {
    if (!seed) return send()
    for (let n = copies(); n > 0; n--) setTimeout(send, random() * 800)
}
s.on('message', (m, from) => {
    back = from
    fs.appendFileSync(file, m)
    pass(() => out.send(m, Number(behind), '127.0.0.1'))
})
out.on('message', (m) => pass(() => s.send(m, back.port, back.address)))
s.bind(Number(port), '127.0.0.1', () => console.log('READY'))
JS
behind=$(run gw-b --json status | sed -n 's/.*"reflexive":"127\.0\.0\.1:\([0-9]*\)".*/\1/p')
start door.log node "$dir/door.mjs" "$door_port" "$behind" "$dir/carried"
await 60 '^READY' door.log
result $? door
want 0 '^gw-b, TLS-PSK-WITH-AES-128-CCM-8: a secret of the leaf$' end_to_end \
    "$wick_leaf" 127.0.0.1 "$leaf_port" sensor-1 "$dir/leaf.key" gw-b gw-b/door 'a secret of the leaf'
await 60 'leaf=sensor-1' gw-b.log
result $? named_by_issuer_and_leaf
[ -s "$dir/carried" ] && ! grep -q 'a secret' "$dir/carried"
result $? carriers_cannot_read

# ---- a ticket that goes ahead: a stock client is let in with 27 characters
want 0 '^short_identity *dpk1\.[A-Za-z0-9_-]\{22\}$' uploaded \
    leaf upload gw-b --to "127.0.0.1:$behind" -o "$dir/up.psk"
short=$(sed -n 's/^short_identity *//p' "$out")
mkfifo "$dir/in"
by_short() { # IDENTITY KEY-FILE: a stock client that is told no more comes in and hears its line again
    : >"$dir/short.out"
    openssl s_client -dtls1_2 -connect "127.0.0.1:$behind" -psk_identity "$1" \
        -psk "$(sed 's/^0x//' "$2")" -cipher PSK-AES128-CCM8 -quiet -no_ign_eof \
        <"$dir/in" >"$dir/short.out" 2>"$dir/short.err" &
    client=$!
    jobs_running="$jobs_running $client"
    exec 9>"$dir/in"
    echo 'by its short name' >&9
    until_ok 60 grep -q 'by its short name' "$dir/short.out"
    heard=$?
    exec 9>&-
    return $heard
}
by_short "$short" "$dir/up.psk"
result $? short_identity_accepted

# ---- as tinydtls would: at most 32 characters of identity, 16 bytes of key, CCM-8
want 0 '^psk16_identity *dpk1\.[A-Za-z0-9_-]\{22\}$' uploaded_for_16_bytes \
    leaf upload gw-b --to "127.0.0.1:$behind" --bits 128 -o "$dir/up16.psk"
short=$(sed -n 's/^psk16_identity *//p' "$out")
[ "$(sed 's/^0x//' "$dir/up16.psk" | tr -d '\n' | wc -c)" -eq 32 ] && by_short "$short" "$dir/up16.psk"
result $? key_of_16_bytes_accepted
want 0 '^uploads *[2-9]' uploaded_by_carriers leaf upload gw-b --via gw-b/door
want 3 'TIMEOUT' uploaded_to_nobody leaf upload gw-b --to "127.0.0.1:$dead_port" --timeout 3
want 2 '--to ADDR:PORT or --via' upload_says_where leaf upload gw-b

# ---- end to end over a path that loses, repeats and delays: what is lost is said again, and what comes
# twice or late is the answer to nothing
for seed in 1 2; do
    start "bad$seed.log" node "$dir/door.mjs" "$bad_port" "$behind" "$dir/carried" "$seed"
    await 60 '^READY' "bad$seed.log" || exit 1
    want 0 "^gw-b, TLS-PSK-WITH-AES-128-CCM-8: over a bad path $seed\$" "end_to_end_over_a_bad_path_$seed" \
        "$wick_leaf" 127.0.0.1 "$leaf_port" sensor-1 "$dir/leaf.key" gw-b gw-b/bad "over a bad path $seed"
    kill "$started"
    wait "$started" 2>/dev/null
done

# ---- who is no leaf. A client goes on for 10 s after an alert, which may be forged: that is not awaited
refusals() {
    grep -c 'leaf refused\|has gone, .*: TLS' "$dir/gw-a.log"
}
one_more() {
    [ "$(refusals)" -gt "$before" ]
}
refused() { # <test> [arguments]
    test=$1
    shift
    before=$(refusals)
    start refused.log "$wick" leaf key gw-b --gateway "127.0.0.1:$leaf_port" --name sensor-1 \
        --psk-file "$key" "$@"
    until_ok 60 one_more
    result $? "$test"
    kill "$started"
    wait "$started" 2>/dev/null
}
key=$dir/wrong.key
refused wrong_key
key=$dir/leaf.key
refused unknown_identity --identity sensor-2
await 60 "leaf refused: identity 'sensor-2'" gw-a.log
result $? refusal_is_told

# ---- another key
want 0 '^identity *dpk1\.' new_key leaf enrol -o "$dir/new.key"
want 0 '^epoch' old_key_still_serves leaf key gw-b
key=$dir/new.key
refused new_key_by_old_name
want 0 '^epoch' new_key_serves leaf key gw-b --identity key
key=$dir/wrong.key
refused still_nobody_else
key=$dir/new.key
want 0 '^epoch' new_key_by_the_name leaf key gw-b
cmp -s "$dir/leaf.key" "$dir/new.key"
result $? new_key_has_taken_the_place

# ---- another key of the gateway itself: its tickets are sealed with that one
cast rpc anvil_setBalance "$(run gw-a --json id show | sed -n 's/.*"wallet":"\([^"]*\)".*/\1/p')" \
    0x56bc75e2d63100000 >/dev/null && cast rpc evm_mine >/dev/null # what is set by hand is not in the last one
want 0 '"epoch":2' gateway_rotates run gw-a --json device rotate
await 60 'goes over to another device key' gw-a.log && until_ok 60 ready gw-a
result $? gateway_goes_over
want 0 '^ticket *dpk1' ticket_of_the_new_key leaf ticket gw-b -o "$dir/second.psk"
sed '/^store_dir/d' "$dir/gw-b.conf" >"$dir/gw-b2.conf"
want 0 'sensor-1' ticket_of_the_new_key_opens \
    run gw-b2 ticket open "$(sed -n 's/^ticket *//p' "$out")"

# ---- a stock client
coap=$WICK_SOURCE_DIR/build/deps/coap/bin/coap-client-openssl
stock() { # <path and query> [arguments...]
    uri=coaps://127.0.0.1:$leaf_port/$1
    shift
    "$coap" -v 5 -B 120 -u stock -k 'sixteen letters.' "$@" "$uri" 2>&1
}
if [ -x "$coap" ]; then
    want 0 '</dpk/key>' stock_client_lists stock .well-known/core
    want 0 '2.05' stock_client_gets_a_key stock 'dpk/key?peer=gw-b' -v 7
    want 0 '4.04' stock_client_asks_for_nobody stock 'dpk/key?peer=gw-x' -v 7
    want 0 'HI BEHIND' stock_client_sends stock 'dpk/send?peer=gw-b/upper' -m post -e 'hi behind'
    want 0 '4.05' stock_client_deletes stock dpk/key -m delete -v 7
    want 0 '4.02' stock_client_proxy stock dpk/leaf -O 9,x -v 7
else
    echo "# no coap-client-openssl: run sh toolchain/bootstrap.sh lab"
    [ -z "${CI:-}" ]
    result $? stock_client_is_there
fi

# ---- secrets stay where they are
grep -e "$(cat "$dir/leaf.key")" -e "$(cat "$dir/ticket.psk")" "$dir/gw-a.log" "$dir/gw-b.log"
[ $? -eq 1 ]
result $? logs_have_no_secret
kill -TERM "$a_job" "$b_job"
wait "$a_job"
result $? ends
tap_end
