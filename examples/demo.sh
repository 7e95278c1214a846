#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job on real parts: two gateways, one behind a PCP router and one behind a symmetric NAT with
# a stock TURN server, find each other by name through an Ethereum chain, verify what they read, agree
# on a key and talk DTLS-PSK; go on when the router gets another address; and one updates its firmware.
#
#   sh examples/demo.sh                the story
#   sh examples/demo.sh --chain KIND   on another chain: qbft, ibft2, clique, anvil; pos is the default
#   sh examples/demo.sh --attack       the story, then each attacker: off (succeeds), on (is refused)
#   sh examples/demo.sh --paper        the PCP paper's validation, live, and ours beside it, with the gas of both
#   sh examples/demo.sh --sim          the same agent code in one process, no server, no privilege
#   sh examples/demo.sh --clean        removes everything that demo and tests have made below build/
set -eu
cd "$(dirname "$0")/.."
top=$PWD
. unittest/lab/topology.sh
. unittest/lab/chains.sh
. unittest/lab/sites.sh
. unittest/lab/parts.sh

say() { printf '%s\n' "$*"; }
die() {
    say "demo: $*" >&2
    exit 1
}
# What must be there before anything can start.
cannot() {
    say "demo: $*" >&2
    exit 2
}
usage() {
    sed -n '3,12s/^# \{0,1\}//p' examples/demo.sh >&2
    exit 2
}

mode=story
kind=pos
inside=
while [ $# -gt 0 ]; do
    case $1 in
        --attack) mode=attack ;;
        --sim) mode=sim ;;
        --paper) mode=paper ;;
        --chain)
            [ $# -ge 2 ] || usage
            kind=$2
            shift
            ;;
        --clean)
            [ $# -eq 1 ] || usage
            rm -rf build
            say "removed $top/build"
            exit 0
            ;;
        --inside) inside=yes ;;
        *) usage ;;
    esac
    shift
done
case $kind in
    anvil) tools="lab chain ipfs" ;;
    pos | qbft | ibft2 | clique) tools="lab chain devnet ipfs" ;;
    *) usage ;;
esac
# The attackers fake what one's own node says; that seals are not to be faked is what tests show.
if [ "$mode" = attack ]; then
    kind=anvil tools="lab chain"
fi

now_ms() { date +%s%3N; }

build_programs() {
    cmake --preset release >build/configure.log 2>&1 \
        || { tail -30 build/configure.log >&2; cannot "configuration failed, see build/configure.log"; }
    cmake --build --preset release -j "$(nproc)" --target "$@" >build/build.log 2>&1 \
        || { tail -30 build/build.log >&2; cannot "build failed, see build/build.log"; }
}

if [ -z "$inside" ]; then
    mkdir -p build 2>/dev/null || cannot "cannot write below $top"
    if [ "$mode" = paper ]; then
        sh toolchain/bootstrap.sh core deps chain || exit $?
        say "building wick"
        build_programs wick wick-attestor
        exec sh unittest/lab/test_paper.sh build/release/examples/wick build/release/examples/wick-attestor
    fi
    if [ "$mode" != sim ] && ! lab_namespaces; then
        say "demo: no namespaces here ($lab_why): running --sim instead"
        mode=sim
    fi
    if [ "$mode" = sim ]; then
        sh toolchain/bootstrap.sh core deps || exit $?
        build_programs wick-sim
        exec build/release/examples/sim/wick-sim
    fi
    # shellcheck disable=SC2086
    sh toolchain/bootstrap.sh core deps $tools || exit $?
    lab_tools || cannot "there is no $lab_why, so this machine cannot make a network; try --sim"
    say "building wick"
    build_programs wick wick-wallet wickd wick-leaf
    set -- --chain "$kind"
    [ "$mode" != attack ] || set -- --attack
    lab_enter sh examples/demo.sh --inside "$@"
fi

# ---- inside the namespaces: everything started here ends with this shell ----

