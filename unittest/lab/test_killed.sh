#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The wallet manager, the attestors and the agent are killed, by SIGKILL, at each step of a device's life, and
# started again: before anything is asked, with a voucher given, with attestations given and not used, with each
# transaction in the ledger and in no block yet, and with each in a block. In one life they die together, and the
# tool with them; in another one after the other, while the others live, and the node forgets what is in no block;
# a third one is undisturbed. A neighbour has something sent each time, so that two transactions are under way, and
# the device asks again. What is paid for changes a record, each time; no nonce is used twice; no number of the
# record goes back; the device is what it was to be; the manager's books are in order.
# usage: test_killed.sh <wick> <wick-wallet> <wick-attestor> <wickd>
set -u
wick=$1
wallet=$2
attestor=$3
wickd=$4
kind=anvil
suite=life.killed
if [ -z "${WICK_FULL:-}" ]; then
    echo "1..0 # SKIP two lives full of deaths take minutes: run.sh --full"
    exit 77
fi
. "$WICK_SOURCE_DIR/unittest/lab/life.sh"
life_enter "$@"
life_world
node_url=$chains_url
cast() {
    lab_in chain "$top/build/deps/chain/bin/cast" "$@"
}
node() { # METHOD PARAMS...: the node itself
    cast rpc --rpc-url "$node_url" "$@"
}
sent_in_all() { # by the manager, and in blocks
    cast nonce --rpc-url "$node_url" "$manager"
}
# From here on whoever sends is heard.
chains_start record node "$top/unittest/lab/rpc_record.mjs" 20.0.0.20:8600 "$chains_url" "$work/sent"
chains_await 60 record '^ready' || broken "no record"
chains_url=http://20.0.0.20:8600 chains_own=http://20.0.0.20:8600
life_chain=$(chains_conf)
life_account operator
life_deploy
{ pays operator relay invite 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 &&
    pays operator relay register 20.0.0.10:3478 && pays operator relay approve 0; } >"$work/relay.log" 2>&1 \
    || { sed 's/^/# /' "$work/relay.log"; broken "no relay"; }
life_attestors
printf 'sponsor = yes\nbatch_ms = 50\ngap_ms = 0\naudit_file = audit\n' >>"$work/manager.conf"
life_device caller
attested_by="$(cat "$work/known"; printf '[attest]\nneeded = 2\n')"
life_device calm "$attested_by"
life_device together "$attested_by"
life_device alone "$attested_by"
life_device neighbour
first=$(sent_in_all) # before it by its key: the relay's approval
pair_manage
# shellcheck disable=SC2086
life_enrol $life_all caller neighbour

# ---- who runs, and dies
attestors_up() {
    for name in $life_all; do
        start "$name" "$name" "$attestor" --config "$work/$name/wick.conf"
        eval "job_$name=$started"
    done
    for name in $life_all; do
        await "$life_wait" '^READY signer=0x' "$name" || broken "no attestor"
    done
}
end_of() { # SIGNAL JOB...
    end_signal=$1
    shift
    for job; do
        kill "-$end_signal" "$job" 2>/dev/null
    done
    for job; do
        wait "$job" 2>/dev/null
    done
}
agent_up() { # in which place it is
    start "agent-$device" "$agent_place" "$wickd" --config "$work/$device/wick.conf" -v
    agent_job=$started
}
agent_down() {
    end_of TERM "$agent_job"
    agent_job=
}
# All of them at once, and the tool is not asked again by anybody; or each of the services while the others live.
# shellcheck disable=SC2086,SC2154
die() {
    [ "$dies" != none ] || return 0
    deaths=$((deaths + 1))
    if [ "$dies" = together ]; then
        end_of KILL $job_wallet $job_att1 $job_att2 $job_att3 $agent_job $tool_job
        tool_job=
        pair_manage
        attestors_up
        [ -z "$agent_job" ] || agent_up
        return
    fi
    if [ -n "$agent_job" ]; then
        end_of KILL $agent_job
        agent_up
    fi
    end_of KILL $job_att1 $job_att2 $job_att3
    attestors_up
    end_of KILL $job_wallet
    node anvil_dropAllTransactions >"$work/drop.log" || broken "the node forgets nothing"
    pair_manage
}

