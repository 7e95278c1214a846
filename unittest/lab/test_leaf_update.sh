#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The firmware of a leaf, through its gateway: wickd reads the release index on a real chain and fetches
# from an IPFS gateway that lies, the leaf takes blocks over CoAP and DTLS-PSK and checks them. With the
# power cut in the middle, products and blocks that it is not to have, and an image for another device.
# usage: test_leaf_update.sh <wick> <wickd> <wick-leaf>
set -u
wick=$1
wickd=$2
wick_leaf=$3
suite=lab.leaf_update
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"
if [ ! -d "$deps/ipfs/node_modules" ]; then
    echo "# SKIP no IPFS importer: run sh toolchain/bootstrap.sh --ipfs"
    exit 77
fi
leaf_port=$((base + 3)) ipfs_port=$((base + 4))
gateway=http://127.0.0.1:$ipfs_port

start anvil.log "$deps/chain/bin/anvil" --port "$rpc_port" --chain-id 31337
await 60 'Listening on' anvil.log || exit 1
umask 077
for who in publisher approver1 approver2 root1 root2; do
    parts_hex 32 >"$dir/$who.key"
    address=$("$deps/chain/bin/cast" wallet address "0x$(cat "$dir/$who.key")") || exit 1
    eval "$who=$address"
    cast rpc anvil_setBalance "$address" 0x56bc75e2d63100000 >/dev/null || exit 1
done
node "$WICK_SOURCE_DIR/contracts/deploy.mjs" --rpc "$rpc" --org lab --manager "$root1" \
    --registrar "$root1" >"$dir/addresses" || exit 1
registry=$(parts_registry "$dir/addresses")
maker=7769636b-2773-206f-776e-206d616b6572    # "wick's own maker"
class=61206c65-6166-2077-6974-682050534b73    # "a leaf with PSKs"
{
    parts_gateway gw "gw." "127.0.0.1:9" <<CONF
[chain.lab]
chain_id = 31337
rule = own_node
[rpc]
chain = lab
url = $rpc
CONF
    cat <<CONF
[wickd]
serve = no
[leaf]
listen = 127.0.0.1:$leaf_port
block_dir = blocks
[leaf.sensor-1]
psk_file = leaf.key
[product.sensor]
vendor = $maker
class_id = $class
version = 1
dir = sensor
gateways = $gateway
leaves = yes
[product.other]
vendor = $maker
class_id = 6ba7b811-9dad-11d1-80b4-00c04fd430c8
version = 1
dir = other
gateways = $gateway, $(seq -f 'http://127.0.0.1:9/%g' -s , 8)
leaves = yes
[product.own]
vendor = $maker
class_id = $class
gateways = $gateway
CONF
} >"$dir/gw.conf"
parts_hex 32 >"$dir/gw.wallet.psk"
parts_hex 16 >"$dir/gw.wallet.token"
run gw id new gw --type secp256k1 >"$dir/id.log" 2>&1 || { cat "$dir/id.log"; exit 1; }
mkdir "$dir/blocks"
parts_hex 32 >"$dir/leaf.key"
as() { # <who> <arguments...>
    who=$1
    shift
    run gw release "$@" --key "$dir/$who.key" >"$dir/as.log" 2>&1 || { cat "$dir/as.log"; exit 1; }
}
cid_version=1
add() { # <file> [bytes of a block, links of a node]: to the IPFS gateway
    curl -sf --data-binary "@$dir/$1" \
        "$gateway/add?name=$1&chunk=${2:-1048576}&links=${3:-1024}&version=$cid_version" \
        >"$dir/added" || exit 1
    cid=$(sed 's/.*"cid":"\([A-Za-z0-9]*\)".*/\1/' "$dir/added")
}
publish() { # <product> <image> <version> [options of release new]
    product=$1 image=$2 version=$3
    shift 3
    cid_version=${root_version:-1}
    add "$image" 16384 3
    cid_version=1
    cp "$dir/added" "$dir/root"
    run gw release new "$product" "$dir/$image" --version "$version" --counter "$version" \
        --trial-boots 1 --cid "$cid" -o "$dir/manifest" "$@" >"$dir/new.log" 2>&1 || {
        cat "$dir/new.log"
        exit 1
    }
    add manifest
    as publisher publish "$product" "$dir/manifest"
}
approve() { # <product> <index>
    as approver1 approve "$1" "$2" "$dir/manifest"
    as approver2 approve "$1" "$2" "$dir/manifest"
}
leaf() { # <product>: a start of the device
    "$wick_leaf" 127.0.0.1 "$leaf_port" sensor-1 "$dir/leaf.key" --update "$1" "$dir/$1"
}
lie() {
    curl -sf -X PUT "$gateway/lie/$1" >/dev/null
}
status() { # <counter>
    run gw --json status | sed -n "s/.*\"$1\":\\([0-9]*\\).*/\\1/p"
}

# Images: the second is the first one with changes, the third is of its own.
{ echo 'version 1'; head -c 200000 /dev/urandom; } >"$dir/image1"
{ echo 'version 2'; tail -c +11 "$dir/image1" | head -c 90000; echo 'something new'; tail -c 100000 "$dir/image1"; } >"$dir/image2"
{ echo 'version 3'; head -c 250000 /dev/urandom; } >"$dir/image3"
{ echo 'version 4'; head -c 60000 /dev/urandom; } >"$dir/image4"
start ipfs.log node "$WICK_SOURCE_DIR/unittest/lab/ipfs/gateway.mjs" --port "$ipfs_port" --lie wrong:1
await 60 '"port"' ipfs.log || exit 1
start gw.log "$wickd" --config "$dir/gw.conf"
gw_job=$started
for product in sensor other own; do
    restricted=
    [ "$product" != other ] || restricted=--restricted
    # shellcheck disable=SC2086
    as root1 create "$product" $restricted --publisher "$publisher" --approver "$approver1" \
        --approver "$approver2" --root "$root1" --root "$root2" --approvals 2 --roots 2