work=$(mktemp -d "${TMPDIR:-/tmp}/wick-demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
umask 077
# The chain tools keep a cache below HOME: it goes with the rest.
HOME=$work
export HOME
started=$(now_ms)

bin=$top/build/release/examples
chain_bin=$top/build/deps/chain/bin
lab_bin=$top/build/deps/lab/bin
chains_in="ip netns exec chain"
since=$started

# One line per step, with the time that it took.
step() {
    t=$(now_ms)
    printf '%-11s %s  [%d ms]\n' "$1" "$2" $((t - since))
    since=$t
}
indent() { sed 's/^/            /'; }

# start NAME NAMESPACE COMMAND...: in the background, output in $work/NAME.log
start() {
    log=$work/$1.log
    ns=$2
    shift 2
    ip netns exec "$ns" "$@" >"$log" 2>&1 </dev/null &
}
show_and_die() {
    sed 's/^/    /' "$work/$1.log" | tail -20 >&2
    die "$2"
}
cast() {
    lab_in chain "$chain_bin/cast" "$@" --rpc-url "$chains_url"
}

# A gateway's folder with its configuration; its keys are made by `wick id new`.
gateway_conf() { # FOLDER NAME
    mkdir -p "$work/$1"
    parts_gateway "$2" "" 20.0.0.20:7000 >"$work/$1/wick.conf" <"$work/chain.conf"
    cat >>"$work/$1/wick.conf" <<CONF
[path]
pcp = $gateway_pcp
try_unvalidated = yes
CONF
}

wick() { # LAN FOLDER ARGS...
    wick_ns=$1
    wick_dir=$2
    shift 2
    lab_in "$wick_ns" "$bin/wick" --config "$work/$wick_dir/wick.conf" "$@"
}

# ---- the parts ----

lab_up || die "cannot set up the network"
gateway_pcp=no
if [ "$mode" = story ]; then
    gateway_pcp=yes
    site_miniupnpd a 1 "$lab_bin/miniupnpd" "$work" || die "miniupnpd does not start"
    step network "gw-a behind a PCP router (miniupnpd), gw-b behind a symmetric NAT (nftables)"
else
    step network "two LANs behind two symmetric NATs (nftables masquerade fully-random)"
fi

chains_up "$kind" 20.0.0.20 "8545 5052 8546 8551 30303" || die "the chain does not start"
case $kind in
    anvil) about="anvil; it has no consensus to verify, so the tier is OWN_NODE" ;;
    pos) about="proof of stake: 64 validators, sync committee of 32, a slot a second; tier FINALIZED" ;;
    *) about="anvil behind a sealing proxy: $kind, 4 validators; tier $chains_tier" ;;
esac
step chain "$about"

mkdir -p "$work/turn"
parts_hex 24 >"$work/turn/secret"
parts_relay turn/coturn 20.0.0.10 "$(cat "$work/turn/secret")" min-port=50000 max-port=50999 \
    user-quota=8 no-tls no-multicast-peers >"$work/turn/turnserver.conf"
relay_listens() {
    lab_in turn ss -Hlun | grep -q ':3478 '
}
start turn turn "$lab_bin/turnserver" -c "$work/turn/turnserver.conf"
lab_wait 60 relay_listens || show_and_die turn "the relay does not listen"
step relay "coturn $("$lab_bin/turnserver" --version 2>/dev/null | tail -1), permissions on, time-limited credentials"

# The operator: a manager key, the contracts, the relay on the approved list, and two devices that
# the factory announced.
mkdir -p "$work/manager/devices"
manager_conf() {
    parts_manager 20.0.0.20:7000 example ../turn/secret >"$work/manager/wick.conf"
}
manager_conf
manager=$(lab_in chain "$bin/wick-wallet" --config "$work/manager/wick.conf" new-key)
# Who releases firmware: each has a key of his own; two of three approvers, two of two roots.
for who in root1 root2 publisher approver1 approver2 approver3; do
    parts_hex 32 >"$work/manager/$who.key"
    eval "$who=$("$chain_bin/cast" wallet address "0x$(cat "$work/manager/$who.key")")"
done
# shellcheck disable=SC2154
chains_deploy example "$manager" --relay 20.0.0.10:3478 --registrar "$root1" >"$work/deploy.log" 2>&1 \
    || show_and_die deploy "the contracts are not deployed"
