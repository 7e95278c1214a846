#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The programs against a real chain (anvil), a stock TURN server (coturn, permissions on) and the
# wallet manager, all on the loopback interface: register, lookup, listen, connect, and what each
# says when a part is missing or lies.
# usage: test_wick.sh <wick> <wick-wallet> <01_lookup>
set -u
wick=$1
wallet=$2
example=$3
suite=lab.wick
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

lab_start
gateway gw-a
gateway gw-b
gateway gw-c
lab_wallet

# ---- look-ups of what is not there
want 1 'RECORD_ABSENT' lookup_absent run gw-a lookup gw-b
sed 's/^device_registry *=.*/device_registry=0x00000000000000000000000000000000000000aa/' \
    "$dir/gw-a.conf" >"$dir/wrong.conf"
want 1 'NO_CONTRACT' lookup_no_contract run wrong lookup gw-b
sed 's/31337/31338/' "$dir/gw-a.conf" >"$dir/chain.conf"
want 1 'CHAIN_MISMATCH' lookup_other_chain run chain lookup gw-b

# ---- a node that lies, stalls or talks nonsense: each has its own refusal
liar() { # <mode> <exit code> <pattern> [<mode argument>]
    start "liar-$1.log" node "$WICK_SOURCE_DIR/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 \
        $((base + 3)) "$rpc" "$1" ${4:+"$4"}
    liar_job=$started
    await 60 . "liar-$1.log"
    # Where something else than a time-out is wanted, a busy machine must not bring one.
    case $1 in silent | slow) patience=1500 ;; *) patience=60000 ;; esac
    sed "s,^url = .*,url = http://127.0.0.1:$((base + 3)),; /^url/a timeout_ms = $patience" \
        "$dir/gw-a.conf" >"$dir/liar.conf"
    want "$2" "$3" "liar_$1" run liar lookup gw-a
    kill "$liar_job"
    wait "$liar_job" 2>/dev/null
}

# ---- register
want 0 '^registered .*epoch=1 .*tier=OWN_NODE' register run gw-a register
want 0 '^registered .*sent=false' register_again run gw-a register
want 1 'NO_ENDPOINT' lookup_registered run gw-a lookup gw-a
grep -q '^owner  *0x' "$dir/out"
result $? lookup_shows_owner
echo "token-other" >"$dir/gw-c.token"
want 1 'wick: [A-Z_]*: gw-c' register_wrong_token run gw-c register --timeout 60
printf '%064d\n' 7 >"$dir/gw-c.psk"
want 1 'TLS' register_wrong_psk run gw-c register --timeout 10

liar off 1 'NO_ENDPOINT'
liar cut 1 'PROOF_INCOMPLETE'
liar flip 1 'PROOF_BAD_HASH'
liar claim 1 'PROOF_CLAIM'
liar header 1 'HEADER_HASH'
liar silent 3 'TIMEOUT'
liar slow 3 'TIMEOUT' 4000
liar rate 3 'HTTP_RATE'
liar huge 1 'LIMIT\|JSON'
liar deep 1 'LIMIT\|JSON'
liar id 1 'RPC_ID'
liar text 1 'JSON'

# ---- who cannot register: no manager, a name of somebody else, a relay that refuses
sed '/^\[wallet\]/,/^token/d' "$dir/gw-c.conf" >"$dir/alone.conf"
want 1 'CONFIG: .*names no wallet manager' register_no_manager run alone register --timeout 60
sed 's/gw-c\.\(wallet\|device\)\.key/other.\1.key/; s/^name = .*/name = gw-a/; /^store_dir/d' \
    "$dir/gw-c.conf" >"$dir/taken.conf"
want 0 '^wallet' taken_keys run taken id new gw-a
want 1 'NAME_TAKEN' register_taken run taken register --timeout 60
echo wrong >"$dir/turn.pw"
sed 's/^allow_private/username = x\npassword_file = turn.pw\nallow_private/' "$dir/gw-a.conf" \
    >"$dir/turn.conf"
want 1 'TURN_CREDENTIALS' publish_wrong_password run turn publish --timeout 60
sed "s/^address = .*/address = 127.0.0.1:9/" "$dir/gw-c.conf" >"$dir/down.conf"
want 3 'NET' register_manager_down run down register --timeout 10
chmod 640 "$dir/turn.pw"
want 1 'FILE_MODE' publish_open_password run turn publish --timeout 60

# ---- a wallet manager that has the key and talks nonsense
bad_manager() { # <mode> <exit code> <pattern>
    start "manager-$1.log" node "$WICK_SOURCE_DIR/unittest/lab/attackers/wallet_liar.mjs" \
        127.0.0.1 $((base + 4)) "$(cat "$dir/gw-c.psk")" "$1"
    manager_job=$started
    await 60 ready "manager-$1.log"
    sed "s/^address = .*/address = 127.0.0.1:$((base + 4))/" "$dir/gw-c.conf" >"$dir/badwm.conf"
    want "$2" "$3" "manager_$1" run badwm register --timeout 10
    kill "$manager_job"
    wait "$manager_job" 2>/dev/null
}
bad_manager silent 3 'TIMEOUT'
bad_manager close 1 'TRUNCATED\|TLS'
bad_manager text 1 'JSON'
bad_manager long 1 'JSON'
bad_manager shape 1 'JSON'
bad_manager forged 1 'VOUCHER'
bad_manager behind 1 'JSON\|VOUCHER'

# ---- listen and connect
start listen.log "$wick" --config "$dir/gw-b.conf" listen --once
listener=$started
await 60 '^READY' listen.log
result $? listen_ready
want 0 '^primary .*kind=relay .*usable=yes' lookup_published run gw-a lookup gw-b
liar old 1 'HEADER_STALE' 4 # well proven and minutes old, but below what gw-a saw
contract=$(sed -n 's/^device_registry *= *//p' "$dir/addresses")
want 0 '^gw-b: epoch 1, endpoint 127.0.0.1:[0-9]*, tier OWN_NODE$' example_lookup \
    "$example" "$rpc" 31337 "$contract" gw-b
want 1 '^RECORD_ABSENT' example_lookup_absent "$example" "$rpc" 31337 "$contract" gw-x
want 0 '^done .*handshake_ms=' connect run gw-a connect gw-b --send 'over two keys and one relay'
grep -q 'text=over two keys and one relay' "$dir/out"
result $? echo_is_ours
wait "$listener"
result $? listen_once_ends
start stop.log "$wick" --config "$dir/gw-b.conf" listen
listener=$started
await 60 '^READY' stop.log
kill -TERM "$listener"
wait "$listener"
result $? listen_stops
want 1 'RECORD_ABSENT' connect_unknown run gw-a connect gw-nobody --timeout 60
want 3 'NSL_NO_ANSWER\|TIMEOUT' connect_silent run gw-a connect gw-b --timeout 12

tap_end