# ---- blocks: one is made when the test wants it, and never else
# Is it so? If not, what waits comes into a block. The pool is looked at first: where a condition is of the ledger,
# which has a transaction before the pool, what was seen to wait is another one, and until it is in a block the
# manager takes no second one of this device.
mined() { # CONDITION...
    waits=$(node txpool_status | grep -c '"pending":"0x[1-9a-f]')
    "$@" && return 0
    [ "$waits" -eq 0 ] || node evm_mine >"$work/mine.log"
    return 1
}

# ---- what has become of the device
vouched() {
    grep -q " voucher $device 0x" "$work/ledger"
}
attested() { # more often than before
    [ "$(cat "$work"/att?/audit | grep -c ' attested 0x')" -gt "$attested_before" ]
}
attestations_from_here() {
    attested_before=$(cat "$work"/att?/audit 2>/dev/null | grep -c ' attested 0x')
}
selector() { # FUNCTION: as a transaction of the ledger begins its call
    cast sig "$1" | sed 's/^0x//'
}
publishes=$(selector 'publishAttestedFor(uint256,uint256,bytes32,bytes32,bytes32,bytes32)')
registers=$(selector 'register(bytes32,bytes32,uint256,bytes32,uint256,bytes32,bytes32)')
rotates=$(selector 'rotateFor(bytes32,uint256,uint64,bytes32,bytes32,bytes32)')
revokes=$(selector 'revokeFor(bytes32,bytes32,bytes32,uint32,uint64)')
endpoints=$(selector 'publishFor(bytes32,bytes32,uint256,uint256,bytes32,bytes32)')
calls_of() { # DEVICE SELECTOR: in the manager's ledger
    grep -c " batch $1 0x[0-9a-f]* 0x[0-9a-f]*$2" "$work/ledger"
}
more_than() { # COUNT DEVICE SELECTOR
    [ "$(calls_of "$2" "$3")" -gt "$1" ]
}
sent() { # SELECTOR: of the device
    more_than "$calls_before" "$device" "$1"
}
epoch_is() {
    at lan-a caller device show "$device" >"$work/show" 2>&1
    grep -q "\"epoch\":$1[,}]" "$work/show"
}
primary_in() { # NUMBER OF THE SITE: two of the attestors have reached it there
    at lan-a caller lookup "$device" >"$work/look" 2>&1
    grep '"event":"primary"' "$work/look" |
        grep -q "\"endpoint\":\"20.0.0.10$1:[0-9]*\".*\"validated_at_h\":[1-9]"
}
is_revoked() {
    at lan-a caller lookup "$device" 2>&1 | grep -q RECORD_REVOKED
}
# The agent has nothing more to write: its standby place, another one after each start, is there too.
settled() {
    grep -q 'published .*place=standby' "$work/agent-$device.log"
}
key_in_place() { # the key that the record has is the device's, and no other one is left
    [ ! -e "$work/$device/device.key.next" ]
}
tool() { # COMMAND...: of the device, in the background
    start "tool-$device" "$agent_place" "$wick" --config "$work/$device/wick.conf" "$@" --timeout 600
    tool_job=$started
}

step() { # WHAT CONDITION...: comes true
    what=$1
    shift
    until_ok 60 "$@"
    reached=$?
    [ "$reached" -eq 0 ] || tail -n 20 "$work/agent-$device.log" "$work/wallet.log" | sed 's/^/# /'
    result "$reached" "${device}_$what"
}

