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
thefts='content signature swallow once forget late hold refuse'
for theft in $thefts; do
    gateway "tx-$theft"
done
lab_wallet

# ---- somebody between gateway and node goes for its transaction; all at once, and looked at below
thief_port=$((base + 100))
steal() { # <what> <patience in s> <mode> [<mode argument>]: registers through an attacker of its own
    thief_port=$((thief_port + 1))
    start "thief-$1.log" node "$WICK_SOURCE_DIR/unittest/lab/attackers/tx_thief.mjs" 127.0.0.1 \
        "$thief_port" "$rpc" "$3" ${4:+"$4"}
    await 60 ready "thief-$1.log" || exit 1
    sed "s,^url = .*,url = http://127.0.0.1:$thief_port," "$dir/tx-$1.conf" >"$dir/tx-$1.stolen.conf"
    start "tx-$1.log" "$wick" --config "$dir/tx-$1.stolen.conf" register --timeout "$2"
    eval "theft_$1=$started"
}
steal content 15 content
steal signature 15 signature
steal swallow 15 swallow
steal once 200 swallow 1
steal forget 15 forget
steal late 200 late 6000
steal hold 200 hold 6000
steal refuse 15 refuse

# ---- what became of the transactions that were gone for
stolen() { # <what> <exit code> <pattern>
    eval "wait \$theft_$1"
    got=$?
    grep -q '^sent [1-9]' "$dir/thief-$1.log" && [ "$got" -eq "$2" ] && grep -q -e "$3" "$dir/tx-$1.log"
    stolen_ok=$?
    [ "$stolen_ok" -eq 0 ] || { echo "# exit $got:"; sed 's/^/#   /' "$dir/tx-$1.log" "$dir/thief-$1.log"; }
    echo "# exit $got"; sed "s/^/#  /" "$dir/tx-$1.log"
    result "$stolen_ok" "transaction_$1"
}
stolen content 1 'x'
stolen signature 1 'x'
stolen swallow 3 'x'
stolen forget 3 'x'
stolen refuse 1 'x'
# It comes late, or is offered anew under the same nonce: the record is proven all the same.
stolen late 0 '^registered .*epoch=1 .*sent=true'
stolen hold 0 '^registered .*epoch=1 .*sent=true'
stolen once 0 '^registered .*epoch=1 .*sent=true'
[ "$(grep -c '^sent' "$dir/thief-once.log")" -ge 2 ]
result $? transaction_replaced
# With nobody in between the same wallets register, and nothing of what was tried stands in their way.
for theft in content signature swallow forget refuse; do
    want 0 '^registered .*epoch=1 ' "transaction_${theft}_without" run "tx-$theft" register
done

tap_end
