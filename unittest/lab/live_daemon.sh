# SPDX-License-Identifier: Apache-2.0
# The daemon on a chain whose headers it verifies itself: it follows the head and serves look-ups proven
# under it. On QBFT it goes through what such a chain can do: it halts, comes back, and the daemon is
# killed meanwhile. Sourced by live.sh, on its chain; gw-a is registered there.

# A node that says nothing is given up soon, for that is waited for below.
sed -i '/^url = /a timeout_ms = 2500' "$work/gw-a.conf"
cat >>"$work/gw-a.conf" <<CONF
[wickd]
serve = no
log = debug
CONF
daemon() { # NAME
    chains_start "$1" "$wickd" --config "$work/gw-a.conf"
    until_ok 60 run status
}
head_is() { # STATE: of the tier that the rule gives
    run --json status --light | grep -q "\"tier\":\"$chains_tier\",\"state\":\"$1\""
}
head_block() {
    run --json status --light | sed -n "s/.*\"tier\":\"$chains_tier\",\"state\":\"[a-z]*\",\"block\":\([0-9]*\).*/\1/p"
}
synced() {
    run status --light | grep -q '^chains .*synced=true'
}
daemon one
result $? daemon_starts
until_ok 60 head_is ok
result $? daemon_follows_the_chain
until_ok 60 synced # a head may serve before the newest has been reached
want 0 '^chains .*synced=true' daemon_synced run status --light
want 0 'bytes=[1-9]' daemon_bytes run status --light
want 0 "^wick_head_state{chain=\"lab\",tier=\"$chains_tier\",state=\"ok\"} 1\$" daemon_metrics_head \
    run status --prometheus
# A record without an endpoint is shown whole, with what is missing as the reason.
want 1 "^tier *$chains_tier" daemon_lookup run lookup gw-a
grep -q '^by *wickd' "$out" && grep -q '^grace *false' "$out"
result $? daemon_lookup_is_its_own
want 1 RECORD_ABSENT daemon_lookup_absent run lookup nobody
before=$(head_block)
later() {
    [ "$(head_block)" -gt "$before" ]
}
until_ok 120 later
result $? daemon_head_moves

# ---- the chain halts: what is known still serves, and says so ----

daemon_last=one
if [ "$kind" = qbft ]; then
    sealing stall '[true]'
    until_ok 60 head_is grace
    result $? halted_is_seen
    # What was on its way when the chain halted may still come, and be fresh for a moment.
    says_grace() {
        run lookup gw-a | grep -q '^grace *true'
    }
    until_ok 60 says_grace
    want 1 '^grace *true' halted_lookup_in_grace run lookup gw-a
    grep -q 'light-stale chain=lab' "$work/one.log"
    result $? halted_is_logged
    # Nobody answers any more: the last record serves from memory.
    kill -STOP "$chains_pid_sealing"
    want 1 '^grace *true' lookup_without_nodes run lookup gw-a
    want 3 'TIMEOUT\|NET' lookup_unknown_without_nodes run lookup nobody

    # ---- killed in the middle of it: the store has the head ----
    before=$(head_block)
    kill -9 "$chains_pid_one"
    wait "$chains_pid_one" 2>/dev/null
    daemon_last=two
    daemon two
    result $? starts_without_nodes
    until_ok 30 head_is grace
    result $? head_from_the_store
    kept=$(head_block)
    [ "$kept" -gt 0 ] && [ "$kept" -le "$before" ]
    result $? head_is_the_stored_one
    kill -CONT "$chains_pid_sealing"
    sealing stall '[false]'
    until_ok 60 head_is ok
    result $? goes_on
    want 1 '^grace *false' lookup_again run lookup gw-a
fi

# ---- end ----

eval "daemon_pid=\$chains_pid_$daemon_last"
kill -TERM "$daemon_pid"
wait "$daemon_pid"
result $? daemon_ends
[ ! -e "$work/gw-a.store/wickd.sock" ]
result $? daemon_cleans_up
# What it knew is there for whoever comes next, without the daemon.
want 1 "^tier *$chains_tier" store_serves_the_tool run lookup gw-a