# ---- who else is about
neighbour_writes=0
# The neighbour has something sent while a transaction of the device is under way: the manager's next one, unless
# it died meanwhile: what it has found in its ledger comes into a block before it sends anything else.
neighbour_tool() {
    start neighbour lan-a "$wick" --config "$work/neighbour/wick.conf" sponsor publish 203.0.113.7:4433 --timeout 600
    neighbour_job=$started
}
neighbour_asks() {
    neighbour_before=$(calls_of neighbour "$endpoints") neighbour_writes=$((neighbour_writes + 1))
    neighbour_tool
    step neighbour_is_heard neighbour_is_heard
}
neighbour_is_taken() {
    more_than "$neighbour_before" neighbour "$endpoints"
}
neighbour_is_heard() {
    neighbour_is_taken || grep -q '^neighbour .*"BUSY"' "$work/wallet.log"
}
# In its record. The manager's death may have left it without an answer, and what was not taken is asked for again.
neighbour_is_there() {
    at lan-a caller lookup neighbour 2>&1 | grep '"event":"primary"' | grep -q "\"seq\":$neighbour_writes[,}]" &&
        return 0
    kill -0 "$neighbour_job" 2>/dev/null || neighbour_is_taken || neighbour_tool
    return 1
}
neighbour_has_it() {
    step neighbour_has_it mined neighbour_is_there
    end_of KILL "$neighbour_job"
}
# The agent, which began anew, wants what it wanted before there is a block: the manager tells it to wait, or, as it
# must not, pays once more.
asked_again() { # SELECTOR
    [ "$dies" != none ] || return 0
    calls_before=$(calls_of "$device" "$1")
    step asked_again is_answered_again "$1"
}
is_answered_again() { # SELECTOR
    grep -q "^$device .*\"BUSY\"" "$work/wallet.log" || sent "$1"
}

life() { # DEVICE
    device=$1 agent_place=lan-b agent_job= tool_job= deaths=0
    attestations_from_here
    die
    agent_up
    step voucher_asked vouched
    die
    calls_before=0
    step registration_sent mined sent "$registers"
    neighbour_asks
    die
    asked_again "$registers"
    step registered mined epoch_is 1
    neighbour_has_it
    die
    step attestation_given mined attested
    die
    calls_before=0
    step publication_sent mined sent "$publishes"
    neighbour_asks
    die
    asked_again "$publishes"
    step published mined primary_in 2
    neighbour_has_it
    die
    step settled mined settled
    calls_before=0
    tool sponsor rotate
    step rotation_sent mined sent "$rotates"
    neighbour_asks
    die
    step rotated mined epoch_is 2
    neighbour_has_it
    die
    step key_in_place key_in_place
    step settled_again mined settled
    agent_down
    agent_place=lan-c calls_before=$(calls_of "$device" "$publishes")
    attestations_from_here
    agent_up
    step attestation_given_there mined attested
    die
    step move_sent mined sent "$publishes"
    neighbour_asks
    die
    asked_again "$publishes"
    step moved mined primary_in 3
    neighbour_has_it
    die
    step settled_there mined settled
    calls_before=0
    tool sponsor revoke
    step revocation_sent mined sent "$revokes"
    neighbour_asks
    die
    step revoked mined is_revoked
    neighbour_has_it
    die
    [ "$dies" = none ] || step and_it_knows grep -q REVOKED "$work/agent-$device.log"
    agent_down
    # shellcheck disable=SC2086
    end_of KILL $tool_job
}

# ---- what it costs
changed() { # DEVICE EVENT: as often
    grep -c "\"event\":\"$2\"" "$work/$1.events"
}
events_of() { # DEVICE
    op watch "$1" --from 0 --for 1 >"$work/$1.events" 2>&1
}
account() { # DEVICE: lives, and what was paid for, and changed
    before=$(sent_in_all)
    events_of neighbour
    changes=$(changed neighbour published)
    life "$1"
    paid=$(($(sent_in_all) - before))
    echo "# $1: $paid transactions, $deaths deaths of each"
    events_of "$1"
    events_of neighbour
    changes=$(($(changed neighbour published) - changes))
    changes=$((changes + $(changed "$1" '\(registered\|published\|rotated\|revoked\)')))
}
node evm_setAutomine false >"$work/hold.log" || broken "no hold"
end_of TERM "$job_wallet"
pair_manage
attestors_up
dies=none
account calm
[ "$paid" -ge 10 ] && [ "$changes" -eq "$paid" ]
result $? a_life_without_a_death
calm_paid=$paid

