#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The papers' flow, live, and ours beside it, on one chain: addClient, addMapping, event N1Ready, H over
# HTTPS under the registered certificate, validatePCPMapping, an oracle that fetches it, and the mapping
# deleted where that fails; then the same device and place with the registry, the tool and the attestors
# of this project. Ends with the gas of each transaction of both.
# usage: test_paper.sh <wick> <wick-attestor>           also: sh examples/demo.sh --paper
set -u
wick=$(realpath "$1")
attestor=$(realpath "$2")
suite=lab.paper
top=${WICK_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd -P)}
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
. "$top/unittest/lab/tap.sh"
. "$top/unittest/lab/parts.sh"
chains_need anvil || exit 77
command -v openssl >/dev/null || { echo "1..0 # SKIP no openssl"; exit 77; }
lab_inside "$@"
chains_work
umask 077
# Public addresses, which attestors insist on: of the device, of its second service, of three attestors.
{ lab_prepare && for host in 40 41 31 32 33; do
    ip address add "20.0.0.$host/32" dev lo || exit 1
done; } >"$work/network.log" 2>&1 || broken "no network"
paper=$top/unittest/lab/paper
cd "$work" || exit 1
out=$work/out
# 30 characters, as in the papers' table.
name=gateway.number-000000000000001

# ---- the parts of both, side by side: the compiler takes longest
node "$paper/compile.mjs" "$top" >peers.json 2>compile.log &
compiling=$!
for of in gw other; do
    openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=$name" -days 2 -keyout $of.key -out $of.crt \
        >>cert.log 2>&1 || broken "no certificates"
done
anvil_options='--hardfork london' # the rules of the tables
chains_up anvil 127.0.0.1 "8545 - - - -" || broken "no chain"
# shellcheck disable=SC2086
set -- $devnet_accounts # anvil's, too
operator=$1 owner=$2 service=$3
cast() {
    "$top/build/deps/chain/bin/cast" "$@" --rpc-url "$chains_url"
}
key() { # FILE: of the operator, which everybody knows; he is the admin and the manager
    printf '%s\n' "${devnet_key#0x}" >"$1"
}

# ---- ours: contracts, one device that pays for itself, three attestors
chains_deploy paper "$operator" >deploy.log 2>&1 || broken "no contracts"
registry=$(parts_registry deploy.log)
registry_at=$(sed -n 's/^device_registry *= *//p' deploy.log)
key manager.key
mkdir devices
{ parts_manager 127.0.0.1:7000 paper
    printf '[identity]\nname = manager\nwallet_key_file = manager.key\n'; } >operator.conf
operator() {
    "$wick" --config operator.conf --json "$@"
}
device() {
    "$wick" --config "gw/wick.conf" --json "$@"
}
for i in 1 2 3; do
    mkdir "att$i"
    { chains_conf; cat <<CONF; } >"att$i/wick.conf"
$registry
[identity]
name = att$i
wallet_key_file = wallet.key
device_key_file = device.key
[attestor]
listen = 20.0.0.3$i:5683
key_file = attest.key
audit_file = audit
CONF
    "$wick" --config "att$i/wick.conf" id new "att$i" >>id.log 2>&1 \
        && "$attestor" --config "att$i/wick.conf" new-key >"att$i/signer" || broken "no keys of att$i"
    chains_start "att$i" "$attestor" --config "att$i/wick.conf"
done
operator provision "$name" --dir gw --wallet 127.0.0.1:7000 >provision.log 2>&1 || broken "not provisioned"
known() { # ATTESTOR...: whom the device asks
    for i; do
        printf '[attestor.att%s]\naddress = 20.0.0.3%s:5683\nsigner = %s\n' "$i" "$i" "$(cat "att$i/signer")"
    done
}
cp gw/wick.conf gw.conf
wallet=$(device id new "$name" | sed -n 's/.*"wallet":"\([^"]*\)".*/\1/p')
cast rpc anvil_setBalance "$wallet" 0x56bc75e2d63100000 >fund.log 2>&1 \
    && cast rpc evm_mine >>fund.log 2>&1 || broken "no money"
challenge=$(parts_hex 32)
device voucher request --challenge "$challenge" >request \
    && operator voucher issue request --challenge "$challenge" >voucher \
    && device voucher submit voucher >register.log 2>&1 || broken "not registered"

# ---- the papers'
wait "$compiling" || broken "the papers' contracts do not compile"
chains_start oracle node "$paper/oracle.mjs" "$chains_url" peers.json "$service"
chains_await 30 oracle '^ready 0x' || broken "no oracle"
oracle_at=$(sed -n 's/^ready //p' oracle.log)
timeout 300 node "$paper/flow.mjs" "$chains_url" peers.json "$oracle_at" "$owner" "$name" gw.crt gw.key \
    other.crt other.key 20.0.0.40:8443 "$wick" >flow 2>flow.log || sed 's/^/# /' flow.log
while read -r what verdict why; do
    [ "$what" != gas ] || continue
    [ "$verdict" = ok ] || echo "# $why"
    [ "$verdict" = ok ]
    result $? "$what"
done <flow
[ "$(grep -c ' ok$' flow)" = 8 ]
result $? all_of_the_papers_flow

# ---- and ours, of the same device at the same place
for i in 1 2 3; do
    chains_await 30 "att$i" '^READY' || broken "no attestor"
done
attestors() { # SERVICE K ATTESTOR...: its own, as in the measurements of contracts/test
    of=$1 k=$2
    shift 2
    { cat gw.conf; known "$@"; } >gw/wick.conf
    # shellcheck disable=SC2046
    operator org set-attestors paper --class "$of" --threshold "$k" $(for i; do cat "att$i/signer"; done) >set.log 2>&1 \
        || { sed 's/^/# /' set.log; broken "no set of attestors"; }
}
device id tls "$name" --key gw/tls.key >tls.log 2>&1 || broken "no TLS key"
for of in https https2; do
    device device tls-key "$of" --tls-key gw/tls.key >>tls.log 2>&1 || broken "no TLS key in the record"
done
attestors https 1 1
want 0 '"event":"published".*20[.]0[.]0[.]40:8443.*"validated_at_h":[1-9]' one_attestor_of_one \
    device attest https 20.0.0.40:8443 --tls-key gw/tls.key
[ "$(grep -c '"event":"attested"' "$out")" = 1 ]
result $? it_has_looked
attestors https2 2 1 2 3
want 0 '"event":"published".*20[.]0[.]0[.]41:8443.*"validated_at_h":[1-9]' two_attestors_of_three \
    device attest https2 20.0.0.41:8443 --tls-key gw/tls.key
[ "$(grep -c '"event":"attested"' "$out")" = 2 ]
result $? they_have_looked
before=$(cast block-number)
want 3 'attestors have reached it' who_is_not_reached_is_not_published \
    device attest https2 20.0.0.32:8444 --listen 20.0.0.41:8443 --tls-key gw/tls.key
[ "$before" = "$(cast block-number)" ]
result $? and_has_cost_nothing

# ---- what it cost
node "$paper/table.mjs" "$top" "$chains_url" flow "$registry_at" "$wallet" >table 2>table.log
result $? gas_is_as_in_the_table_of_gas_md
cat table table.log | sed 's/^/# /'
tap_end
