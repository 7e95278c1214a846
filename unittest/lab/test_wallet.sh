#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The wallet manager: check commands that say no, hang or lie, sponsored registrations, the audit log,
# limits, and a manager that is killed at every step and started again: nothing is lost, and nothing is
# given twice.
# usage: test_wallet.sh <wick> <wick-wallet> <wick-wallet-faults>
set -u
wick=$1
wallet=$2
faults=$3
suite=lab.wallet
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

lab_start
command_file() { # <name> <line of shell>
    printf '#!/bin/sh\n%s\n' "$2" >"$dir/$1"
    chmod 700 "$dir/$1"
}
command_file yes 'echo "$# $1 $(env | grep -c .)" >>'"$dir"'/yes.args; exit 0'
command_file no 'exit 1'
command_file hangs 'echo $$ >'"$dir"'/hangs.pid; sleep 600 & wait'
command_file dies 'kill -9 $$'
command_file says-yes 'echo yes; exit 3'
echo 'audit_file = audit' >>"$dir/manager.conf"
cp "$dir/manager.conf" "$dir/plain.conf"

up() { # <program> <configuration> [<kill at>]
    # shellcheck disable=SC2086
    start wallet.log env ${3:+WALLET_KILL_AT=$3} "$1" --config "$dir/$2.conf"
    wallet_job=$started
}
down() {
    kill "$wallet_job" 2>/dev/null
    wait "$wallet_job" 2>/dev/null
}
with() { # <name> <lines for [manager]>: the manager with them
    { cat "$dir/plain.conf"; printf '%s\n' "$2"; } >"$dir/$1.conf"
    up "$wallet" "$1"
    await 60 '^READY' wallet.log || exit 1
}
for name in gw-a gw-b gw-c gw-d gw-e gw-f gw-g step-1 step-2 step-3 step-4 step-5 step-6 step-7 step-8; do
    gateway "$name"
done
owner() { # <name>
    run "$1" --json id show | sed -n 's/.*"wallet":"\([^"]*\)".*/\1/p'
}

# ---- the check: yes only by exit code 0, in time, of the command itself
with no "check = no"
want 1 'NOT_OWNER' check_no run gw-a sponsor register --timeout 300
down
with dies "check = dies"
want 1 'NOT_OWNER' check_dies run gw-a sponsor register --timeout 300
down
with says-yes "check = says-yes"
want 1 'NOT_OWNER' check_talks run gw-a sponsor register --timeout 300
down
with hangs "$(printf 'check = hangs\ncheck_timeout_s = 5')"
want 1 'TIMEOUT' check_hangs run gw-a sponsor register --timeout 300
until_ok 30 test -s "$dir/hangs.pid" && ! kill -0 "$(cat "$dir/hangs.pid")" 2>/dev/null
result $? check_hanging_is_killed
down
sed 's/^audit_file/check = nowhere\naudit_file/' "$dir/plain.conf" >"$dir/nowhere.conf"
want 1 'NOT_FOUND: .*nowhere' check_missing "$wallet" --config "$dir/nowhere.conf"
[ "$(cast nonce "$manager")" = 0 ]
result $? check_refused_costs_nothing

# ---- yes: and the device has no Ether
with yes "$(printf 'check = yes\ngap_ms = 0')"
want 0 '^registered .*name=gw-a .*epoch=1' sponsored run gw-a sponsor register --timeout 300
grep -q '^1 gw-a ' "$dir/yes.args"
result $? check_argument
[ "$(cast balance "$(owner gw-a)")" = 0 ] && [ "$(cast nonce "$(owner gw-a)")" = 0 ]
result $? sponsored_needs_no_ether
want 0 '^registered .*epoch=1' sponsored_again run gw-a sponsor register --timeout 300
# What the device signs about its own record is sent for it too, and nothing else.
want 0 '^published .*endpoint=203.0.113.7:4433 .*seq=1' sponsored_publish \
    run gw-a sponsor publish 203.0.113.7:4433 --timeout 300
# A direct endpoint that no attestor has reached is told, and is nobody's to try, unless he says so.
want 1 '^primary .*endpoint=203.0.113.7:4433 .*usable=NO_ENDPOINT' lookup_unvalidated run gw-a lookup gw-a
{ cat "$dir/gw-a.conf"; printf '[path]\ntry_unvalidated = yes\n'; } >"$dir/gw-any.conf"
want 0 '^primary .*usable=yes' lookup_unvalidated_by_policy run gw-any lookup gw-a
# A command that says yes to everybody vouches for nobody else's name: the token is wrong.
cp "$dir/gw-b.wallet.token" "$dir/gw-b.token.kept"
echo wrong >"$dir/gw-b.wallet.token"
want 1 'AUTH' check_lies run gw-b sponsor register --timeout 300
cp "$dir/gw-b.token.kept" "$dir/gw-b.wallet.token"
down

