#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who reaches whom: a caller and a called one at each place that nftables and miniupnpd can make, real
# coturn, a real chain, the real tool. Each cell is a payload that came back through DTLS under a key
# that both took from the chain; by which way it leaves is counted by the kernel, not said by the
# tool, at first and when the session has found its path.
# By default some pairs, with WICK_FULL=1 all of them.
#   nat_matrix.sh WICK WICK_WALLET
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
wick=$1 wallet=$2
lab=$top/build/deps/lab/bin
. "$top/unittest/lab/topology.sh"
. "$top/unittest/lab/chains.sh"
. "$top/unittest/lab/sites.sh"
chains_need anvil || exit 77
lab_need turnserver miniupnpd
lab_inside "$@"

# ---- inside the namespaces: everything started here ends with this shell ----

chains_work
trap '[ -n "${WICK_KEEP:-}" ] && cp -r "$work" "$WICK_KEEP"; rm -rf "$work"' EXIT
umask 077
# shellcheck disable=SC2034
suite=lab.nat_matrix out=$work/out
. "$top/unittest/lab/tap.sh"
. "$top/unittest/lab/parts.sh"
broken() { # WHAT [LOG]
    echo "not ok $((n + 1)) - lab.nat_matrix # $1"
    [ $# -lt 2 ] || tail -n 30 "$work/$2" | sed 's/^/#   /'
    exit 1
}
since=$(date +%s%3N)
took() {
    now=$(date +%s%3N)
    echo "# $1: $((now - since)) ms"
    since=$now
}

# Pairs caller:called. The default ones have each place on both sides, and each hard neighbourhood.
pairs="public:random random:public cone:random random:cone keep:keep keep:random random:random
random:pcp pcp:keep double:keep keep:double double:pcp"
if [ -n "${WICK_FULL:-}" ]; then
    pairs=
    for from in $site_kinds; do
        for to in $site_kinds; do
            pairs="$pairs $from:$to"
        done
    done
fi

# ---- the network, the chain, two relays, the wallet manager ----

lab_prepare && lab_wan && lab_host turn 20.0.0.10 && lab_host turn2 20.0.0.11 \
    && lab_host chain 20.0.0.20 || broken "no network"
i=0
for kind in $site_kinds; do
    i=$((i + 2))
    site_up "$kind" "a$kind" "$i" "$lab/miniupnpd" "$work" || broken "no place $kind"
    site_up "$kind" "b$kind" "$((i + 1))" "$lab/miniupnpd" "$work" || broken "no place $kind"
done
took "network of 12 places"

parts_hex 24 >"$work/secret"
relay() { # NAMESPACE ADDRESS
    parts_relay "$1" "$2" "$(cat "$work/secret")" min-port=50000 max-port=50999 no-tls \
        no-multicast-peers >"$work/$1.conf"
    ip netns exec "$1" "$lab/turnserver" -c "$work/$1.conf" >"$work/$1.log" 2>&1 </dev/null &
}
listens() {
    lab_in "$1" ss -Hlun | grep -q ':3478 '
}
relay turn 20.0.0.10
relay turn2 20.0.0.11

chains_in="ip netns exec chain"
chains_up anvil 20.0.0.20 "8545 5052 8546 8551 30303" || broken "the chain does not start"
mkdir -p "$work/devices"
parts_manager 20.0.0.20:7000 lab secret >"$work/manager.conf"
manager=$(lab_in chain "$wallet" --config "$work/manager.conf" new-key) || broken "no manager key"
chains_deploy lab "$manager" --relay 20.0.0.10:3478 --relay 20.0.0.11:3478 \
    >"$work/addresses" 2>"$work/deploy.log" || broken "the contracts are not deployed" deploy.log
chains_fund "$manager" >"$work/fund.log" 2>&1 || broken "the manager is not funded" fund.log
# A block for each transaction would be many in a few milliseconds, and anvil then proves a state that
# is not the one of the block it names: refused, rightly, and tried again after a long pause.
chains_pace || broken "the chain keeps no pace" pace.log
registry=$(parts_registry "$work/addresses")
parts_manager 20.0.0.20:7000 lab secret >"$work/manager.conf"

# Gateways of side a call over the first relay, those of side b are called over the second, but for
# two, so that there are pairs on one relay as well.
gateway() { # ID RELAY
    mkdir -p "$work/$1"
    parts_provision "gw-$1" "$work/$1/" "$work/devices"
    chains_conf | parts_gateway "gw-$1" "" 20.0.0.20:7000 >"$work/$1/wick.conf"
    printf '[relay]\nserver = %s:3478\n' "$2" >>"$work/$1/wick.conf"
    "$wick" --config "$work/$1/wick.conf" id new "gw-$1" >"$work/$1/id.log" 2>&1
}
for kind in $site_kinds; do
    at=20.0.0.11
    case $kind in public | keep) at=20.0.0.10 ;; esac
    gateway "a$kind" 20.0.0.10 || broken "no identity" "a$kind/id.log"
    gateway "b$kind" "$at" || broken "no identity" "b$kind/id.log"
