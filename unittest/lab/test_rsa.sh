#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gateways with RSA-2048 keys on a real chain (anvil), with a stock TURN server and the wallet manager:
# the key is made, vouched for, registered by its hash, announced in a log, found there by callers, and
# every mixture of keys shakes hands; --suite refuses another.
# usage: test_rsa.sh <wick> <wick-wallet>
set -u
wick=$1
wallet=$2
suite=lab.rsa
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

lab_start
gateway rsa-a rsa
gateway rsa-b rsa
gateway ec-c
gateway ec-d
lab_wallet

# ---- keys
want 0 '^device_key_type  *rsa' id_shows_the_type run rsa-a id show
grep -q '^device_key  *0x30820122300d06092a864886f70d0101010500' "$dir/out"
result $? id_shows_the_spki
want 2 'usage' id_other_type run ec-c id new ec-c --type p256

# ---- registered by hash, announced once
want 0 '^registered .*epoch=1 .*sent=true' register run rsa-a register
want 0 '^registered .*sent=false' register_again run rsa-a register
want 1 'NO_ENDPOINT' lookup run ec-c lookup rsa-a
grep -q '^key_type  *1' "$dir/out"
result $? lookup_shows_the_type

want 0 '^key_type  *1' key_get run ec-c key get rsa-a
run rsa-a id show >"$dir/id"
spki=$(sed -n 's/^device_key  *\(0x30820122[0-9a-f]*\)$/\1/p' "$dir/id")
[ "${#spki}" -eq 590 ] && grep -q "^public_key  *$spki\$" "$dir/out"
result $? key_get_shows_the_spki

# ---- every mixture: caller, callee
serve() { # <callee> [<option>...]
    callee=$1
    shift
    start "$callee.log" "$wick" --config "$dir/$callee.conf" listen "$@"
    listener=$started
    await 60 '^READY' "$callee.log" || exit 1
}
serve rsa-b
want 0 '^done .*handshake_ms=' connect_0x11 run rsa-a connect rsa-b --send 'both by their hash'
want 0 '^done .*handshake_ms=' connect_0x21 run ec-c connect rsa-b --send 'one by its hash'
want 1 'UNSUPPORTED' connect_only_secp256k1 run ec-c connect rsa-b --suite secp256k1
want 1 'UNSUPPORTED' own_key_is_another run ec-c connect rsa-b --suite rsa
kill -TERM "$listener"
wait "$listener"
serve ec-d
want 0 '^done .*handshake_ms=' connect_0x12 run rsa-a connect ec-d --send 'the caller by its hash'
kill -TERM "$listener"
wait "$listener"
tap_end