# ---- limits of all devices together, and of the day
with few "per_minute = 1"
want 0 '^registered .*name=gw-b' limit_first run gw-b sponsor register --timeout 300
want 1 'HTTP_RATE' limit_of_all run gw-c sponsor register --timeout 300
down
with poor "$(printf 'fund_wei = 1000000000000000\nfund_day_wei = 999999999999999\nsponsor = no')"
start limit.log "$wick" --config "$dir/gw-c.conf" register --timeout 300 # it would go on asking
await 60 '^gw-c .*"code":"LIMIT"' wallet.log
result $? limit_of_the_day
kill "$started"
wait "$started" 2>/dev/null
down
# Fees of sponsored calls are given too, and those of before a start count.
sent=$(sed -n 's/.* batch [^ ]* \(0x[0-9a-f]*\) .*/\1/p' "$dir/ledger" | head -n 1)
price=$(cast rpc eth_getTransactionByHash "$sent" | sed -n 's/.*"maxFeePerGas":"\(0x[0-9a-f]*\)".*/\1/p')
fee=$(($(cast tx "$sent" gas) * ${price:-0}))
with spent "$(printf 'gap_ms = 0\nfund_day_wei = %s' $((fee * 3 / 2)))"
want 1 'wallet manager: LIMIT' limit_of_the_day_on_fees run gw-c sponsor register --timeout 300
down
with nosponsor "sponsor = no"
want 1 'UNSUPPORTED' sponsor_off run gw-c sponsor register --timeout 300
down