done
ip netns exec chain "$wallet" --config "$work/manager.conf" >"$work/wallet.log" 2>&1 </dev/null &
has() {
    grep -q -e "$2" "$work/$1"
}
lab_wait 60 has wallet.log '^READY' || broken "no wallet manager" wallet.log
lab_wait 60 listens turn || broken "the relay does not listen" turn.log
lab_wait 60 listens turn2 || broken "the second relay does not listen" turn2.log
took "chain, relays, wallet manager, identities"

# ---- the called ones serve, the callers register ----

callers= called=
for pair in $pairs; do
    case " $callers " in *" ${pair%:*} "*) ;; *) callers="$callers ${pair%:*}" ;; esac
    case " $called " in *" ${pair#*:} "*) ;; *) called="$called ${pair#*:}" ;; esac
done
for kind in $called; do
    ip netns exec "lan-b$kind" "$wick" --config "$work/b$kind/wick.conf" listen \
        >"$work/b$kind.log" 2>&1 </dev/null &
done
registering=
for kind in $callers; do
    ip netns exec "lan-a$kind" "$wick" --config "$work/a$kind/wick.conf" register \
        >"$work/a$kind.log" 2>&1 </dev/null &
    registering="$registering$! "
done
for kind in $callers; do
    wait "${registering%% *}" || broken "$kind does not register" "a$kind.log"
    registering=${registering#* }
done
# Whoever is called by an address of his own or by a mapping writes a relayed one beside it, which is
# for callers that ask for an attestor's word.
serves() { # KIND
    has "b$1.log" '^READY' && {
        has "b$1.log" '^published .*endpoint=20\.0\.0\.1[01]:' \
            || [ "$(grep -c '^published' "$work/b$1.log")" -ge 2 ]
    }
}
for kind in $called; do
    lab_wait 120 serves "$kind" || broken "$kind does not serve" "b$kind.log"
done
took "12 gateways registered, the called ones published"

# ---- the calls: callers beside each other, the calls of one after another ----

# No more blocks: there is nothing to write any more.
chains_rpc "$chains_url" evm_setIntervalMining '[0]' >>"$work/pace.log" || broken "no halt" pace.log
payload=$(parts_hex $((site_payload / 2)))
# Does this pair find a direct path? All do but a symmetric NAT, whose port for the other nobody knows
# beforehand, and one that filters by port. A mapping that the router made opens the latter.
meets() { # FROM TO
    case $1:$2 in
    random:pcp) site_mapped bpcp ;;
    pcp:random) site_mapped apcp ;;
    random:keep | random:random | random:double | keep:random | double:random) return 1 ;;
    esac
}
# Payloads that left for a relay, and straight for the peer, since this call began.
gone_relayed() { # KIND
    echo $(($(site_count "a$1" relay1) + $(site_count "a$1" relay2) - relayed))
}
gone_direct() { # KIND
    echo $(($(site_count "a$1" direct) - direct))
}
enough=24 # payloads over a relay after which no more is to be hoped for: six seconds of them
settled() { # KIND TO
    if meets "$1" "$2"; then
        [ "$(gone_direct "$1")" -ge 8 ]
    else
        [ "$(gone_relayed "$1")" -ge "$enough" ]
    fi
}
# Each begins with another peer: a gateway has four sessions, and six callers at its door at once
# are more than this is about.
calls_of() { # KIND NUMBER
    # shellcheck disable=SC2086
    for to in $(printf '%s\n' $site_kinds $site_kinds | tail -n "+$2" | head -n 6); do
        # shellcheck disable=SC2116
        case " $(echo $pairs) " in *" $1:$to "*) ;; *) continue ;; esac
        relayed=$(($(site_count "a$1" relay1) + $(site_count "a$1" relay2)))
        direct=$(site_count "a$1" direct)
        ip netns exec "lan-a$1" "$wick" --config "$work/a$1/wick.conf" connect "gw-b$to" \
            --send "$payload" --for 600 >"$work/$1-$to.log" 2>&1 </dev/null &
        call=$!
        tries=960
        until settled "$1" "$to"; do
            tries=$((tries - 1))
            [ "$tries" -gt 0 ] && kill -0 "$call" 2>/dev/null || break
            sleep 0.25
        done
        want=relay # while mappings are there
        ! meets "$1" "$to" || want=direct
        kill -TERM "$call" 2>/dev/null
        wait "$call"
        echo $? >"$work/$1-$to.rc"
        if [ "$(gone_direct "$1")" -ge 8 ]; then
            last=direct
        else
            last=relay
        fi
        first=direct
        [ "$(gone_relayed "$1")" -eq 0 ] || first=relay
        [ "$((relayed + direct))" -lt \
            "$(($(site_count "a$1" relay1) + $(site_count "a$1" relay2) + $(site_count "a$1" direct)))" ] \
            || first=none
        echo "$first $last" >"$work/$1-$to.way"
        echo "$want" >"$work/$1-$to.want"
    done
}
calling=
i=0
for kind in $callers; do
    i=$((i + 1))
    calls_of "$kind" "$i" &
    calling="$calling $!"
