#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A service that shows a certificate (S0 III-E, III-F): its TLS key stands in the record, the daemon answers
# the attestor's HTTPS challenge at the service's own port by itself, closes it, and the application, a stock
# server, opens it; a stock client pins what it has looked up. Where the application is there already, the
# service is published without the attestor's word.
# usage: test_certificate.sh <wick> <wick-wallet> <wick-attestor> <wickd>
set -u
wick=$1
wallet=$2
attestor=$3
wickd=$4
suite=lab.certificate
. "$WICK_SOURCE_DIR/unittest/lab/pair.sh"
for program in openssl curl; do
    command -v $program >/dev/null || { echo "1..0 # SKIP no $program"; exit 77; }
done
pair_enter "$@"
{ lab_prepare && lab_wan && lab_host turn 20.0.0.10 && lab_host chain 20.0.0.20 && lab_host att 20.0.0.31 \
    && lab_host web 20.0.0.40; } >"$work/network.log" 2>&1 || broken "no network"
pair_relay turn 20.0.0.10 no-tls
pair_up 20.0.0.10:3478
registry_at=$(sed -n 's/^device_registry *= *//p' "$work/deploy.log")
cast() {
    lab_in chain "$top/build/deps/chain/bin/cast" "$@"
}
conf_of() { # NAME LINES
    mkdir -p "$work/$1"
    parts_provision "$1" "$work/$1/" "$work/devices"
    chains_conf | parts_gateway "$1" "" 20.0.0.20:7000 >"$work/$1/wick.conf"
    printf '%s\n' "$2" >>"$work/$1/wick.conf"
    "$wick" --config "$work/$1/wick.conf" id new "$1" >"$work/id.log" 2>&1 || broken "no keys"
}
conf_of att '[attestor]
listen = 20.0.0.31:5683
key_file = attest.key
audit_file = audit'
"$attestor" --config "$work/att/wick.conf" new-key >"$work/signer" || broken "no key"
signer=$(cat "$work/signer")
# Its own way in is by the relay: an attestor looks at one address once in ten seconds.
conf_of web "[attestor.att]
address = 20.0.0.31:5683
signer = $signer
[attest]
needed = 1
[path]
direct = no
pcp = no"
sed -i 's/^device_key_file.*/&\ntls_key_file = tls.key/' "$work/web/wick.conf"
at() { # NAME COMMAND...
    at_name=$1
    shift
    lab_in "$at_name" "$wick" --config "$work/$at_name/wick.conf" --json "$@" 2>&1
}
at web id tls web --key "$work/web/tls.key" --pem "$work/web/pem" --cert "$work/web/crt" >"$work/tls.log" \
    || broken "no TLS key"
pair_manage
start register-att att "$wick" --config "$work/att/wick.conf" register
registering=$started
start register-web web "$wick" --config "$work/web/wick.conf" register
{ wait "$started" && wait "$registering"; } || broken "no records"
cast send --rpc-url "$chains_url" --unlocked --from "$(chains_account)" "$registry_at" \
    'setAttestors(bytes,uint8,bytes32,bytes32)' "$signer" 1 "$(cast keccak example)" \
    0x0000000000000000000000000000000000000000000000000000000000000000 >"$work/set.log" 2>&1 \
    || broken "no set of attestors"
start attestor att "$attestor" --config "$work/att/wick.conf"
await 60 '^READY signer=0x' attestor || broken "no attestor"
at web device tls-key https --tls-key "$work/web/tls.key" >"$work/key.log" || sed 's/^/# /' "$work/key.log"
grep -q '"ok":true' "$work/key.log"
result $? the_key_of_the_service_is_in_the_record

# ---- published: challenged, answered, and the port is free again
start wickd web "$wickd" --config "$work/web/wick.conf"
ready() {
    at web status | grep -q '"ready":true'
}
until_ok 60 ready
result $? the_daemon_is_ready
sed '/^store_dir/d' "$work/att/wick.conf" >"$work/att/look.conf" # a caller's: the store is the attestor's
published() { # SERVICE; a look-up of one that nobody attests shows it and is refused
    lab_in att "$wick" --config "$work/att/look.conf" --json lookup "web/$1" >"$work/look" 2>&1
    grep -q '"event":"primary"' "$work/look"
}
validated() {
    sed -n 's/.*"event":"primary".*"validated_at_h":\([0-9]*\).*/\1/p' "$work/look"
}
at web service publish https --tcp --address 20.0.0.40:8443 >"$work/publish.log"
until_ok 60 published https && [ "$(validated)" -ge $(($(date +%s) / 3600 - 1)) ]
result $? a_service_on_tcp_is_attested_by_itself
grep -Eq '^[1-9][0-9]* attested 0x.*0620fb0{20}ffff14000028 ' "$work/att/audit" # TCP, 8443, 20.0.0.40
result $? the_attestor_has_fetched_the_answer
listens() { # PORT
    lab_in web ss -Hltn | grep -q ":$1 "
}
! listens 8443
result $? the_port_is_free_for_the_application

# ---- the application, and a caller that knows the name alone
ip netns exec web openssl s_server -accept 8443 -cert "$work/web/crt" -key "$work/web/pem" -www \
    >"$work/server.log" 2>&1 </dev/null &
until_ok 60 listens 8443
pin=$(sed -n 's/.*"tls_pin":"0x\([0-9a-f]*\)".*/\1/p' "$work/look")
spki=$(openssl x509 -in "$work/web/crt" -noout -pubkey | openssl pkey -pubin -outform der \
    | openssl dgst -sha256 -binary | od -An -v -tx1 | tr -d ' \n')
[ -n "$pin" ] && [ "$pin" = "$spki" ]
result $? a_look_up_tells_which_certificate
base64_of() {
    printf '%s' "$1" | sed 's/../\\x&/g' >"$work/hex"
    # shellcheck disable=SC2059
    env printf "$(cat "$work/hex")" | openssl base64
}
fetch() { # PIN
    lab_in att curl -sk --max-time 60 --pinnedpubkey "sha256//$(base64_of "$1")" https://20.0.0.40:8443/ \
        >"$work/page" 2>&1
}
fetch "$pin" && grep -qi 's_server' "$work/page"
result $? a_stock_client_pins_it
fetch "$(printf '%s' "$pin" | tr '0123456789abcdef' '123456789abcdef0')"
[ $? = 90 ]
result $? and_takes_no_other
lab_in att "$wick" --config "$work/att/look.conf" --json key get web/https >"$work/key" 2>&1 && grep -q "\"tls_pin\":\"0x$pin\"" "$work/key"
result $? the_library_tells_it_too

# ---- where the application has the port already
ip netns exec web openssl s_server -accept 8444 -cert "$work/web/crt" -key "$work/web/pem" -www \
    >"$work/busy.log" 2>&1 </dev/null &
until_ok 60 listens 8444
looks=$(grep -c . "$work/att/audit")
at web service publish busy --tcp --address 20.0.0.40:8444 >"$work/publish.log"
until_ok 60 published busy && [ "$(validated)" = 0 ] && grep -q '"usable":"NO_ENDPOINT"' "$work/look"
result $? a_port_in_use_is_published_without
[ "$(grep -c . "$work/att/audit")" = "$looks" ]
result $? and_nobody_was_asked
tap_end