device_registry=$(sed -n 's/^device_registry=//p' "$work/deploy.log")
relay_registry=$(sed -n 's/^relay_registry=//p' "$work/deploy.log")
registry=$(parts_registry "$work/deploy.log")
release_index=$(sed -n 's/^release_index=//p' "$work/deploy.log")
# shellcheck disable=SC2154
chains_fund "$manager" "$root1" "$publisher" "$approver1" "$approver2" >"$work/fund.log" 2>&1 \
    || show_and_die fund "somebody is not funded"
manager_conf
chains_pace || show_and_die pace "the chain keeps no pace"
step contracts "DeviceRegistry $device_registry"
indent <<TXT
RelayRegistry $relay_registry, one approved relay
ReleaseIndex $release_index
TXT

if [ "$kind" = pos ]; then
    # What an operator provisions is a finalised block, of any age below the trusting period.
    chains_await 60 cl '^finality' || die "nothing is finalised"
fi
chains_conf >"$work/chain.conf"
trusted=$(sed -n 's/^trusted_hash = //p' "$work/chain.conf")
[ -z "$trusted" ] || step trust "the devices are given one block: $trusted"
gateway_conf a gw-a
gateway_conf b gw-b
parts_provision gw-a "$work/a/" "$work/manager/devices"
parts_provision gw-b "$work/b/" "$work/manager/devices"
# Behind gw-b a server of its own, with a name and a key: the one that the leaf talks to in the end.
[ "$mode" != story ] || {
    gateway_conf meter meter
    parts_provision meter "$work/meter/" "$work/manager/devices"
}
wallet_ready() {
    grep -q '^READY' "$work/wallet.log"
}
start wallet chain "$bin/wick-wallet" --config "$work/manager/wick.conf"
lab_wait 60 wallet_ready || show_and_die wallet "the wallet manager does not start"
step wallet "manager $manager vouches for and funds the provisioned devices"

# Two keys each, made on the device: one owns the record and pays, the other proves the name.
wick lan-a a id new gw-a >"$work/id-a.log" 2>&1 || show_and_die id-a "no identity for gw-a"
wick lan-b b id new gw-b >"$work/id-b.log" 2>&1 || show_and_die id-b "no identity for gw-b"
[ "$mode" != story ] || wick lan-b meter id new meter >"$work/id-meter.log" 2>&1 \
    || show_and_die id-meter "no identity for the server"
step identity "gw-a and gw-b have made their keys"

# Both register at once.
a_ready() {
    grep -q '^READY' "$work/listen.log"
}
start listen lan-a "$bin/wick" --config "$work/a/wick.conf" listen
listen=$!
start register-b lan-b "$bin/wick" --config "$work/b/wick.conf" register --timeout 300
register_b=$!
lab_wait 120 a_ready || show_and_die listen "gw-a does not get ready"
step gw-a "registered, allocated and published"
sed '/^READY/d' "$work/listen.log" | indent
wait "$register_b" || show_and_die register-b "gw-b does not register"
if [ "$mode" = story ]; then # while keys become final
    start register-meter lan-b "$bin/wick" --config "$work/meter/wick.conf" register --timeout 300
    register_meter=$!
fi

# A key counts once its block is final, which is waited for once.
is_final() {
    final_by=$(($(date +%s) + 480))
    until wick lan-b b lookup gw-a >"$work/lookup.log" 2>&1; do
        [ "$(date +%s)" -lt "$final_by" ] || return 1
        sleep 0.2
    done
}
if [ "$kind" = pos ]; then
    say "            waits until gw-a's key is final: two epochs of 8 slots and a bit"
    is_final || show_and_die lookup "nothing becomes final"
    step finality "the record of gw-a is final"
fi

# gw-b publishes as well, and calls gw-a by its name.
call() { # FOLDER TEXT LOG
    wick lan-b "$1" connect gw-a --send "$2" --timeout 300 >"$work/$3.log" 2>&1
}
call b "hello from behind the other NAT" connect || show_and_die connect "gw-b does not reach gw-a"
step gw-b "registered, found gw-a by name, verified its record, agreed on a key, and got its message back"
indent <"$work/register-b.log"
indent <"$work/connect.log"