done
for pid in $calling; do
    wait "$pid"
done
took "calls"

# ---- what came of them ----

cells=0 reached=0 straight=0
for pair in $pairs; do
    from=${pair%:*} to=${pair#*:}
    cells=$((cells + 1))
    read -r first last <"$work/$from-$to.way"
    good=1
    if [ "$(cat "$work/$from-$to.rc")" -eq 0 ] && grep -q "text=$payload" "$work/$from-$to.log" \
        && grep -q '^kept .*echoed=[1-9]' "$work/$from-$to.log" && [ "$first" != none ]; then
        good=0
        reached=$((reached + 1))
        [ "$last" != direct ] || straight=$((straight + 1))
    else
        sed 's/^/#   /' "$work/$from-$to.log"
    fi
    result "$good" "${from}_calls_$to"
    want=$(cat "$work/$from-$to.want")
    [ "$last" = "$want" ]
    result $? "${from}_calls_${to}_ends_$want"
done
{
    printf '# %-8s' 'from\to'
    for to in $site_kinds; do
        printf ' %-14s' "$to"
    done
    echo
    for from in $site_kinds; do
        printf '# %-8s' "$from"
        for to in $site_kinds; do
            printf ' %-14s' "$(sed 's/ /->/; s/^\(.*\)->\1$/\1/' "$work/$from-$to.way" 2>/dev/null \
                || echo -)"
        done
        echo
    done
}
echo "# connected $reached of $cells ($((reached * 100 / cells)) %), in the end without a relay $straight ($((straight * 100 / cells)) %)"
tap_end
