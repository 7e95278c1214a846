#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tickets end to end: gateway gw-a introduces its leaf to gw-b, and `openssl s_client` is the leaf. It
# shows the ticket as its identity, knows nothing but a key of 32 bytes, and gw-b names it by issuer
# and leaf. What must not work does not: a used ticket, another issuer, a wrong key, a revoked issuer.
# usage: test_ticket.sh <wick> <wick-wallet> <wickd>
set -u
wick=$1
wallet=$2
wickd=$3
suite=lab.ticket
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"
command -v openssl >/dev/null || {
    echo "# SKIP no openssl"
    exit 77
}

lab_start
gateway gw-a
gateway gw-b
gateway gw-c
lab_wallet
for name in gw-a gw-c; do
    want 0 '^registered' "register_$name" run $name register --timeout 300
done
printf '[tickets]\naccept = gw-a:0x8001\n' >>"$dir/gw-b.conf"
start listen.log "$wick" --config "$dir/gw-b.conf" listen
await 120 '^READY' listen.log || exit 1
# As a router without a firewall leads to it: the socket from which gw-b speaks to its relay.
port=$(sed -n 's/^path .*reflexive=127\.0\.0\.1:\([0-9]*\) .*/\1/p' "$dir/listen.log")

server=gw-b
log=listen.log
text='hello from the leaf'
field() { # <name>: of the last `wick ticket make`
    sed -n "s/^$1  *//p" "$out"
}
ticket() { # <test> <issuer> <leaf> <options...>: sets $identity, $short, $psk, $id
    made=$1 by=$2 leaf=$3
    shift 3
    want 0 '^ticket  *dpk1\.' "$made" run "$by" ticket make "$server" --leaf "$leaf" "$@"
    identity=$(field ticket) short=$(field short_identity) id=$(field issuer)
    psk=$(field psk | sed 's/^0x//')
}
# What the server says of a leaf that it turns away: `wick listen` and wickd, each in its words.
refusals() {
    grep -c '^refused \|leaf with a ticket refused' "$dir/$log"
}
last_refusal() {
    sed -n 's/^refused .*status=\([A-Z0-9_]*\).*/\1/p
        s/.*leaf with a ticket refused: .*: \([A-Z0-9_]*\).*/\1/p' "$dir/$log" | tail -n 1
}
answered() {
    grep -q "$text" "$dir/leaf.out"
}
answered_or_refused() {
    answered || [ "$(refusals)" -gt "$before" ]
}
client_gone() {
    ! kill -0 "$client" 2>/dev/null
}
leaf_try() { # <identity> <psk> <cipher>: one handshake and one line, which must come back
    before=$(refusals)
    rm -f "$dir/in" "$dir/leaf.out"
    mkfifo "$dir/in"
    : >"$dir/leaf.out"
    openssl s_client -dtls1_2 -connect "127.0.0.1:$port" -psk_identity "$1" -psk "$2" \
        -cipher "$3" -quiet -no_ign_eof <"$dir/in" >"$dir/leaf.out" 2>"$dir/leaf.err" &
    client=$!
    exec 9>"$dir/in"
    say >&9
    until_ok 60 answered_or_refused
    exec 9>&- # it says goodbye then, so that its session is over there as well
    until_ok 20 client_gone
    kill "$client" 2>/dev/null
    wait "$client" 2>/dev/null
    answered
}
say() {
    echo "$text"
}
# The first try may come before the issuer's record is read: AGAIN. That is no answer.
leaf_until_told() { # <identity> <psk> <cipher>
    for try in $(seq 100); do
        leaf_try "$@" && return 0
        [ "$(last_refusal)" = AGAIN ] || return 1
        sleep 0.2
    done
    return 1
}
leaf_good() {
    leaf_until_told "$@" && return 0
    sed 's/^/# /' "$dir/leaf.err" "$dir/$log"
    return 1
}
leaf_bad() { # <why> <identity> <psk> <cipher>
    reason=$1
    shift
    before_all=$(refusals)
    ! leaf_until_told "$@" && [ "$(refusals)" -gt "$before_all" ] &&
        [ "$(last_refusal)" = "$reason" ] && return 0
    echo "# not $reason but $(last_refusal)"
    return 1
}
plain=PSK-CHACHA20-POLY1305