# The router of gw-a gets another address while a session goes on: its mapping and its relayed address
# are lost at once.
roams_ok() { # PATTERN FILE COUNT
    [ "$(grep -c "$1" "$work/$2.log")" -ge "$3" ]
}
if [ "$mode" = story ]; then
    start roam lan-b "$bin/wick" --config "$work/b/wick.conf" connect gw-a \
        --send "still here" --for 300
    roam=$!
    echoes=$(grep -c '^echo' "$work/listen.log")
    lab_wait 60 roams_ok '^echo' listen $((echoes + 4)) || show_and_die roam "no session to keep"
    step session "gw-b sends four times a second, straight to the router's address"
    kill "$(cat "$work/upnpd-a.pid")"
    lab_in nat-a ip addr del 20.0.0.1/24 dev ext
    lab_in nat-a ip addr add 20.0.0.3/24 dev ext
    # Nobody has the old address now; neighbours find that out at once, not after a minute.
    lab_in nat-b ip neigh flush dev ext
    lab_in turn ip neigh flush dev ext
    ip netns exec nat-a "$lab_bin/miniupnpd" -d -f "$work/upnpd-a.conf" -P "$work/upnpd-a.pid" \
        >"$work/upnpd-a.log" 2>&1 </dev/null &
    echoes=$(grep -c '^echo' "$work/listen.log")
    lab_wait 120 roams_ok '^echo' listen $((echoes + 8)) || show_and_die listen "the session is lost"
    lab_wait 120 roams_ok '^ *path .*endpoint=20.0.0.3:' listen 1 \
        || show_and_die listen "gw-a finds no endpoint at the new address"
    kill -TERM "$roam"
    wait "$roam" || show_and_die roam "the session has ended"
    step roaming "gw-a's router has moved from 20.0.0.1 to 20.0.0.3; the session went on"
    grep -E '^(session-moved|kept)' "$work/roam.log" | indent
    grep -E '^ *path .*20.0.0.3' "$work/listen.log" | tail -n 1 | indent
fi

# Firmware, meanwhile: the maker of gw-a proposes the second version of its image, as a patch as well, and
# two of three approve it. Content is on an IPFS gateway whose first answer is a lie.
release() { # LOG WHO VERB ARGS...
    release_log=$1 release_who=$2
    shift 2
    # shellcheck disable=SC2086
    lab_in chain "$bin/wick" --config "$work/operator.conf" release "$@" $release_tier \
        --key "$work/manager/$release_who.key" >>"$work/$release_log.log" 2>&1
}
release_product() { # PRODUCT: created, proposed, approved by two of three
    # shellcheck disable=SC2154
    release release root1 create "$1" --publisher "$publisher" --approver "$approver1" \
        --approver "$approver2" --approver "$approver3" --root "$root1" --root "$root2" \
        --approvals 2 --roots 2 \
        && release release publisher publish "$1" "$work/$1.manifest" \
        && release release approver1 approve "$1" 0 "$work/$1.manifest" \
        && release release approver2 approve "$1" 0 "$work/$1.manifest"
}
release_all() {
    release_product sensor && release_product hub
}
if [ "$mode" = story ]; then
    release_tier=
    [ "$kind" != pos ] || release_tier="--tier optimistic"
    hub_ids='vendor = 6ba7b810-9dad-11d1-80b4-00c04fd430c8