# ---- two devices in one transaction, each for itself
with batch "$(printf 'batch = 2\nbatch_ms = 60000\ngap_ms = 0')"
before=$(cast nonce "$manager")
start batch.log "$wick" --config "$dir/gw-e.conf" sponsor register --timeout 300
batched=$started
want 0 '^registered .*name=gw-f' batch run gw-f sponsor register --timeout 300
wait "$batched"
result $? batch_of_two
[ "$(cast nonce "$manager")" = $((before + 1)) ]
result $? batch_is_one_transaction
down
# What one device may have sent on a day; each call of before the start counts, of a batch the second too.
with daily "$(printf 'gap_ms = 0\ncalls_per_day = 1')"
want 1 'wallet manager: LIMIT' calls_of_a_day_first_in_batch run gw-e sponsor revoke --timeout 300
want 1 'wallet manager: LIMIT' calls_of_a_day_second_in_batch run gw-f sponsor revoke --timeout 300
gateway gw-h
want 0 '^registered .*name=gw-h' calls_of_another run gw-h sponsor register --timeout 300
want 1 'wallet manager: LIMIT' calls_of_a_day run gw-h sponsor publish 203.0.113.7:4433 --timeout 300
down
with none "$(printf 'gap_ms = 0\ncalls_per_day = 0')"
want 1 'wallet manager: LIMIT' calls_of_a_day_registration run gw-g sponsor register --timeout 300
down
with gap "$(printf 'gap_ms = 0')"
want 0 '^revoked .*name=gw-f' sponsored_revoke run gw-f sponsor revoke --timeout 300
want 1 'RECORD_REVOKED' sponsored_revoke_again run gw-f sponsor revoke --timeout 300
# A call is sent and paid for once, though the device asks again before it is in a block.
cast rpc evm_setAutomine false >/dev/null
start pending.log "$wick" --config "$dir/gw-a.conf" sponsor publish 203.0.113.8:4433 --timeout 300
publishes=$started
await 60 '^gw-a served' wallet.log
start again.log "$wick" --config "$dir/gw-a.conf" sponsor publish 203.0.113.8:4433 --timeout 300
again=$started
await 60 '^gw-a .*"code":"BUSY"' wallet.log
result $? pending_is_not_sent_again
cast rpc evm_setAutomine true >/dev/null
cast rpc evm_mine >/dev/null
wait "$publishes"
result $? pending_is_included
! wait "$again" && await 1 'wallet manager: RECORD_STALE' again.log # it has gone on asking
result $? pending_is_paid_once
want 0 '^published .*seq=3' pending_is_over run gw-a sponsor publish 203.0.113.9:4433 --timeout 300
no_session() { # WHAT COMMAND...: the manager does not even begin to speak with it
    what=$1
    shift
    ! "$@" >"$out" 2>&1 && grep -q '^wick: \(TLS\|NET\): wallet manager' "$out"
    result $? "$what"
}
# A device that is lost: what it knows is of no use as soon as its file says something else, or has gone.
cp "$dir/devices/gw-c" "$dir/gw-c.kept"
sed "s/\"psk\":\"0x[0-9a-f]*/\"psk\":\"0x$(parts_hex 32)/" "$dir/gw-c.kept" >"$dir/devices/gw-c"
no_session replaced_psk run gw-c sponsor register --timeout 300
sed "s/\"token\":\"/&0/" "$dir/gw-c.kept" >"$dir/devices/gw-c"
want 1 'wallet manager: AUTH' replaced_token run gw-c sponsor register --timeout 300
rm "$dir/devices/gw-c"
no_session removed run gw-c sponsor register --timeout 300
grep -q '"device":"gw-c","op":"register","decision":"refused","code":"AUTH"' "$dir/audit"
result $? removed_is_audited
mv "$dir/gw-c.kept" "$dir/devices/gw-c"
want 0 '^registered .*name=gw-c' announced_again run gw-c sponsor register --timeout 300
# It is replaced while the manager runs: another PSK and token, in its file and in the new device.
sed "s/\"psk\":\"0x[0-9a-f]*/\"psk\":\"0x$(sed -n 1p "$dir/gw-a.wallet.psk")/" "$dir/devices/gw-c" >"$dir/gw-c.new"
cp "$dir/gw-c.new" "$dir/devices/gw-c"
cp "$dir/gw-a.wallet.psk" "$dir/gw-c.wallet.psk"
want 0 '^registered .*name=gw-c' replaced_without_a_restart run gw-c sponsor register --timeout 300
gateway gw-n
want 0 '^registered .*name=gw-n' announced_without_a_restart run gw-n sponsor register --timeout 300
chmod 644 "$dir/devices/gw-n"
no_session file_that_others_can_read run gw-n sponsor publish 203.0.113.7:4433 --timeout 300
chmod 600 "$dir/devices/gw-n"
# gw-b's own call, signed by its owner, over the connection of gw-a: each device for itself.
sed 's/^psk_identity = gw-b/psk_identity = gw-a/; s/gw-b.wallet.\(psk\|token\)/gw-a.wallet.\1/' \
    "$dir/gw-b.conf" >"$dir/other.conf"
want 1 'wallet manager: AUTH' sponsored_by_another run other sponsor revoke --timeout 300
# Calls that are its own, but for another organisation, or with octets after them, which would be paid for.
says() { # <answer> <call of gw-a>: this is what the manager says to it
    rm -f "$dir/raw.out"
    printf '{"op":"sponsor","call":"%s"}\n' "$2" >"$dir/raw.in"
    openssl s_client -tls1_2 -cipher 'PSK:@SECLEVEL=0' -connect "127.0.0.1:$wallet_port" -psk_identity gw-a \
        -psk "$(sed -n 1p "$dir/gw-a.wallet.psk")" -quiet <"$dir/raw.in" >"$dir/raw.out" 2>&1 &
    raw=$!
    jobs_running="$jobs_running $raw"
    await 60 '"ok"' raw.out
    kill "$raw" 2>/dev/null
    wait "$raw" 2>/dev/null
    grep -q "$1" "$dir/raw.out" || { sed 's/^/# /' "$dir/raw.out"; return 1; }
}
of() { # <command of cast> <arguments...>
    "$deps/chain/bin/cast" "$@"
}
registration() { # <organisation>
    of calldata 'register(bytes32,bytes32,uint256,bytes32,uint256,bytes32,bytes32)' "$(of keccak "$1")" \
        "$(of keccak gw-a)" 1 "$(of keccak 1)" 1 "$(of keccak 2)" "$(of keccak 3)"
}
word=$(printf '%064d' 0)
! says '"code":"AUTH"' "$(registration lab)" >/dev/null && grep -q '"ok":false' "$dir/raw.out"
result $? sponsored_registration_is_the_contracts_to_refuse
says '"code":"AUTH"' "$(registration other)"
result $? sponsored_registration_of_another_organisation
says '"code":"AUTH"' "$(registration lab)$word"
result $? sponsored_registration_is_whole
spki=0x$(openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null \
    | openssl pkey -pubout -outform DER | od -An -v -tx1 | tr -d ' \n')