# ---- stock software as a leaf
ticket make gw-a meter-7
leaf_good "$identity" "$psk" "$plain"
result $? openssl_accepted
grep -q "^handshake .*leaf=meter-7 issuer=$id" "$dir/listen.log"
result $? peer_is_issuer_and_leaf

# ---- used is used, and its short identity is nobody's any more
leaf_bad TICKET_REPLAY "$identity" "$psk" "$plain"
result $? used_ticket_refused
leaf_bad NOT_FOUND "$short" "$psk" "$plain"
result $? used_short_identity_refused

# ---- more than once, where that is granted; forward secret, where the leaf can; the short identity
ticket make_reuse gw-a pump.2 --scope 32769
leaf_good "$identity" "$psk" ECDHE-PSK-CHACHA20-POLY1305
result $? ecdhe_accepted
leaf_good "$short" "$psk" "$plain"
result $? short_identity_accepted
[ "$(grep -c "^handshake .*leaf=pump.2 issuer=$id" "$dir/listen.log")" -ge 2 ]
result $? reuse_is_named

# ---- what is not let in
leaf_bad TLS "$identity" "$(printf '%064d' 7)" "$plain"
result $? wrong_key_refused
ticket make_scope gw-a meter-7 --scope 3
leaf_bad TICKET_SCOPE "$identity" "$psk" "$plain"
result $? scope_refused
ticket make_other gw-c meter-7
leaf_bad TICKET_ISSUER "$identity" "$psk" "$plain"
result $? issuer_not_named_refused
! grep -q "leaf=meter-7 issuer=$id" "$dir/listen.log"
result $? its_name_is_nobodys

# ---- at the daemon: a leaf speaks for itself, not for other leaves as its gateway does
printf '[tickets]\naccept = *\n[wickd]\necho = yes\n' >>"$dir/gw-c.conf"
start wickd.log "$wickd" --config "$dir/gw-c.conf"
ready() {
    run gw-c status | grep -q '^ready *true'
}
until_ok 90 ready
result $? daemon_is_ready
port=$(run gw-c status | sed -n 's/^path .*reflexive=127\.0\.0\.1:\([0-9]*\).*/\1/p')
server=gw-c
log=wickd.log
ticket make_for_daemon gw-a meter-8
text=leaf=meter-9
say() { # CoAP: POST /dpk/in?service=x&leaf=meter-9
    printf '\100\002\022\064\263dpk\002in\111service=x\014leaf=meter-9\377x'
}
leaf_good "$identity" "$psk" "$plain" # it comes back as it is: an echo, and no answer
result $? speaks_for_no_other_leaf
grep -q 'leaf.*meter-8' "$dir/wickd.log"
result $? daemon_names_the_leaf

# ---- the tool says which claim
server=gw-b
ticket make_again gw-a meter-7
want 0 '"audience_kid":"0x' show run gw-b ticket show "$identity" --json
want 1 'TICKET_AUDIENCE: claim: audience' open_by_another run gw-a ticket open "$identity"
sed '/^store_dir/d' "$dir/gw-b.conf" >"$dir/gw-b2.conf" # the store is the agent's
want 0 '^leaf  *meter-7' open run gw-b2 ticket open "$identity"
want 1 'EXPIRED: claim: iat . life' open_late run gw-b2 ticket open "$identity" --now 4000000000
want 1 'AUTH: claim: seal\|NON_CANONICAL' open_altered run gw-b2 ticket open "${identity%???}AAA"
want 1 'MALFORMED: a ticket is' open_cut run gw-b2 ticket open "${identity%?}"
want 1 'TICKET_LIFE: gw-b: life' make_long run gw-a ticket make gw-b --leaf a --life 3601
want 1 'NAME: sub' make_name run gw-a ticket make gw-b --leaf A
want 1 'RECORD_ABSENT' make_nobody run gw-a ticket make gw-z --leaf a
tap_end
