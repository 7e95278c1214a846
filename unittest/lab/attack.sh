# SPDX-License-Identifier: Apache-2.0
# The attackers of `demo.sh --attack`; sourced by it after the story. Each is a process of its own,
# alters real bytes and uses no code of wick. With the attacker in place but idle the same command
# must succeed; with it at work the one right refusal must appear, or the demo fails.

attacks=0

# refused NAME CODE COMMAND...: the command must fail and say CODE
refused() {
    attack_name=$1
    attack_code=$2
    shift 2
    if "$@" >"$work/attack.log" 2>&1; then
        show_and_die attack "$attack_name: was not refused"
    fi
    grep -qw "$attack_code" "$work/attack.log" \
        || show_and_die attack "$attack_name: refused, but not with $attack_code"
    attacks=$((attacks + 1))
    step "  refused" "$attack_name: $attack_code"
}
# accepted NAME COMMAND...: the command must succeed
accepted() {
    attack_name=$1
    shift
    "$@" >"$work/attack.log" 2>&1 || show_and_die attack "$attack_name: should have succeeded"
    step "  accepted" "$attack_name"
}

attackers=unittest/lab/attackers
attacker_ready() {
    grep -q '^ready' "$work/$1.log"
}

# ---- a node that lies: gw-b reads the chain through it ----

liar_port=8600
through_liar() { # COMMAND MODE [ARG]: one attacker a mode, each on its own port
    liar_command=$1
    shift
    liar_port=$((liar_port + 1))
    start "liar$liar_port" chain node "$attackers/rpc_liar.mjs" 20.0.0.20 "$liar_port" "$chains_url" "$@"
    lab_wait 60 attacker_ready "liar$liar_port" || show_and_die "liar$liar_port" "no attacker"
    sed "s#^url = .*#url = http://20.0.0.20:$liar_port#" "$work/b/wick.conf" >"$work/b/liar.conf"
    # shellcheck disable=SC2086
    lab_in lan-b "$bin/wick" --config "$work/b/liar.conf" $liar_command
}

# gw-b's own endpoint is real and published too: the liar shows it as that of gw-a.
endpoint_slot() { # NAME: endpoints[keccak256(abi.encode(id, service, 0))], slot 1
    slot_id=$("$chain_bin/cast" keccak "$1")
    slot_service=$("$chain_bin/cast" keccak default)
    slot_key=$("$chain_bin/cast" keccak "$slot_id${slot_service#0x}$(printf '%064d' 0)")
    "$chain_bin/cast" keccak "$slot_key$(printf '%064d' 1)"
}

say "a node that lies"
accepted "node between gateway and chain, idle" through_liar "lookup gw-a" off
refused "proof cut short, slot called empty" PROOF_INCOMPLETE through_liar "lookup gw-a" cut
refused "bit flipped in a proof node" PROOF_BAD_HASH through_liar "lookup gw-a" flip
refused "state root altered in the header" HEADER_HASH through_liar "lookup gw-a" header
refused "an old block served as the newest" HEADER_STALE through_liar "lookup gw-a" old 4
accepted "gw-b publishes an endpoint of its own" wick lan-b b publish
refused "endpoint of gw-b in place of gw-a's" PROOF_BAD_HASH \
    through_liar "lookup gw-a" swap "$(endpoint_slot gw-a)=$(endpoint_slot gw-b)"

# ---- somebody else's transaction: writes the endpoint of gw-a ----

say "a thief of the name"
thief=$(chains_rpc "$chains_url" eth_accounts '[]' | tr -d '[]" ' | cut -d, -f3)
# validatedAt 24 | expires 40 | seq 32 | kind relay | UDP | port 50000 | ::ffff:20.0.0.66
stolen_word=$(printf '0x000000%010x%08x0311c350%020xffff14000042' $(($(date +%s) + 3600)) 9 0)
steal() {
    lab_in chain "$chain_bin/cast" send --unlocked --from "$thief" --rpc-url "$chains_url" "$device_registry" \
        'publish(bytes32,bytes32,uint8,uint32,uint256)' \
        "$("$chain_bin/cast" keccak gw-a)" "$("$chain_bin/cast" keccak default)" 0 1 \
        "$stolen_word"
}
not_owner=$("$chain_bin/cast" sig 'NotOwner()')
refused "endpoint of gw-a written by another wallet, NotOwner()" "$not_owner" steal

# ---- a man in the middle between gw-b and its relay ----

say "a man in the middle on the relay"
lab_host mitm 20.0.0.66
lab_in nat-b nft add rule ip nat prerouting iifname int udp dport 3478 dnat to 20.0.0.66
mitm_pid=
call_through_mitm() { # MODE TIMEOUT
    [ -z "$mitm_pid" ] || { kill "$mitm_pid" && wait "$mitm_pid" || :; }
    start mitm mitm node "$attackers/relay_mitm.mjs" 20.0.0.66 3478 20.0.0.10 3478 "$1"
    mitm_pid=$!
    lab_wait 60 attacker_ready mitm || show_and_die mitm "no attacker"
    wick lan-b b connect gw-a --send "hello through the middle" --timeout "$2"
}
accepted "man in the middle, idle" call_through_mitm off 300
accepted "each datagram sent three times" call_through_mitm replay 300
refused "handshake answers altered" NSL_NO_ANSWER call_through_mitm handshake 300
grep -q '^altered' "$work/mitm.log" || show_and_die mitm "the attacker altered nothing"
refused "application data altered" TIMEOUT call_through_mitm data 20
grep -q '^altered' "$work/mitm.log" || show_and_die mitm "the attacker altered nothing"
step attacks "$attacks attacks, each refused with its own reason"
