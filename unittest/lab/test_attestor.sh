#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An attestor and its node: one that is not there yet, one that takes connections and never answers, one that
# begins to hang, one whose answers nobody can take. It starts all the same and says so once, who asks is told to come
# again, it goes on by itself when the node comes, and what needs no node is answered meanwhile. Strangers whose
# questions wait for the node are in nobody's way.
# usage: test_attestor.sh <wick> <wick-attestor>
set -u
wick=$(realpath "$1")
attestor=$(realpath "$2")
suite=lab.attestor
top=$WICK_SOURCE_DIR
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
. "$top/unittest/lab/tap.sh"
. "$top/unittest/lab/parts.sh"
chains_need anvil || exit 77
lab_inside "$@"
chains_work
umask 077
# Public addresses, which attestors insist on: of the device and of the attestor.
{ lab_prepare && for host in 31 40 51 52 53 54 55; do
    ip address add "20.0.0.$host/32" dev lo || exit 1
done; } >"$work/network.log" 2>&1 || broken "no network"
cd "$work" || exit 1
out=$work/out
name=gw-tcp
chains_up anvil 127.0.0.1 "8545 - - - -" || broken "no chain"
# shellcheck disable=SC2086
set -- $devnet_accounts # anvil's, too
operator=$1
cast() {
    "$top/build/deps/chain/bin/cast" "$@" --rpc-url "$chains_url"
}
chains_deploy lab "$operator" >deploy.log 2>&1 || broken "no contracts"
registry=$(parts_registry deploy.log)
printf '%s\n' "${devnet_key#0x}" >manager.key
mkdir devices att
{ parts_manager 127.0.0.1:7000 lab
    printf '[identity]\nname = manager\nwallet_key_file = manager.key\n'; } >operator.conf
operator() {
    "$wick" --config operator.conf --json "$@"
}
device() {
    "$wick" --config gw/wick.conf --json "$@"
}

# ---- the device has the chain's node, the attestor has one of its own in front of it
proxy=8600
{ chains_conf | sed "s|^url = .*|url = http://127.0.0.1:$proxy\ntimeout_ms = 3000|"; cat <<CONF; } >att/wick.conf
$registry
[identity]
name = att
wallet_key_file = wallet.key
device_key_file = device.key
store_dir = store
[attestor]
listen = 20.0.0.31:5683
key_file = attest.key
audit_file = audit
CONF
node_up() {
    : >"$work/trouble"
    chains_start node node "$top/unittest/lab/rpc_trouble.mjs" "127.0.0.1:$proxy" "$chains_url" "$work/trouble"
    # shellcheck disable=SC2154
    chains_await 60 node '^ready' || broken "no node"
}
attestor_up() {
    chains_start att "$attestor" --config att/wick.conf
    chains_await 60 att '^READY signer=0x'
}
"$wick" --config att/wick.conf id new att >id.log 2>&1 && "$attestor" --config att/wick.conf new-key >att/signer \
    || broken "no keys"
operator provision "$name" --dir gw --wallet 127.0.0.1:7000 >provision.log 2>&1 || broken "not provisioned"
wallet=$(device id new "$name" | sed -n 's/.*"wallet":"\([^"]*\)".*/\1/p')
cast rpc anvil_setBalance "$wallet" 0x56bc75e2d63100000 >fund.log 2>&1 && cast rpc evm_mine >>fund.log 2>&1 \
    || broken "no money"
challenge=$(parts_hex 32)
device voucher request --challenge "$challenge" >request && operator voucher issue request --challenge "$challenge" \
    >voucher && device voucher submit voucher >register.log 2>&1 || broken "not registered"
device id tls "$name" --key gw/tls.key >tls.log 2>&1 && device device tls-key https --tls-key gw/tls.key >>tls.log 2>&1 \
    || broken "no TLS key"
operator org set-attestors lab --threshold 1 "$(cat att/signer)" >set.log 2>&1 || broken "no set of attestors"
printf '[attestor.att]\naddress = 20.0.0.31:5683\nsigner = %s\n' "$(cat att/signer)" >>gw/wick.conf
at=20.0.0.40:8443
ask() {
    device attest https "$at" --tls-key gw/tls.key
}
told() { # HOW OFTEN
    [ "$(grep -c 'no answer of its chain' att.log)" -eq "$1" ]
}

# ---- no node
attestor_up
result $? starts_without_its_node
told 1
result $? and_says_so
want 3 '"event":"not-attested".*"why":"NET"' who_asks_is_told_why ask
told 1
result $? it_is_said_once
[ ! -s att/audit ]
result $? what_costs_nothing_is_not_written_down
node_up
chains_await 120 att 'its chain is there'
result $? goes_on_when_it_comes
want 0 '"event":"published".*20[.]0[.]0[.]40:8443.*"validated_at_h":[1-9]' who_asks_again_is_served ask
chains_end att

# ---- one that takes connections and never answers
kill -STOP "$chains_pid_node"
attestor_up
result $? starts_with_a_node_that_hangs
chains_await 60 att 'TIMEOUT: no answer of its chain'
result $? and_says_that_it_hangs
kill -CONT "$chains_pid_node"
chains_await 120 att 'its chain is there'
result $? goes_on_when_it_answers
chains_end att