class_id = 6ba7b811-9dad-11d1-80b4-00c04fd430c8'
    {
        cat "$work/chain.conf"
        parts_registry "$work/deploy.log"
        printf '[product.hub]\n%s\n' "$hub_ids"
        # What examples/leaf is: "wick's own maker", "a leaf with PSKs".
        printf '[product.sensor]\nvendor = 7769636b-2773-206f-776e-206d616b6572\n'
        printf 'class_id = 61206c65-6166-2077-6974-682050534b73\nversion = 1\ndir = sensor\n'
    } >"$work/operator.conf"
    cp "$bin/wick-leaf" "$work/hub.1"
    { LC_ALL=C sed 's/usage:/Usage:/' "$work/hub.1"; head -c 4096 "$bin/wick"; } >"$work/hub.2"
    "$bin/wick" delta make "$work/hub.1" "$work/hub.2" -o "$work/hub.patch" >"$work/delta.log" 2>&1 \
        || show_and_die delta "no patch"
    "$bin/wick" --config "$work/operator.conf" release new hub "$work/hub.2" --version 2 --counter 2 \
        -o "$work/hub.manifest" --patch "$work/hub.1=$work/hub.patch" >"$work/new.log" 2>&1 \
        || show_and_die new "no manifest"
    { echo "version 1"; head -c 65536 "$work/hub.1"; } >"$work/sensor.1"
    { echo "version 2"; head -c 65536 "$work/hub.2"; } >"$work/sensor.2"
    "$bin/wick" delta make "$work/sensor.1" "$work/sensor.2" -o "$work/sensor.patch" \
        >"$work/delta.log" 2>&1 || show_and_die delta "no patch for the leaf"
    "$bin/wick" --config "$work/operator.conf" release new sensor "$work/sensor.2" --version 2 \
        --counter 2 -o "$work/sensor.manifest" --patch "$work/sensor.1=$work/sensor.patch" \
        >"$work/new.log" 2>&1 || show_and_die new "no manifest for the leaf"
    start ipfs turn2 node unittest/lab/ipfs/gateway.mjs --host 20.0.0.11 --port 8080 --chunk 1048576 \
        --links 1024 --lie wrong:1 "$work/hub.2" "$work/hub.patch" "$work/hub.manifest" \
        "$work/sensor.2" "$work/sensor.patch" "$work/sensor.manifest"
    lab_wait 60 grep -q '"port"' "$work/ipfs.log" || show_and_die ipfs "the IPFS gateway does not start"
    release_all &
    releases=$!
fi

# Both gateways become daemons. A sensor behind gw-a, which has one symmetric key and no public-key
# crypto, gets a ticket from its gateway for a server that stands behind gw-b, and talks DTLS with it end to
# end: what the gateways carry between them are records that neither can read.
is_ready() { # LAN FOLDER
    wick "lan-$1" "$2" status | grep -q '^ready *true'
}
leaf_bytes() { # that its link has carried, both ways
    lab_in leaf cat /sys/class/net/eth0/statistics/rx_bytes \
        /sys/class/net/eth0/statistics/tx_bytes | awk '{ n += $1 } END { print n }'
}
if [ "$mode" = story ]; then
    kill -TERM "$listen"
    wait "$listen" || show_and_die listen "gw-a does not stop"
    wait "$register_meter" || show_and_die register-meter "the server does not register"
    lab_behind leaf lan-a eth0 10.10.3 ""
    wick lan-a a leaf add sensor-1 -o "$work/a/sensor-1.key" >"$work/leaf-add.log" 2>&1 \
        || show_and_die leaf-add "no key for the leaf"
    cat >>"$work/a/wick.conf" <<CONF
[leaf]
listen = 10.10.3.1:5684
[leaf.sensor-1]
psk_file = sensor-1.key
[product.sensor]
gateways = http://20.0.0.11:8080
leaves = yes
CONF
    cat >>"$work/b/wick.conf" <<CONF
[carry.door]
to = 127.0.0.1:5001
CONF
    sed -i 's/^try_unvalidated.*/&\nport = 5001/' "$work/meter/wick.conf"
    cat >>"$work/meter/wick.conf" <<CONF
[wickd]
echo = yes
[tickets]
accept = gw-a
CONF
    start wickd-a lan-a "$bin/wickd" --config "$work/a/wick.conf"
    start wickd-b lan-b "$bin/wickd" --config "$work/b/wick.conf"
    start wickd-meter lan-b "$bin/wickd" --config "$work/meter/wick.conf"
    lab_wait 120 is_ready a a || show_and_die wickd-a "gw-a does not get ready"
    lab_wait 120 is_ready b b || show_and_die wickd-b "gw-b does not get ready"
    lab_wait 120 is_ready b meter || show_and_die wickd-meter "the server does not get ready"
    step daemons "gw-a serves its leaves, gw-b carries to a server behind it, which takes leaves of gw-a with a ticket"
    before=$(leaf_bytes)
    lab_in leaf "$bin/wick-leaf" 10.10.3.1 5684 sensor-1 "$work/a/sensor-1.key" meter gw-b/door \
        "21.5 degrees" >"$work/leaf.log" 2>&1 || show_and_die leaf "the leaf does not reach the server"
    step leaf "sensor-1 got a ticket from gw-a, and its reading back from the server behind gw-b, end to end"
    indent <"$work/leaf.log"
    say "            bytes=$(($(leaf_bytes) - before)) on the link of the leaf, both ways, headers and all"
