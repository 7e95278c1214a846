#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Three attestors, three processes with three keys in networks of their own, outside both NATs; two of
# them have to have reached an endpoint. A gateway behind a router that speaks PCP has its mapping
# attested, and a caller that takes nothing else comes directly. What one attestor says who lies, what
# strangers ask, and one that is killed change nothing.
# usage: test_attest.sh <wick> <wick-wallet> <wick-attestor>
set -u
wick=$1
wallet=$2
attestor=$3
suite=lab.attest
. "$WICK_SOURCE_DIR/unittest/lab/pair.sh"
. "$top/unittest/lab/sites.sh"
lab_need miniupnpd
pair_enter "$@"
lab=$top/build/deps/lab/bin
all="att1 att2 att3"

# ---- network, chain, relay, wallet manager; the called one behind PCP, the caller behind another NAT
{ lab_prepare && lab_wan && lab_host turn 20.0.0.10 && lab_host chain 20.0.0.20 && lab_host victim 20.0.0.66 \
    && lab_host nobody 20.0.0.67 \
    && lab_host web 20.0.0.40 \
    && lab_host att1 20.0.0.31 && lab_host att2 20.0.0.32 && lab_host att3 20.0.0.33 \
    && site_up keep a 1 "$lab/miniupnpd" "$work" && site_up pcp b 2 "$lab/miniupnpd" "$work"; } \
    >"$work/network.log" 2>&1 || broken "no network"
pair_relay turn 20.0.0.10 no-tls
pair_up 20.0.0.10:3478
registry_at=$(sed -n 's/^device_registry *= *//p' "$work/deploy.log")
lab_in web ip address add 20.0.0.41/32 dev lo && lab_in web ip address add 20.0.0.42/32 dev lo && lab_in web ip route >/dev/null || broken "no second address"
cast() {
    lab_in chain "$top/build/deps/chain/bin/cast" "$@"
}
keccak() {
    cast keccak "$1"
}

# ---- three attestors: registered like gateways, for a gateway answers nobody else
attestor_conf() { # NAME ADDRESS
    mkdir -p "$work/$1"
    parts_provision "$1" "$work/$1/" "$work/devices"
    chains_conf | parts_gateway "$1" "" 20.0.0.20:7000 >"$work/$1/wick.conf"
    printf '[attestor]\nlisten = %s:5683\nkey_file = attest.key\naudit_file = audit\n' "$2" \
        >>"$work/$1/wick.conf"
    "$wick" --config "$work/$1/wick.conf" id new "$1" >"$work/id.log" 2>&1 || broken "no keys"
    "$attestor" --config "$work/$1/wick.conf" new-key >"$work/$1/signer" || broken "no key"
}
attestor_conf att1 20.0.0.31
attestor_conf att2 20.0.0.32
attestor_conf att3 20.0.0.33
pair_conf a
pair_conf b 'sponsored = yes' # and has no Ether
for name in $all; do
    printf '[attestor.%s]\naddress = 20.0.0.3%s:5683\nsigner = %s\n' "$name" "${name#att}" \
        "$(cat "$work/$name/signer")"
done >"$work/known"
{ cat "$work/known"; printf '[attest]\nneeded = 2\n'; } >>"$work/b/wick.conf"
# ---- and a service on TCP, of a device that has nothing but its PSK and token
mkdir -p "$work/web"
parts_provision gw-web "$work/web/" "$work/devices"
chains_conf | parts_gateway gw-web "" 20.0.0.20:7000 >"$work/web/wick.conf"
cat "$work/known" >>"$work/web/wick.conf"
web() { # COMMAND...: in the network of the service
    lab_in web "$wick" --config "$work/web/wick.conf" --json "$@" 2>&1
}
web id new gw-web >"$work/web.log" && web id tls gw-web --key "$work/web/tls.key" >>"$work/web.log" \
    && web id tls other --key "$work/web/other.key" >>"$work/web.log" || broken "no keys"
printf 'sponsor = yes\nbatch_ms = 50\ngap_ms = 0\n' >>"$work/manager.conf"
pair_manage
want 1 'FILE_MODE' a_key_that_others_can_read sh -c "cp -r '$work/att1' '$work/open' \
    && chmod 644 '$work/open/attest.key' && '$attestor' --config '$work/open/wick.conf'"
registering=
for name in $all; do
    start "register-$name" "$name" "$wick" --config "$work/$name/wick.conf" register
    registering="$registering $started"
done
for job in $registering; do
    wait "$job" || broken "an attestor does not register"