done
for product in sensor other; do
    run gw update init "$product" "$dir/image1" --slot 1048576 --staging 524288 >"$dir/init.log" 2>&1 || {
        cat "$dir/init.log"
        exit 1
    }
done
await 60 'started as gw' gw.log || exit 1

# ---- nothing there, and what leaves are not to have
want 1 'gateway: 4.04 NOT_FOUND' no_release leaf sensor
mkdir "$dir/own"
cp -R "$dir/sensor/." "$dir/own"
want 1 'gateway: 4.04 NOT_FOUND' product_that_is_not_for_leaves leaf own
cp -R "$dir/sensor/." "$dir/nobody"
want 1 'gateway: 4.04 NOT_FOUND' product_that_is_none leaf nobody
ask() { # <verb> <what>: as the leaf
    "$wick" leaf "$@" --gateway "127.0.0.1:$leaf_port" --name sensor-1 --psk-file "$dir/leaf.key" \
        -o "$dir/got"
}
add image3
want 1 'LEAF_REFUSED: .*4.04 NOT_FOUND' block_that_nothing_names ask block "$cid"

# ---- a patch, from an IPFS gateway that lies, below the threshold and then approved
run gw delta make "$dir/image1" "$dir/image2" -o "$dir/patch2" >/dev/null || exit 1
publish sensor image2 2 --patch "$dir/image1=$dir/patch2"
add patch2
want 1 'gateway: 4.04 NOT_FOUND' not_approved leaf sensor
approve sensor 0
want 0 '^approvals *2' release ask release sensor
lie wrong/1
want 0 '^release 2: 2 of 2 approved' update leaf sensor
grep -q '^ready' "$out" && grep -q ' patch' "$out" && ! grep -q '^bad' "$out"
result $? ready_by_patch
await 60 'FW_DIGEST' gw.log
result $? the_gateway_took_no_lie
want 0 '^start: slot b, version 2' trial leaf sensor
grep -q '^confirmed' "$out"
result $? confirmed
cmp -n "$(wc -c <"$dir/image2")" "$dir/sensor/running" "$dir/image2"
result $? image_is_whole
want 0 '^start: slot b, version 2' nothing_new leaf sensor
[ "$(grep -c '^release 2' "$out")" -eq 1 ] && ! grep -q '^ready' "$out"
result $? nothing_is_done_twice

# ---- the whole image, power cut in the middle
publish sensor image3 3
approve sensor 1
lie late # sixteen blocks: there is half a minute to cut it
leaf sensor >"$dir/cut.log" 2>&1 &
leaf_job=$!
jobs_running="$jobs_running $leaf_job"
until_ok 60 grep -q '^fetch [0-9]\{5,\}/' "$dir/cut.log"
kill -KILL "$leaf_job"
wait "$leaf_job" 2>/dev/null
lie none
grep -q '^ready' "$dir/cut.log"
[ $? -eq 1 ]
result $? cut_in_the_middle
before=$(status blocks)
want 0 '^start: slot b, version 2' old_image_runs_still leaf sensor
grep -q '^fetch .* resumed' "$out" && grep -q '^ready' "$out"
result $? resumed
[ $(($(status blocks) - before)) -lt 244 ] # pieces of 1 KiB, of which the image has more
result $? what_was_here_is_not_fetched_again
want 0 '^start: slot a, version 3' trial_of_the_third leaf sensor
cmp -n "$(wc -c <"$dir/image3")" "$dir/sensor/running" "$dir/image3"
result $? third_image_is_whole

# ---- restricted; for another device; revoked
publish other image2 2
approve other 0
want 1 'gateway: 4.04 NOT_FOUND' restricted_without_this_gateway leaf other
as publisher allow other gw
want 1 '^refused: FW_TARGET' image_for_another_class leaf other
cmp -s -n "$(wc -c <"$dir/image1")" "$dir/other/running" "$dir/image1"
result $? its_image_is_as_it_was
as approver1 revoke sensor 1
want 1 '^refused: FW_REVOKED' revoked leaf sensor

# ---- an image whose nodes have CIDs of version 0, as older tools make them
root_version=0
publish sensor image4 4
root_version=1
grep -q '"cid":"Qm' "$dir/root"
result $? root_of_version_0
approve sensor 2
: >"$dir/gw.store/firmware/cut.new" # as a helper leaves it that is killed when it writes
want 0 '^ready' nodes_of_version_0 leaf sensor
rm "$dir/gw.store/firmware/$cid" # the manifest
want 0 '127.0.0.1:9/.*: ' begins_with_another_gateway \
    "$wickd" --config "$dir/gw.conf" --block "$cid" --turn 1 --output "$dir/gw.store/firmware/$cid"
[ -s "$dir/gw.store/firmware/$cid" ]
result $? and_comes_to_the_one_that_answers
[ ! -e "$dir/gw.store/firmware/cut.new" ]
result $? what_a_killed_helper_has_left_goes
want 0 '"releases":[1-9]' counted run gw --json status
kill -TERM "$gw_job"
wait "$gw_job"
result $? ends
tap_end
