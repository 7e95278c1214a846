#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: test_challenge.sh WICK
# A device's own certificate and the HTTPS challenge, as stock programs see them: openssl reads the
# certificate, curl fetches the answer under the pinned key, and the port is a service's afterwards.
set -u
wick=$1
for program in openssl curl node; do
    command -v $program >/dev/null || {
        echo "# SKIP no $program"
        exit 77
    }
done
suite=lab.challenge
top=$WICK_SOURCE_DIR
. "$top/unittest/lab/tap.sh"
. "$top/unittest/lab/topology.sh"
lab_alone "$@"
dir=$(mktemp -d) || exit 1
job=
trap '[ -z "$job" ] || kill "$job" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
cd "$dir" || exit 1
port=$((10000 + $$ % 20000))
n1=$(printf '11%.0s' $(seq 32)) n2=$(printf '22%.0s' $(seq 32))

field() { sed -n "s/^.*\"$1\":\"*\([^,\"}]*\).*/\1/p" "$2" | head -n 1; }
fetch() { curl -sk --max-time 60 --pinnedpubkey "sha256//$1" "https://127.0.0.1:$port$2" "$3" "$4"; }

"$wick" --json id tls gw --key gw.tls.key --cert gw.crt --pem gw.pem >made 2>&1
"$wick" --json id tls gw --key gw.tls.key >again 2>&1
hash=$(openssl x509 -in gw.crt -noout -pubkey | openssl pkey -pubin -outform der |
    openssl dgst -sha256 -binary | od -An -tx1 | tr -d ' \n')
[ -n "$hash" ] && [ "0x$hash" = "$(field spki_sha256 made)" ] &&
    openssl x509 -in gw.crt -noout -subject | grep -q 'CN = gw$' &&
    openssl verify -CAfile gw.crt gw.crt >/dev/null 2>&1
result $? certificate_as_openssl_reads_it
[ "$(openssl pkey -in gw.pem -pubout)" = "$(openssl x509 -in gw.crt -noout -pubkey)" ] &&
    [ "$(stat -c %a gw.pem gw.tls.key | sort -u)" = 600 ]
result $? private_key_is_its_own
[ "$(field spki_sha256 made)" = "$(field spki_sha256 again)" ] &&
    [ "$(field made again)" = false ] && ! "$wick" id tls gw --key gw.tls.key --cert gw.crt 2>/dev/null
result $? the_key_stays

"$wick" --json challenge answer gw --key gw.tls.key --listen 127.0.0.1:$port --n1 0x$n1 --n2 0x$n2 \
    -- node -e 'require("net").createServer(s => s.end("the service\n")).listen({ fd: 3 })' \
    >challenge 2>&1 &
job=$!
until_ok 60 grep -q '"path"' challenge
path=$(field path challenge)
pin=$(openssl x509 -in gw.crt -noout -pubkey | openssl pkey -pubin -outform der |
    openssl dgst -sha256 -binary | openssl base64)
other=$(printf 'another key' | openssl dgst -sha256 -binary | openssl base64)
fetch "$other" "$path" --tls-max 1.3 >/dev/null; [ $? = 90 ]
result $? another_key_is_refused
[ "$(fetch "$pin" /.well-known/pki-validation/ -w '%{http_code}')" = 404 ]
result $? another_path_is_not_there
body=$(fetch "$pin" "$path" --tls-max 1.2)
[ -n "$body" ] && "$wick" keccak --hex "0x$n1$n2" | grep -qF "$body"
result $? the_answer_is_keccak_of_both
speaks() { [ "$(curl -s --max-time 20 "telnet://127.0.0.1:$port" </dev/null)" = "the service" ]; }
until_ok 60 speaks
result $? the_port_is_the_services
kill "$job" 2>/dev/null
wait "$job" 2>/dev/null
job=
"$wick" --json challenge answer gw --key gw.tls.key --listen 127.0.0.1:$port --n1 0x$n1 --timeout 1 >late 2>&1
[ $? = 3 ] && grep -q TIMEOUT late
result $? nobody_asks
tap_end