done
serve() { # NAME: sets job_NAME
    : >"$work/$1.log"
    start "$1" "$1" "$attestor" --config "$work/$1/wick.conf"
    eval "job_$1=$started"
    await 60 '^READY signer=0x' "$1"
}
serve att1 && serve att2
result $? attestors_serve
# The third one lies: its key is in the hands of somebody who looks at nothing. Its process is not here.
members=$(for name in $all; do tr 'A-F' 'a-f' <"$work/$name/signer"; done | sort | sed 's/^0x//')
list=$(printf '%s' "$members" | tr -d '\n')
cast send --rpc-url "$chains_url" --unlocked --from "$(chains_account)" "$registry_at" \
    'setAttestors(bytes,uint8,bytes32,bytes32)' "0x$list" 2 "$(keccak example)" \
    0x0000000000000000000000000000000000000000000000000000000000000000 >"$work/set.log" 2>&1 \
    || broken "no set of attestors"
position() { # NAME
    signer=$(tr 'A-F' 'a-f' <"$work/$1/signer" | sed 's/^0x//')
    echo $(($(printf '%s\n' "$members" | grep -n "$signer" | cut -d: -f1) - 1))
}

# ---- two of three
start listen lan-b "$wick" --config "$work/b/wick.conf" listen
job_listen=$started
await 120 '^attested .*place=primary' listen
result $? two_of_three_have_reached_it
await 60 '^published .*place=primary kind=pcp' listen
result $? and_it_is_published
grep -q ' attested 0x' "$work/att1/audit" && grep -q ' attested 0x' "$work/att2/audit"
result $? each_has_written_it_down
number='[1-9][0-9]*'
grep -Eq "^$number attested( 0x[0-9a-f]{64}){3} $number 20[.][0-9.]+:$number 1 $number\$" "$work/att1/audit"
result $? and_what_it_signed
looked() { # OUTPUT
    lab_in lan-a "$wick" --config "$work/a/wick.conf" --json lookup gw-b >"$1" 2>&1
}
validated() {
    looked "$work/look" && sed -n 's/.*"event":"primary".*"validated_at_h":\([0-9]*\).*/\1/p' "$work/look"
}
[ "$(validated)" -ge $(($(date +%s) / 3600 - 1)) ]
result $? the_record_says_when
owner() { # NAME OF ITS FOLDER
    lab_in chain "$wick" --config "$work/$1/wick.conf" --json id show | sed -n 's/.*"wallet":"\(0x[0-9a-fA-F]*\)".*/\1/p'
}
has_none() { # NAME OF ITS FOLDER: neither Ether nor a transaction
    [ "$(cast balance --rpc-url "$chains_url" "$(owner "$1")")" = 0 ] \
        && [ "$(cast nonce --rpc-url "$chains_url" "$(owner "$1")")" = 0 ]
}
has_none b
result $? without_ether
start connect lan-a "$wick" --config "$work/a/wick.conf" connect gw-b --send 'straight there'
caller=$started
await 60 '^resolved .*kind=pcp' connect && await 60 '^echo ' connect
result $? a_caller_that_takes_nothing_else_comes_directly
wait "$caller"

# ---- the paper's HTTPS challenge, all of it paid for by the manager
web sponsor register >"$work/web.register" || sed 's/^/# /' "$work/web.register"
at=20.0.0.40:8443
want 1 'CERT_KEY' a_service_without_a_key_in_the_record web attest https "$at" --tls-key "$work/web/tls.key" --sponsored
web sponsor tls-key https --tls-key "$work/web/tls.key" >"$work/web.key" || { sed "s/^/# /" "$work/web.key"; false; }
result $? a_tls_key_without_ether
web attest https "$at" --tls-key "$work/web/tls.key" --sponsored >"$work/web.attest"
result $? a_service_on_tcp_is_attested
[ "$(grep -c '"event":"attested"' "$work/web.attest")" -eq 2 ] \
    && grep -q '"event":"published".*"validated_at_h":[1-9]' "$work/web.attest" || sed 's/^/# /' "$work/web.attest"
[ "$(grep -c '"event":"attested"' "$work/web.attest")" -eq 2 ] \
    && grep -q '"event":"published".*"validated_at_h":[1-9]' "$work/web.attest"
result $? by_two_whose_word_is_on_chain
has_none web
result $? and_its_owner_has_no_ether
start impostor web "$wick" --config "$work/web/wick.conf" challenge answer gw-web/https --key "$work/web/other.key" \
    --listen 20.0.0.41:8443 --n1 "$(keccak a)" --n2 "$(keccak b)"
impostor=$started
await 60 challenge impostor
want 3 'CERT_KEY' who_has_another_key_is_not_attested web attest https 20.0.0.41:8443 --listen "$at" \
    --tls-key "$work/web/tls.key" --sponsored
kill "$impostor"
wait "$impostor" 2>/dev/null