# ---- one that begins to hang: its answer is waited for by who needs it
sed -i 's/^timeout_ms = 3000/timeout_ms = 60000/' att/wick.conf
attestor_up || broken "no attestor"
: >att/audit
kill -STOP "$chains_pid_node"
at=20.0.0.40:8444
chains_start waits "$wick" --config gw/wick.conf --json attest https "$at" --tls-key gw/tls.key
is_read() { # the node has been asked, and has not taken it
    ss -Htn "sport = :$proxy" | awk '$2 > 0 { n++ } END { exit n == 0 }'
}
until_ok 60 is_read
result $? the_node_is_asked
# A question that returns no Echo is answered with one, by who listens at all.
cat >knock.mjs <<'JS'
import { createSocket } from 'node:dgram';
const [ip, port] = process.argv[2].split(':');
const post = Buffer.from('4002beefb3', 'hex'); // CON POST
const path = Buffer.concat([Buffer.from('dpk'), Buffer.from([0x06]), Buffer.from('attest')]);
const body = Buffer.concat([post, path, Buffer.from([0x11, 42, 0xff]), Buffer.alloc(202)]);
const s = createSocket('udp4');
s.on('message', (m) => { console.log(m.subarray(0, 2).toString('hex')); process.exit(0); });
s.send(body, Number(port), ip);
setInterval(() => s.send(body, Number(port), ip), 1000);
setTimeout(() => process.exit(1), 60000);
JS
[ "$(node knock.mjs 20.0.0.31:5683)" = 6081 ] && [ ! -s att/audit ] # and it has not been told of the record yet
result $? what_needs_no_node_is_answered
kill -CONT "$chains_pid_node"
chains_await 60 waits '"event":"published".*20[.]0[.]0[.]40:8444.*"validated_at_h":[1-9]'
result $? and_who_has_waited_is_served
chains_end waits

# ---- strangers' questions wait for it as well: about the same record, as many as there are probes
ask_as() { # NAME KEY FROM [ENDPOINT]: an answer that takes time is announced in NAME.log, and comes there
    chains_start "$1" node "$top/unittest/lab/attackers/ask_attestor.mjs" "$top/build/deps/chain/bin/cast" \
        "$chains_url" "$registry_at" "$name" "$2" "20.0.0.$3" 20.0.0.31 "20.0.0.${4:-55}"
}
answered() { # NAME PATTERN
    chains_await 90 "$1" '^[2-5][.]' && grep -q -e "$2" "$1.log" && return
    sed 's/^/# /' "$1.log"
    return 1
}
registry_at=$(sed -n 's/^device_registry *= *//p' deploy.log)
kill -STOP "$chains_pid_node"
for from in 51 52 53 54; do
    parts_hex 32 >"stranger$from.key"
    ask_as "stranger$from" "stranger$from.key" "$from"
    chains_await 60 "stranger$from" '^taken' || broken "a stranger is not heard"
done
sleep 1.1 # an address may ask once a second
parts_hex 32 >twice.key
ask_as twice twice.key 51
answered twice '^4.29 LIMIT'
result $? a_network_has_one_question_waiting
ask_as owner gw/wallet.key 40
chains_await 60 owner '^taken'
result $? strangers_do_not_keep_the_owner_out
kill -CONT "$chains_pid_node"
answered owner '^4.03 NSL_NO_ANSWER'
result $? and_his_endpoint_is_looked_at
refused=0
for from in 51 52 53 54; do
    answered "stranger$from" '^4.03 NOT_OWNER' || refused=1
done
result $refused and_strangers_are_told_whose_it_is_not
chains_end att

# ---- one whose answers are too long: a status that would be the caller's fault, were it not of the chain
sed -i 's/^timeout_ms = 60000/timeout_ms = 3000/' att/wick.conf
attestor_up && chains_await 60 att '^READY signer=0x' || broken "no attestor"
echo long >trouble
ask_as finds_out gw/wallet.key 40
answered finds_out '^5.03 LIMIT'
result $? the_chain_s_trouble_is_not_who_asks
chains_await 60 att 'LIMIT: no answer of its chain'
ask_as after gw/wallet.key 51
answered after '^5.03 LIMIT'
result $? nor_who_asks_after_him
: >trouble
chains_await 120 att 'its chain is there'
result $? and_it_passes

# ---- an RSA record: its key is in a log, which is searched for its owner alone
device device rotate --type rsa >rotate.log 2>&1 || broken "no RSA key"
logs() {
    grep -c '^eth_getLogs' node.log
}
ask_as curious stranger52.key 52
answered curious '^4.03 NOT_OWNER' && [ "$(logs)" -eq 0 ]
result $? no_log_is_searched_for_a_stranger
ask_as rsa gw/wallet.key 53 51 # another endpoint: one is looked at once in ten seconds
answered rsa '^4.03 NSL_NO_ANSWER' && [ "$(logs)" -gt 0 ]
result $? it_is_for_the_owner
: >att.log
echo eth_getLogs >trouble
ask_as silent gw/wallet.key 54
answered silent '^5.03 TIMEOUT' && chains_await 60 att 'TIMEOUT: no answer of its chain'
result $? a_log_that_does_not_come_is_the_node_s_silence
: >trouble
chains_await 120 att 'its chain is there'
result $? and_it_goes_on

# ---- the process that reads the chain is killed
kill -KILL "$(pgrep -P "$chains_pid_att")"
wait "$chains_pid_att"
[ $? -eq 1 ] && grep -q 'the process that reads the chain was ended by signal 9' att.log
result $? says_that_its_reader_was_killed

# ---- and ends while a node hangs
attestor_up || broken "no attestor"
kill -STOP "$chains_pid_node"
kill -TERM "$chains_pid_att"
wait "$chains_pid_att"
[ $? -eq 0 ]
result $? ends_while_a_node_hangs
kill -CONT "$chains_pid_node"
tap_end