says '"code":"AUTH"' "$(of calldata 'announce(bytes)' "$spki")$word"
result $? sponsored_announcement_is_whole
says '"ok":true' "$(of calldata 'announce(bytes)' "$spki")"
result $? sponsored_announcement
down

# ---- a device's daemon and its tool speak with the manager side by side
with pairs "$(printf 'gap_ms = 0\nbatch = 2\nbatch_ms = 60000')"
session() { # <name> <device>: a connection that stays
    rm -f "$dir/$1.in" "$dir/$1.out"
    mkfifo "$dir/$1.in"
    openssl s_client -tls1_2 -cipher 'PSK:@SECLEVEL=0' -connect "127.0.0.1:$wallet_port" -psk_identity "$2" \
        -psk "$(sed -n 1p "$dir/$2.wallet.psk")" -quiet <>"$dir/$1.in" >"$dir/$1.out" 2>&1 &
    held=$!
    jobs_running="$jobs_running $held"
}
asks() { # <name> <request>: over such a connection, whether it is still there or not
    printf '%s\n' "$2" 1<>"$dir/$1.in"
}
session first gw-a && await 60 '"challenge"' first.out
spki=0x$(openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null \
    | openssl pkey -pubout -outform DER | od -An -v -tx1 | tr -d ' \n')
asks first "$(printf '{"op":"sponsor","call":"%s"}' "$(of calldata 'announce(bytes)' "$spki")")"
session second gw-a && await 60 '"challenge"' second.out
second=$held
asks second '{"op":"relay"}' && await 60 '"ok":true,"username"' second.out
result $? second_connection_is_served
want 0 '^published ' fills_the_batch run gw-h sponsor publish 203.0.113.7:4433 --timeout 300
await 60 '"ok":true,"tx"' first.out
result $? first_connection_gets_its_answer
asks first '{"op":"relay"}' && await 60 '"ok":true,"username"' first.out
session third gw-a && await 60 '"challenge"' third.out
until_ok 60 eval '! kill -0 "$second" 2>/dev/null'
result $? third_takes_the_place_of_the_silent_one
asked_twice() {
    [ "$(grep -c '"ok":true,"username"' "$dir/first.out")" -eq 2 ]
}
asks first '{"op":"relay"}' && until_ok 60 asked_twice
result $? the_other_one_stays
# Second connections are none that others are turned away for.
down
with places 'gap_ms = 0'
held_all= met=0
for name in gw-a gw-b gw-d gw-e gw-f gw-g gw-h gw-n step-1 step-2 step-3 step-4 step-5 step-6 step-7 step-8; do
    for which in 1 2; do
        session "$name.$which" "$name"
        held_all="$held_all $held"
        await 60 '"challenge"' "$name.$which.out" || met=1
    done
done
result "$met" each_device_finds_a_place
gateway gw-p
want 0 '^registered .*name=gw-p' and_one_more_does run gw-p sponsor register --timeout 300
down
# shellcheck disable=SC2086
kill $held_all 2>/dev/null
# The tool comes to the manager when it has something to ask, not while its chain keeps it waiting.
sed 's/^url = .*/&\ntimeout_ms = 60000/' "$dir/gw-p.conf" >"$dir/gw-late.conf"
kill -STOP "$anvil_job"
start late.log "$wick" --config "$dir/gw-late.conf" sponsor publish 203.0.113.7:4433 --timeout 120
late=$started
asks_its_chain() { # or has given up
    ! kill -0 "$late" 2>/dev/null || ss -Htn state established dst "127.0.0.1:$rpc_port" | grep -q .
}
until_ok 60 asks_its_chain
with late 'gap_ms = 0'
kill -CONT "$anvil_job"
wait "$late" && await 1 '^published .*endpoint=203.0.113.7:4433' late.log
result $? a_chain_that_is_slow_costs_no_connection
down

# ---- the audit log: each decision, no secret, and no line can be changed
want 0 '^[1-9][0-9]* lines' audit "$wallet" --config "$dir/plain.conf" audit
grep -q '"device":"gw-a","op":"register","decision":"refused","code":"NOT_OWNER"' "$dir/audit" &&
    grep -q '"device":"gw-a","op":"register","decision":"granted"' "$dir/audit"
