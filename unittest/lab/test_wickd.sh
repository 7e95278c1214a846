#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The daemon on a real chain, a stock TURN server and the wallet manager: it serves, answers on its
# socket, shares its store with nobody, and comes back from kill -9 with what it knew.
# usage: test_wickd.sh <wick> <wick-wallet> <wickd>
set -u
wick=$1
wallet=$2
wickd=$3
suite=lab.wickd
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

lab_start
gateway gw-a
gateway gw-b
lab_wallet
socket=$dir/gw-a.store/wickd.sock

daemon() { # <log>: wickd of gw-a; sets $daemon_job
    start "$1" "$wickd" --config "$dir/gw-a.conf"
    daemon_job=$started
    until_ok 60 run gw-a status
}
ready() {
    run gw-a status | grep -q '^ready *true'
}

# ---- without a daemon
want 1 'NOT_FOUND: no daemon answers' status_alone run gw-a status

# ---- it serves
cat >>"$dir/gw-a.conf" <<'CONF'
[service.default]
[service.door]
address = 203.0.113.10:443
tcp = yes
[service.again]
[wickd]
echo = yes
log = info
CONF
daemon wickd.log
result $? starts
until_ok 60 ready
result $? gets_ready
want 0 '^registered .*epoch=1 .*tier=OWN_NODE' status_registered run gw-a status
want 0 '^published .*endpoint=127.0.0.1:' status_published run gw-a status
want 0 '"ok":true,"op":"status"' status_json run gw-a --json status
want 0 '^wick_reached{goal="all"} 1$' status_prometheus run gw-a status --prometheus
want 0 '^chains .*rule=own_node .*proven_block=' status_light run gw-a status --light

# ---- peers reach it, and it is found
want 0 '^done .*handshake_ms=' peer_connects run gw-b connect gw-a --send 'to the daemon'
want 0 '^primary .*kind=relay .*usable=yes' lookup_by_socket run gw-a lookup gw-a
grep -q '^by *wickd' "$dir/out"
result $? lookup_was_the_daemons
want 1 'RECORD_ABSENT' lookup_absent run gw-a lookup gw-x
want 1 'NO_ENDPOINT' lookup_no_endpoint run gw-a lookup gw-b
want 1 'CONFIG: no such registry' lookup_no_registry run gw-a lookup gw-b@x
want 1 'NAME' lookup_bad_name run gw-a lookup 'gw b'

# ---- keys of peers for local applications, on both sides of the socket
want 0 "^public_key *0x0[23]" key_by_socket run gw-a key get gw-a
want 1 'RECORD_ABSENT' key_absent run gw-a key get gw-x
want 2 '--out FILE says where' psk_needs_a_place run gw-b psk get gw-a
want 0 '^identity *dpk1\.' psk_by_agent run gw-b psk get gw-a --protocol tls13 --out "$dir/psk"
[ "$(stat -c %a "$dir/psk")" = 600 ] && grep -qE '^(0x)?[0-9a-f]{64}$' "$dir/psk"
result $? psk_file_is_ours_alone
want 1 'there is such a file' psk_file_stays run gw-b psk get gw-a --out "$dir/psk"
run gw-b psk get gw-a --protocol tls13 --out - >"$dir/psk.out"
identity=$(sed -n 's/^identity *//p' "$dir/psk.out")
want 0 "^role *server" psk_found run gw-a psk find "$identity" --protocol tls13 --out -
[ "$(sed -n 's/^psk *//p' "$out")" = "$(sed -n 's/^psk *//p' "$dir/psk.out")" ]
result $? psk_is_the_same
grep -q "^peer *$(run gw-b key get gw-b | sed -n 's/^id *//p')" "$out"
result $? psk_names_the_caller
want 1 'NOT_FOUND' psk_of_another_use run gw-a psk find "$identity" --protocol dtls12 --out -
want 1 'NOT_FOUND' psk_of_nobody run gw-a psk find dpk1.AAAAAAAAAAAAAAAAAAAAAA --out -
want 1 'BAD_ARG' psk_of_oneself run gw-a psk get gw-a --out -
want 0 '^keys *0x[0-9a-f]\{112\}$' psk_srtp run gw-b psk get gw-a --protocol srtp --media 3 --out -
want 2 'srtp needs --media' psk_srtp_needs_media run gw-b psk get gw-a --protocol srtp --out -
want 0 '^psk *0x[0-9a-f]\{32\}$' psk_of_16_bytes run gw-b psk get gw-a --bits 128 --out -