fi

# The release that gw-a was told of meanwhile.
is_detected() {
    wick lan-a a update check hub >"$work/check.log" 2>&1 && grep -q 'usable=yes' "$work/check.log"
}
update() { # LOG VERB ARGS...
    update_log=$1
    shift
    wick lan-a a update "$@" >"$work/$update_log.log" 2>&1 || show_and_die "$update_log" "the update fails"
}
if [ "$mode" = story ]; then
    wait "$releases" || show_and_die release "the release index refuses"
    step release "version 2 of hub: $(wc -c <"$work/hub.2") bytes, a patch of $(wc -c <"$work/hub.patch"); approved by 2 of 3"
    grep "^included" "$work/release.log" | tail -n 4 | indent
    cat >>"$work/a/wick.conf" <<CONF
[product.hub]
$hub_ids
version = 1
dir = hub
gateways = http://20.0.0.11:8080
CONF
    update init init hub "$work/hub.1"
    update start start hub
    [ "$kind" != pos ] || say "            gw-a waits until the release is final"
    lab_wait 180 is_detected || show_and_die check "gw-a does not see the release"
    step detected "gw-a has read the index by proof"
    indent <"$work/check.log"
    update cut run hub --stop-after 65536
    step "power cut" "in the middle of the patch, which came from a gateway that lied at first; the old image runs"
    grep -E '^(bad-answer|apply|stopped|runs)' "$work/cut.log" | indent
    update start start hub
    update run run hub
    update trial start hub
    step update "the patch went on where it was cut; the next start tries the new image"
    grep -hE '^(apply|verify|ready|starts)' "$work/run.log" "$work/trial.log" | indent
    update confirm confirm hub
    cmp -n "$(wc -c <"$work/hub.2")" "$work/a/hub/running" "$work/hub.2" || die "another image runs"
    step confirmed "gw-a runs version 2, byte for byte"
    grep '^runs' "$work/confirm.log" | indent
fi

# The leaf asks gw-a for its own release: gw-a proves it and fetches, the leaf checks what comes.
leaf_update() { # LOG: a start of the leaf
    lab_in leaf "$bin/wick-leaf" 10.10.3.1 5684 sensor-1 "$work/a/sensor-1.key" --update sensor \
        "$work/sensor" >"$work/$1.log" 2>&1 || show_and_die "$1" "the leaf's update fails"
}
if [ "$mode" = story ]; then
    "$bin/wick" --config "$work/operator.conf" update init sensor "$work/sensor.1" --slot 262144 \
        --staging 131072 >"$work/leaf-init.log" 2>&1 || show_and_die leaf-init "no slots for the leaf"
    lab_in turn2 curl -sf -X PUT http://20.0.0.11:8080/lie/wrong/1 >/dev/null \
        || show_and_die ipfs "the IPFS gateway does not answer"
    leaf_update leaf-update
    leaf_update leaf-trial
    cmp -n "$(wc -c <"$work/sensor.2")" "$work/sensor/running" "$work/sensor.2" \
        || die "another image runs on the leaf"
    step "leaf update" "sensor-1 got version 2 through gw-a, which was lied to once: a patch of $(wc -c <"$work/sensor.patch") bytes"
    grep -hE '^(start|ready|confirmed)' "$work/leaf-update.log" "$work/leaf-trial.log" \
        | indent
    grep -m 1 -o 'firmware: .*' "$work/wickd-a.log" | indent
fi

if [ "$mode" = attack ]; then
    . unittest/lab/attack.sh
fi

done_ms=$(($(now_ms) - started))
say "the story took $done_ms ms; nothing is left running"
