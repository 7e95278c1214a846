# SPDX-License-Identifier: Apache-2.0
# Network of the lab and the demo; sourced, inside namespaces that lab_enter made. $top: the source tree.
#
#   lan-a 10.10.1.10 - nat-a 20.0.0.1 \                / turn 20.0.0.10 (coturn)
#                                       wan 20.0.0.254 - turn2 20.0.0.11 (a second relay)
#   lan-b 10.10.2.10 - nat-b 20.0.0.2 /                \ chain 20.0.0.20 (node, wallet manager)
#
# The 20.0.0.0/24 addresses stand for public ones and exist only inside these namespaces.

# Sbin is not on an ordinary user's path; what the machine itself lacks is below build/deps/lab.
PATH=$PATH:/usr/sbin:/sbin:$top/build/deps/lab/bin

# Are unprivileged user, network, mount and PID namespaces to be had here? Sets lab_why if not.
lab_namespaces() {
    command -v unshare >/dev/null 2>&1 || { lab_why="there is no unshare"; return 1; }
    lab_why=$(unshare -Urnmpf --kill-child --mount-proc mount -t tmpfs tmpfs /run 2>&1) && return 0
    lab_why=$(printf '%s\n' "$lab_why" | head -n 1)
    return 1
}

# Are the programs there that make a network? Sets lab_why to the one that is not.
lab_tools() {
    for lab_why in ip nft ss; do
        command -v "$lab_why" >/dev/null 2>&1 || return 1
    done
}

# Runs "$@" as root of fresh namespaces; everything that it starts ends with it.
lab_enter() {
    exec unshare -Urnmpf --kill-child --mount-proc "$@"
}

# Starts the script again inside such namespaces, unless it is there already: lab_inside "$@". Skips it
# where they are not to be had.
lab_inside() {
    [ -z "${LAB_INSIDE:-}" ] || return 0
    { lab_tools && lab_namespaces; } || { echo "1..0 # SKIP no network to make: $lab_why"; exit 77; }
    LAB_INSIDE=yes
    export LAB_INSIDE
    lab_enter sh "$0" "$@"
}

# Skips the script unless these servers are below build/deps/lab.
lab_need() { # PROGRAM...
    for lab_program; do
        [ -x "$top/build/deps/lab/bin/$lab_program" ] || {
            echo "1..0 # SKIP no $lab_program: run sh toolchain/bootstrap.sh lab"
            exit 77
        }
    done
}

# First thing inside: `ip netns` keeps its names below /run.
lab_prepare() {
    mount -t tmpfs tmpfs /run && mkdir -p /run/netns && ip link set lo up
}

# For a script that needs nothing but the loopback interface: starts it again with one of its own,
# where that is to be had, so that all ports are its alone. First thing in it: lab_alone "$@"
lab_alone() {
    if [ -n "${LAB_ALONE:-}" ]; then
        lab_prepare
    elif lab_tools && lab_namespaces; then
        LAB_ALONE=yes
        export LAB_ALONE
        lab_enter sh "$0" "$@"
    fi
}

lab_in() { # NAMESPACE COMMAND...
    lab_ns=$1
    shift
    ip netns exec "$lab_ns" "$@"
}

lab_wan() {
    ip netns add wan
    lab_in wan ip link set lo up
    lab_in wan ip link add br0 type bridge forward_delay 0
    lab_in wan ip link set br0 up
    lab_in wan ip addr add 20.0.0.254/24 dev br0
}

# A host with a public address on the WAN bridge.
lab_host() { # NAME ADDRESS...
    lab_name=$1
    ip netns add "$lab_name"
    ip link add "ext" netns "$lab_name" type veth peer name "w-$lab_name" netns wan
    shift
    for lab_addr in "$@"; do
        lab_in "$lab_name" ip addr add "$lab_addr/24" dev ext
    done
    lab_in "$lab_name" ip link set lo up
    lab_in "$lab_name" ip link set ext up
    lab_in wan ip link set "w-$lab_name" master br0 up
}

# Namespace INNER behind ROUTER, which is PREFIX.1 to it; what it sends leaves by OUT under the
# router's address, chosen as MODE says: what follows `masquerade` in nft.
lab_behind() { # INNER ROUTER OUT PREFIX MODE
    ip netns add "$1"
    ip link add int netns "$2" type veth peer name eth0 netns "$1"
    lab_in "$2" ip addr add "$4.1/24" dev int
    lab_in "$2" ip link set int up
    lab_in "$1" ip addr add "$4.10/24" dev eth0
    lab_in "$1" ip link set lo up
    lab_in "$1" ip link set eth0 up
    lab_in "$1" ip route add default via "$4.1"
    lab_in "$2" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
    lab_in "$2" nft -f - <<RULES
table ip nat {
    chain prerouting { type nat hook prerouting priority dstnat; policy accept; }
    chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        oifname "$3" masquerade $5
    }
}
table inet fw {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "int" accept
    }
    chain input {
        type filter hook input priority filter; policy accept;
        iifname "$3" ct state new drop
    }
}
RULES
}

# A LAN behind a NAT router. MODE "fully-random" is a symmetric NAT, "" keeps ports
# (endpoint-independent mapping, port-restricted filtering).
lab_nat() { # SUFFIX EXTERNAL-ADDRESS LAN-PREFIX MODE
    lab_host "nat-$1" "$2"
    lab_behind "lan-$1" "nat-$1" ext "$3" "$4"
}

# Two gateways' networks, two relays, one chain host.
lab_up() {
    lab_prepare && lab_wan && lab_host turn 20.0.0.10 && lab_host turn2 20.0.0.11 \
        && lab_host chain 20.0.0.20 \
        && lab_nat a 20.0.0.1 10.10.1 fully-random && lab_nat b 20.0.0.2 10.10.2 fully-random
}

# Waits until a condition holds: lab_wait SECONDS COMMAND...; quiet, 20 tries a second. So long on a machine that
# is ours alone; four times as long before it is given up.
lab_wait() {
    lab_tries=$(($1 * 80))
    shift
    while ! "$@" >/dev/null 2>&1; do
        lab_tries=$((lab_tries - 1))
        [ "$lab_tries" -gt 0 ] || return 1
        sleep 0.05
    done
}
