#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many sessions in one daemon: as many gateways as it has places for talk to it at once, the next one is
# told that it is full and nobody else notices; when one leaves, the next one is let in.
# usage: test_many.sh <wick> <wick-wallet> <wickd>
set -u
wick=$1
wallet=$2
wickd=$3
suite=lab.many
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

lab_start
gateway gw-a
callers='c1 c2 c3 c4' # WICK_GW_SESSIONS_MAX of them
for name in $callers c5; do
    gateway $name
done
lab_wallet
printf '[wickd]\necho = yes\n' >>"$dir/gw-a.conf"
start wickd.log "$wickd" --config "$dir/gw-a.conf"
daemon=$started
ready() {
    run gw-a status | grep -q '^ready *true'
}
want 0 '^registered' register_the_last run c5 register
until_ok 90 ready
result $? ready
for name in $callers; do
    start $name.log "$wick" --config "$dir/$name.conf" connect gw-a --for 600
    eval "job_$name=$started"
done
talks() { # NAME
    grep -q '^echo ' "$dir/$1.log"
}
for name in $callers; do
    until_ok 90 talks $name || sed 's/^/# /' "$dir/$name.log"
    talks $name
    result $? "${name}_talks"
done
sessions() { # HOW MANY
    run gw-a status | grep -q "^sessions *$1\$"
}
until_ok 30 sessions 4
result $? all_places_are_taken
[ "$(run gw-a status --sessions | grep -c 'open=true')" -eq 4 ]
result $? all_are_open

# ---- full
want 1 'PEER_BUSY' one_more_is_refused run c5 connect gw-a --timeout 300
kill -0 "$daemon" && until_ok 60 sessions 4
result $? the_others_stay
! grep -q 'session-down\|ended' "$dir"/c[1-4].log
result $? and_notice_nothing

# ---- one leaves
kill -TERM "$job_c1"
wait "$job_c1"
result $? one_leaves
grep -q '^kept .*echoed=[1-9]' "$dir/c1.log"
result $? its_data_came_back
until_ok 30 sessions 3
result $? its_place_is_free
want 0 '^done ' the_next_is_let_in run c5 connect gw-a --timeout 300
for name in c2 c3 c4; do
    eval "kill -TERM \$job_$name; wait \$job_$name"
    result $? "${name}_was_there_all_the_time"
done
tap_end