# ---- services that wick.conf names: each has its own word
both_published() {
    [ "$(run gw-a service list | grep -c 'service=\(door\|again\) .*published=true')" -eq 2 ]
}
until_ok 60 both_published
result $? services_of_the_configuration
# No attestor has reached it: it is shown, and usable for who says that he tries such endpoints.
want 1 '"endpoint":"203.0.113.10:443".*"usable":"NO_ENDPOINT"' nobody_has_reached_it \
    run gw-b --json lookup gw-a/door
{ cat "$dir/gw-b.conf"; printf '[path]\ntry_unvalidated = yes\n'; } >"$dir/gw-any.conf"
want 0 '"event":"primary","endpoint":"203.0.113.10:443","protocol":6,"kind":"direct"' \
    configured_service_is_on_chain run gw-any --json lookup gw-a/door
own=$(run gw-a --json lookup gw-a | sed -n 's/.*"event":"primary",\("endpoint":"[^"]*"\).*/\1/p')
want 0 "\"event\":\"primary\",${own:-none}," configured_service_of_the_agent \
    run gw-b --json lookup gw-a/again

# ---- services of local applications
want 0 '^published *true' service_publish \
    run gw-a service publish camera --tcp --address 203.0.113.9:8443
want 0 '"event":"primary","endpoint":"203.0.113.9:8443","protocol":6,"kind":"direct","seq":1' \
    service_is_on_chain run gw-any --json lookup gw-a/camera
want 0 '^service .*service=camera .*published=true' service_list run gw-a service list
want 1 'NAME' service_bad_name run gw-a service publish 'Cam era' --port 1
want 1 'BAD_ARG' service_no_port run gw-a service publish cam2 --tcp
run gw-a service unpublish camera
result $? service_unpublish
want 1 'NOT_FOUND' service_is_gone run gw-a service unpublish camera
want 1 'NO_ENDPOINT' service_withdrawn run gw-b lookup gw-a/camera
want 1 'NOT_FOUND: no daemon answers' service_needs_a_daemon run gw-b service list

# ---- clients of all kinds
node "$WICK_SOURCE_DIR/unittest/lab/attackers/socket_clients.mjs" "$socket" gw-a gw-x >"$dir/clients"
while read -r name verdict why; do
    [ "$verdict" = ok ] || echo "# $why"
    [ "$verdict" = ok ]
    result $? "clients_$name"
done <"$dir/clients"
[ "$(wc -l <"$dir/clients")" -eq 9 ]
result $? clients_all
want 0 '^ready *true' untouched_by_them run gw-a status

# ---- one process for a store
want 3 "STORE_BUSY: .* is held by wickd, process $daemon_job" second_daemon \
    "$wickd" --config "$dir/gw-a.conf"
sed '/^\[wickd\]/,$d' "$dir/gw-a.conf" >"$dir/beside.conf" # whoever does not find the daemon's socket
printf '[wickd]\nsocket = %s/none.sock\n' "$dir" >>"$dir/beside.conf"
want 3 'STORE_BUSY' listen_beside run beside listen
want 3 'STORE_BUSY' register_beside run beside register
grep -q 'remedy: it registers, publishes.*wick status' "$out"
result $? register_beside_says_how
want 0 '^registered .*by=wickd' register_by_the_daemon run gw-a register
sed 's,^store_dir.*,store_dir = other.store,' "$dir/gw-a.conf" >"$dir/other.conf"
echo "socket = $socket" >>"$dir/other.conf"
want 1 'STATE: .*another daemon listens there' second_socket "$wickd" --config "$dir/other.conf"
want 0 '^ready' first_goes_on run gw-a status

# ---- killed, and back with what it knew
kill -9 "$daemon_job"
wait "$daemon_job" 2>/dev/null
[ -S "$socket" ]
result $? socket_left_behind
want 1 'NOT_FOUND: no daemon answers' status_of_the_dead run gw-a status
want 0 '^primary ' lookup_alone run gw-a lookup gw-a
grep -q '^by *wickd' "$dir/out"
[ $? -eq 1 ]
result $? lookup_was_our_own
daemon wickd2.log
result $? starts_again
until_ok 60 ready
result $? gets_ready_again
want 0 '^registered .*sent=false' store_was_intact run gw-a status