epochs_rise() {
    sed -n 's/.*"epoch":\([0-9]*\).*/\1/p' "$work/$dies.events" >"$work/epochs"
    [ -s "$work/epochs" ] && sort -n -u -c "$work/epochs" 2>/dev/null
}
# Each place of the record, the primary and the standby one, counts for itself; RECORDS.md: the endpoint word.
sequences_rise() {
    cast logs --json --rpc-url "$node_url" --from-block 0 --address "$registry_at" \
        'Published(bytes32 indexed id, bytes32 entry, uint256 word)' \
        "$(sed -n '1s/.*"id":"\(0x[0-9a-f]*\)".*/\1/p' "$work/$dies.events")" | grep -o '"data":"0x[0-9a-f]*"' |
        sed 's/"data":"0x\(.\{64\}\).\{16\}\(.\{8\}\).*/\1 x\2/' >"$work/sequences"
    [ "$(wc -l <"$work/sequences")" -eq "$(changed "$dies" published)" ] &&
        awk '($1 in last) && $2 <= last[$1] { bad = 1 } { last[$1] = $2 } END { exit NR == 0 || bad }' \
            "$work/sequences"
}
for dies in together alone; do
    account "$dies"
    [ "$deaths" -ge 14 ]
    result $? "${dies}_they_die"
    [ "$changes" -eq "$paid" ]
    result $? "${dies}_all_that_is_paid_for_changes_the_record"
    # An allocation at the relay goes with the agent that has it: each death may move the device's place there, which
    # is one more publication, and nothing else.
    [ "$paid" -le $((calm_paid + deaths)) ]
    result $? "${dies}_a_death_costs_one_publication_at_most"
    for what in registered rotated revoked; do
        [ "$(changed "$dies" "$what")" -eq 1 ]
        result $? "${dies}_once_$what"
    done
    epochs_rise
    result $? "${dies}_no_epoch_goes_back"
    sequences_rise
    result $? "${dies}_no_sequence_number_goes_back"
    key=$("$wick" --config "$work/$dies/wick.conf" --json id show |
        sed -n 's/.*"device_key":"0x0[23]\([0-9a-f]*\)".*/\1/p')
    [ -n "$key" ] && grep -q "\"event\":\"rotated\".*\"epoch\":2,\"key\":\"0x$key\"" "$work/$dies.events"
    result $? "${dies}_the_device_has_its_key"
    is_revoked && [ "$(tail -n 1 "$work/epochs")" -eq 3 ]
    result $? "${dies}_and_it_is_revoked"
done

# ---- of all that a node took, by whomever it was sent
sort -u "$work/sent" | while read -r raw; do
    "$wick" --json tx decode "$raw" | sed "s/.*\"from\":\"\([^\"]*\)\".*\"nonce\":\([0-9]*\).*/\1 \2 $raw/"
done >"$work/taken"
[ "$(grep -c '^0x[0-9a-f]* [0-9]* 0x' "$work/taken")" -eq "$(sort -u "$work/sent" | wc -l)" ] &&
    [ -z "$(cut -d' ' -f1,2 "$work/taken" | sort | uniq -d)" ]
result $? no_nonce_pays_for_two
payer=$(printf '%s' "$manager" | tr 'A-F' 'a-f')
awk -v payer="$payer" -v from="$first" '$1 == payer && $2 >= from { print $3 }' "$work/taken" |
    sort >"$work/taken.manager"
[ "$(wc -l <"$work/taken.manager")" -eq $(($(sent_in_all) - first)) ]
result $? nothing_is_left_over

# ---- the manager's books
end_of TERM "$job_wallet"
want 0 '^[1-9][0-9]* lines' the_audit_is_whole "$wallet" --config "$work/manager.conf" audit
sed -n 's/^[0-9]* batch [^ ]* 0x[0-9a-f]* \(0x[0-9a-f]*\)$/\1/p' "$work/ledger" | sort >"$work/booked"
[ -s "$work/booked" ] && cmp -s "$work/booked" "$work/taken.manager" && ! grep -q ' void ' "$work/ledger"
result $? the_ledger_has_what_was_sent_and_nothing_else
tap_end