result $? audit_decisions
! grep -q -e "$(cat "$dir/gw-a.wallet.psk")" -e "$(cat "$dir/gw-a.wallet.token")" "$dir/audit" "$dir/ledger"
result $? audit_no_secrets
cp "$dir/audit" "$dir/audit.kept"
sed -i '2s/refused/granted/' "$dir/audit"
want 1 'MALFORMED: .*line 3' audit_altered "$wallet" --config "$dir/plain.conf" audit
want 1 'MALFORMED' audit_altered_start "$wallet" --config "$dir/plain.conf"
sed 2d "$dir/audit.kept" >"$dir/audit"
want 1 'MALFORMED: .*line 2' audit_missing_line "$wallet" --config "$dir/plain.conf" audit
{ head -n 1 "$dir/audit.kept"; printf '{"at":1,\0\n'; sed 1d "$dir/audit.kept"; } >"$dir/audit"
want 1 'MALFORMED: .*line 2' audit_zero_in_a_line "$wallet" --config "$dir/plain.conf" audit
want 1 'MALFORMED' audit_zero_in_a_line_start "$wallet" --config "$dir/plain.conf"
{ cat "$dir/audit.kept"; printf '{"at":1'; head -c 5000 /dev/zero; } >"$dir/audit"
with plain2 ''
down
cmp -s "$dir/audit" "$dir/audit.kept"
result $? audit_torn_line_is_cut

# ---- killed at each step: the device asks again until it has what it wants
ask() { # <device> <command...>
    asks=100
    until run "$@" >"$dir/life.out" 2>&1; do
        asks=$((asks - 1))
        if [ "$asks" -eq 0 ]; then
            sed 's/^/# /' "$dir/life.out"
            return 1
        fi
        sleep 0.2
    done
}
life() { # <what> <device> <command...>: the manager dies at its step 1, 2, 3 ..., until it lives
    what=$1 step=1
    shift
    up "$faults" plain "$step"
    ask "$@" &
    asking=$!
    jobs_running="$jobs_running $asking"
    until_ok 120 life_over || return 1
    wait "$asking"
    asked=$?
    down
    echo "# $what: killed $((step - 1)) times"
    [ "$asked" -eq 0 ] && [ "$step" -ge 5 ]
}
life_over() { # and whoever is dead is started again
    if ! kill -0 "$wallet_job" 2>/dev/null; then
        step=$((step + 1))
        up "$faults" plain "$step"
    fi
    ! kill -0 "$asking" 2>/dev/null
}
# A sponsored registration has eight steps: a device for each, killed there, and then served.
once=0 steps='1 2 3 4 5 6 7 8'
for step in $steps; do
    before=$(cast nonce "$manager")
    up "$faults" plain "$step"
    await 60 '^READY' wallet.log || exit 1
    run "step-$step" sponsor register --timeout 300 >"$dir/life.out" 2>&1
    until_ok 60 eval '! kill -0 "$wallet_job" 2>/dev/null' || once=1 # it had to die
    up "$wallet" plain
    await 60 '^READY' wallet.log || exit 1
    ask "step-$step" sponsor register --timeout 300 || once=1
    down
    [ "$(cast nonce "$manager")" = $((before + 1)) ] || { echo "# step $step"; once=1; }
done
result "$once" killed_sponsor_once
before=$(cast nonce "$manager")
life fund gw-d register --timeout 300
result $? killed_fund
got=$(cast balance "$(owner gw-d)")
[ "$(cast nonce "$manager")" = $((before + 1)) ] && [ "${#got}" -eq 16 ]
result $? killed_fund_once
[ "$(grep -c ' fund gw-d 0x' "$dir/ledger")" = "$(($(grep -c ' void gw-d ' "$dir/ledger") + 1))" ]
result $? killed_fund_ledger
# An agent that needs no Ether: its registration goes through the manager's own transaction, once.
sed -i 's/^\[wallet\]/&\nsponsored = yes/' "$dir/gw-g.conf"
before=$(cast nonce "$manager")
life sponsored gw-g register --timeout 300
result $? killed_agent
[ "$(cast nonce "$manager")" = $((before + 1)) ] && [ "$(cast nonce "$(owner gw-g)")" = 0 ] \
    && [ "$(cast balance "$(owner gw-g)")" = 0 ]
result $? killed_agent_once_and_without_ether
want 0 '^[1-9][0-9]* lines' killed_audit "$wallet" --config "$dir/plain.conf" audit

tap_end