# ---- the next device key: the record decides when it is used
device_key=$dir/gw-a.device.key
reloads() { # COUNT: so often since the start
    [ "$(grep -c 'configuration read again' "$dir/$daemon_log")" -ge "$1" ]
}
reload() { # COUNT
    kill -HUP "$daemon_job"
    until_ok 60 reloads "$1"
}
epoch_of_record() {
    run gw-b --json key get gw-a | sed -n 's/.*"epoch":\([0-9]*\).*/\1/p'
}
daemon_log=wickd2.log
reload 1 && ready && ! grep -q 'device key' "$dir/wickd2.log"
result $? reload_with_nothing_new
parts_hex 32 >"$device_key.next" # of a rotation that was never sent
chmod 600 "$device_key.next"
cp "$device_key.next" "$dir/unsent"
reload 2 && reload 3 && ready
result $? reloads_with_an_unproven_key
chmod 644 "$device_key.next" # one that cannot be read
reload 4 && ready && grep -q 'stays with its device key, .*FILE_MODE' "$dir/wickd2.log"
result $? stays_where_it_cannot_read_it
daemon_ends() {
    kill -TERM "$daemon_job"
    wait "$daemon_job"
}
daemon_ends
daemon wickd3.log && until_ok 60 ready
result $? starts_with_an_unproven_key
cmp -s "$dir/unsent" "$device_key.next" && [ "$(epoch_of_record)" = 1 ] &&
    ! grep -q 'goes over to' "$dir/wickd2.log" "$dir/wickd3.log"
result $? key_of_the_record_is_kept
want 0 '^registered .*epoch=1 .*sent=false' nothing_was_written run gw-a status
daemon_ends
rm "$device_key.next"
cp "$device_key" "$dir/former"
owner=$(run gw-a --json id show | sed -n 's/.*"wallet":"\([^"]*\)".*/\1/p')
# The proof of what was set by hand stands under the next block.
cast rpc anvil_setBalance "$owner" 0x56bc75e2d63100000 >/dev/null && cast rpc evm_mine >/dev/null
want 0 '"epoch":2' rotated run gw-a --json device rotate
cp "$device_key" "$dir/rotated" # and back to before the key was put in its place
mv "$device_key" "$device_key.next" && cp "$dir/former" "$device_key"
daemon wickd4.log && until_ok 60 ready
result $? starts_with_a_proven_key
want 0 '^registered .*epoch=2 .*sent=false' rotation_is_not_undone run gw-a status
grep -q 'goes over to another device key' "$dir/wickd4.log" &&
    cmp -s "$dir/rotated" "$device_key" && [ ! -e "$device_key.next" ] && [ "$(epoch_of_record)" = 2 ]
result $? proven_key_has_taken_the_place
daemon_log=wickd4.log
reload 1 && ready && [ "$(grep -c 'device key' "$dir/wickd4.log")" -eq 1 ]
result $? reload_keeps_it
# A second one within 15 minutes, and a third: it runs on, with the key that the record has.
went_over() { # HOW OFTEN
    kill -0 "$daemon_job" && [ "$(grep -c 'goes over to another device key' "$dir/wickd4.log")" -eq "$1" ] &&
        run gw-a status | grep -q "^registered .*epoch=$(($1 + 1)) .*sent=false"
}
want 0 '"epoch":3' rotated_again run gw-a --json device rotate
until_ok 60 went_over 2
result $? goes_over_again
want 0 '"epoch":4' rotated_once_more run gw-a --json device rotate
until_ok 60 went_over 3 && [ "$(epoch_of_record)" = 4 ] && [ ! -e "$device_key.next" ]
result $? goes_over_once_more
want 0 '"state":"up"\|"endpoint"' is_called_by_its_new_key run gw-b --json connect gw-a --send 'third key'

# ---- reload and end
printf 'grace_s = 60\n' >"$dir/grace"
sed -i -e '/^rule = own_node/r '"$dir/grace" "$dir/gw-a.conf"
reload 4 && ! grep -q 'read again;' "$dir/wickd4.log"
result $? reload
printf '[tickets]\naccept = gw-b\n' >>"$dir/gw-a.conf"
kill -HUP "$daemon_job"
await 60 'read again; \[tickets\] changed, which takes a restart' wickd4.log
result $? reload_says_what_is_not_taken
echo 'nonsense' >>"$dir/gw-a.conf"
kill -HUP "$daemon_job"
await 60 'configuration not taken: .*neither \[section\] nor key' wickd4.log
result $? reload_refused
sed -i '$d' "$dir/gw-a.conf"
grep -e 'psk *[=:]' -e '"psk"' -e "$(sed -n 's/^psk *0x//p' "$dir/psk.out")" \
    "$dir"/wickd*.log
[ $? -eq 1 ]
result $? log_has_no_key_of_a_peer
grep -e "$(cat "$dir/gw-a.wallet.psk")" -e "$(cat "$dir/gw-a.wallet.token")" -e "$(cat "$dir/gw-a.device.key")" \
    "$dir"/wickd*.log
[ $? -eq 1 ]
result $? log_has_no_secret
kill -TERM "$daemon_job"
wait "$daemon_job"
result $? ends
grep -q 'ended$' "$dir/wickd4.log" && [ ! -e "$socket" ]
result $? cleans_up

tap_end
