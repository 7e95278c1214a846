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
thefts='content signature swallow once forget late hold refuse second'
for theft in $thefts; do
    gateway "tx-$theft"
done
lab_wallet

# What takes its time goes on beside the rest, and is judged below.
begin() { # <what> <command...>
    what=$1
    shift
    start "$what.log" "$@"
    eval "job_$what=$started"
}
judge() { # <what> <exit code> <pattern> [<file that must have> <pattern>]
    eval "wait \$job_$1"
    got=$?
    [ "$got" -eq "$2" ] && grep -q -e "$3" "$dir/$1.log" && { [ $# -lt 5 ] || grep -q -e "$5" "$dir/$4"; }
    judged=$?
    [ "$judged" -eq 0 ] || { echo "# exit $got:"; sed 's/^/#   /' "$dir/$1.log" ${4:+"$dir/$4"}; }
    result "$judged" "$1"
}
variant() { # <name> <of which gateway> <sed script>: with a store of its own
    sed "$3; s/^store_dir.*/store_dir = $1.store/" "$dir/$2.conf" >"$dir/$1.conf"
}

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

# ---- somebody between gateway and node goes for its transaction; all at once, and looked at below
thief_port=$((base + 20))
steal() { # <what> <patience in s> <mode> [<mode argument>]: registers through an attacker of its own
    thief_port=$((thief_port + 1))
    start "thief-$1.log" node "$WICK_SOURCE_DIR/unittest/lab/attackers/tx_thief.mjs" 127.0.0.1 \
        "$thief_port" "$rpc" "$3" ${4:+"$4"}
    await 60 ready "thief-$1.log" || exit 1
    other=
    [ "$1" != second ] || other="\n[rpc.other]\nchain = lab\nurl = $rpc"
    sed "s,^url = .*,url = http://127.0.0.1:$thief_port$other," "$dir/tx-$1.conf" \
        >"$dir/tx-$1.stolen.conf"
    begin "transaction_$1" "$wick" --config "$dir/tx-$1.stolen.conf" register --timeout "$2"
}
steal content 60 content
steal signature 60 signature
steal swallow 60 swallow
steal once 400 swallow 1
steal forget 60 forget
steal late 400 late 6000
steal hold 400 hold 6000
steal refuse 60 refuse
steal second 400 swallow # and there is a second node

# ---- a wallet manager that has the key and talks nonsense
manager_port=$((base + 40))
bad_manager() { # <mode>
    manager_port=$((manager_port + 1))
    start "bad-$1.log" node "$WICK_SOURCE_DIR/unittest/lab/attackers/wallet_liar.mjs" \
        127.0.0.1 "$manager_port" "$(cat "$dir/gw-c.wallet.psk")" "$1"
    await 60 ready "bad-$1.log" || exit 1
    variant "bad-$1" gw-c "s/^address = .*/address = 127.0.0.1:$manager_port/"
    begin "manager_$1" "$wick" --config "$dir/bad-$1.conf" register --timeout 60
}
for mode in silent close text long shape forged behind; do
    bad_manager "$mode"
done
# ---- one that does not know the key, and none at all
printf '%064d\n' 7 >"$dir/wrong.psk"
variant wrong-psk gw-c 's/^psk_file = .*/psk_file = wrong.psk/'
begin register_wrong_psk "$wick" --config "$dir/wrong-psk.conf" register --timeout 60
variant down gw-c 's/^address = .*/address = 127.0.0.1:9/'
begin register_manager_down "$wick" --config "$dir/down.conf" register --timeout 60

# ---- register
want 0 '^registered .*epoch=1 .*tier=OWN_NODE' register run gw-a register
want 0 '^registered .*sent=false' register_again run gw-a register
want 1 'NO_ENDPOINT' lookup_registered run gw-a lookup gw-a
grep -q '^owner  *0x' "$dir/out"
result $? lookup_shows_owner
echo "token-other" >"$dir/wrong.token"
variant wrong-token gw-c 's/^token_file = .*/token_file = wrong.token/'
want 1 'wick: [A-Z_]*: gw-c' register_wrong_token run wrong-token register --timeout 300

liar off 1 'NO_ENDPOINT'
liar cut 1 'PROOF_INCOMPLETE'
liar empty 1 'PROOF_INCOMPLETE'
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
liar half 1 'JSON\|TRUNCATED\|NET'

# ---- who cannot register: no manager, a name of somebody else, a relay that refuses
sed '/^\[wallet\]/,/^token/d' "$dir/gw-c.conf" >"$dir/alone.conf"
want 1 'CONFIG: .*names no wallet manager' register_no_manager run alone register --timeout 300
sed 's/gw-c\.\(wallet\|device\)\.key/other.\1.key/; s/^name = .*/name = gw-a/; /^store_dir/d' \
    "$dir/gw-c.conf" >"$dir/taken.conf"
want 0 '^wallet' taken_keys run taken id new gw-a
want 1 'NAME_TAKEN' register_taken run taken register --timeout 300
echo wrong >"$dir/turn.pw"
sed 's/^allow_private/username = x\npassword_file = turn.pw\nallow_private/' "$dir/gw-a.conf" \
    >"$dir/turn.conf"
want 1 'TURN_CREDENTIALS' publish_wrong_password run turn publish --timeout 300
chmod 640 "$dir/turn.pw"
want 1 'FILE_MODE' publish_open_password run turn publish --timeout 300

# ---- what became of those who asked a bad manager
judge register_wrong_psk 1 'TLS'
judge register_manager_down 3 'NET'
judge manager_silent 3 'TIMEOUT'
judge manager_close 1 'TRUNCATED\|TLS'
judge manager_text 1 'JSON'
judge manager_long 1 'JSON'
judge manager_shape 1 'JSON'
judge manager_forged 1 'VOUCHER'
judge manager_behind 1 'JSON\|VOUCHER'

# ---- what became of the transactions that were gone for
stolen() { # <what> <exit code> <pattern>
    judge "transaction_$1" "$2" "$3" "thief-$1.log" '^sent [1-9]'
}
stolen content 1 'TX_DENIED'
stolen signature 1 'TX_DENIED'
stolen swallow 3 'TX_LOST'
stolen forget 3 'TX_LOST'
stolen refuse 1 'RPC: .*intrinsic gas too low'
# It comes late, or is offered anew under the same nonce: the record is proven all the same.
stolen late 0 '^registered .*epoch=1 .*sent=true'
stolen hold 0 '^registered .*epoch=1 .*sent=true'
stolen once 0 '^registered .*epoch=1 .*sent=true'
[ "$(grep -c '^sent' "$dir/thief-once.log")" -ge 2 ]
result $? transaction_replaced
# Kept by one node, but another one was given it at once: no replacement is needed.
stolen second 0 '^registered .*epoch=1 .*sent=true'
[ "$(grep -c '^sent' "$dir/thief-second.log")" -eq 1 ]
result $? transaction_to_both
# With nobody in between the same wallets register, and nothing of what was tried stands in their way.
for theft in content signature swallow forget refuse; do
    want 0 '^registered .*epoch=1 ' "transaction_${theft}_without" run "tx-$theft" register
done

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
want 1 'RECORD_ABSENT' connect_unknown run gw-a connect gw-nobody --timeout 300
want 3 'NSL_NO_ANSWER\|TIMEOUT' connect_silent run gw-a connect gw-b --timeout 12

tap_end