# ---- the rest of its life: another key, another place, the end; and the services are killed in between
epoch() {
    web device show gw-web | sed -n 's/.*"epoch":\([0-9]*\).*/\1/p'
}
before=$(epoch)
kill -KILL "$job_wallet"
wait "$job_wallet" 2>/dev/null
pair_manage
web sponsor rotate >"$work/web.rotate" || sed 's/^/# /' "$work/web.rotate"
[ "$(epoch)" = $((before + 1)) ]
result $? another_key_without_ether
kill -KILL "$job_att1"
wait "$job_att1" 2>/dev/null
serve att1
web attest https 20.0.0.42:8443 --tls-key "$work/web/tls.key" --sponsored >"$work/web.moved" \
    || sed 's/^/# /' "$work/web.moved"
grep -q '"event":"published".*20[.]0[.]0[.]42:8443.*"seq":2.*"validated_at_h":[1-9]' "$work/web.moved"
result $? and_it_moves_with_it
has_none web && web sponsor revoke >"$work/web.revoked"
result $? and_is_revoked_without_ether
want 1 'RECORD_REVOKED' nobody_finds_it_any_more web lookup gw-web/https
want 1 'RECORD_REVOKED' nor_is_it_attested web attest https "$at" --tls-key "$work/web/tls.key" --sponsored
web sponsor register >"$work/web.again" || sed 's/^/# /' "$work/web.again"
[ "$(epoch)" = $((before + 3)) ]
result $? the_manager_may_vouch_again

# ---- one that lies, and strangers who ask: an address where nobody is, and one of a victim
for host in victim nobody; do
    lab_in "$host" nft -f - <<RULES || broken "no rules"
table inet lab {
    chain heard {
        type filter hook input priority filter; policy accept;
        ip saddr 20.0.0.31 meta l4proto udp counter
    }
}
RULES
done
heard() { # HOST: datagrams and bytes of the attestor
    lab_in "$1" nft list chain inet lab heard | sed -n 's/.*packets \([0-9]*\) bytes \([0-9]*\).*/\1 \2/p'
}
lab_in chain node "$top/unittest/lab/attackers/lying_attestor.mjs" "$top/build/deps/chain/bin/cast" \
    "$chains_url" "$registry_at" gw-a "$work/a/wallet.key" "$list" "$work/att3/attest.key" \
    "$(position att3)" "$work/att2/attest.key" "$(position att2)" 20.0.0.31 20.0.0.67 20.0.0.66 \
    >"$work/attempts" 2>"$work/attempts.log" &
job_attempts=$!

# ---- killed and started again: it has nothing to lose
kill -KILL "$job_att2"
wait "$job_att2" 2>/dev/null
cp "$work/att2/audit" "$work/before"
serve att2
result $? starts_again
kill -TERM "$job_listen"
wait "$job_listen" 2>/dev/null
printf '[path]\nport = 45454\n' >>"$work/b/wick.conf" # another mapping: it has to be reached anew
lab_in lan-b "$wick" --config "$work/b/wick.conf" sponsor rotate --type rsa >"$work/rotate.log" 2>&1 \
    || sed 's/^/# /' "$work/rotate.log"
grep -q '^epoch  *2' "$work/rotate.log" # and the new key is an RSA key, which is probed in another way
result $? an_rsa_key_without_ether
start again lan-b "$wick" --config "$work/b/wick.conf" listen
await 120 '^attested .*place=primary' again && await 60 '^published .*place=primary kind=pcp .*seq=[2-9]' again
result $? and_attests_again
head -c "$(stat -c %s "$work/before")" "$work/att2/audit" | cmp -s - "$work/before" \
    && [ "$(grep -c ' attested 0x' "$work/att2/audit")" -gt "$(grep -c ' attested 0x' "$work/before")" ]
result $? nothing_was_lost

wait "$job_attempts"
while read -r name verdict why; do
    [ "$verdict" = ok ] || echo "# $why"
    [ "$verdict" = ok ]
    result $? "$name"
done <"$work/attempts"
[ "$(wc -l <"$work/attempts")" -eq 20 ] || sed 's/^/# /' "$work/attempts.log"
[ "$(wc -l <"$work/attempts")" -eq 20 ]
result $? all_attempts
[ "$(heard victim)" = "0 0" ]
result $? a_victim_hears_nothing
probes=$(sed -n 's/^probes //p' "$work/attempts.log")
[ "$(heard nobody)" = "$probes $((probes * 196))" ] # M1 of 168 bytes for each
result $? one_datagram_goes_where_nobody_answers
grep -q ' NOT_OWNER 0x' "$work/att1/audit" && grep -q ' NSL_NO_ANSWER 0x' "$work/att1/audit"
result $? refusals_are_written_down
! grep -q -e ' TRUNCATED ' -e ' EXPIRED ' -e ' NAT_DOUBLE ' "$work/att1/audit"
result $? what_costs_nothing_fills_no_disk
tap_end
