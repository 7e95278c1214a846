#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Linux gateway updates its firmware, from the index on a real chain to the new image confirmed or
# rolled back: below the threshold, from a gateway that lies, with a cut in the middle of the patch, with
# an image that does not confirm itself, and with one that was revoked.
# usage: test_update.sh <wick>
set -u
wick=$1
suite=lab.update
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"
if [ ! -d "$deps/ipfs/node_modules" ]; then
    echo "# SKIP no IPFS importer: run sh toolchain/bootstrap.sh --ipfs"
    exit 77
fi

start anvil.log "$deps/chain/bin/anvil" --port "$rpc_port" --chain-id 31337
await 60 'Listening on' anvil.log || exit 1
umask 077
gateway=http://127.0.0.1:$((base + 3))
chain_conf() {
    printf '[chain.lab]\nchain_id = 31337\nrule = own_node\n[rpc]\nchain = lab\nurl = %s\n' "$rpc"
    echo '[registry.lab]'
    echo 'chain = lab'
    cat "$dir/addresses"
}
for who in publisher approver1 approver2 root1 root2; do
    parts_hex 32 >"$dir/$who.key"
    address=$("$deps/chain/bin/cast" wallet address "0x$(cat "$dir/$who.key")") || exit 1
    eval "$who=$address"
    cast rpc anvil_setBalance "$address" 0x56bc75e2d63100000 >/dev/null || exit 1
done
node "$WICK_SOURCE_DIR/contracts/deploy.mjs" --rpc "$rpc" --org lab --manager "$root1" \
    --registrar "$root1" >"$dir/addresses" || exit 1
{
    chain_conf
    cat <<CONF
[product.hub]
vendor = 6ba7b810-9dad-11d1-80b4-00c04fd430c8
class_id = 6ba7b811-9dad-11d1-80b4-00c04fd430c8
version = 1
dir = hub
gateways = $gateway
[product.shy]
vendor = 6ba7b810-9dad-11d1-80b4-00c04fd430c8
class_id = 6ba7b811-9dad-11d1-80b4-00c04fd430c8
version = 1
dir = shy
gateways = $gateway
manifest_mirrors = no
CONF
} >"$dir/hub.conf"
as() { # <who> <arguments...>
    who=$1
    shift
    run hub release "$@" --key "$dir/$who.key" >"$dir/as.log" 2>&1
}
hub() { # <verb> <options...>
    verb=$1
    shift
    run hub update "$verb" hub "$@"
}
hub_shy() {
    run hub update run shy
}
add() { # <file>: to the gateway
    curl -sf --data-binary "@$dir/$1" "$gateway/add?name=$1&chunk=1048576&links=1024" >/dev/null
}
release() { # <version> <index> [options of release new]: published
    version=$1 at=$2
    shift 2
    run hub release new hub "$dir/image$version" --version "$version" --counter "$version" \
        --trial-boots 1 -o "$dir/manifest$version" "$@" >"$dir/new.log" 2>&1 || {
        cat "$dir/new.log"
        exit 1
    }
    add "image$version" && add "manifest$version" && as publisher publish hub "$dir/manifest$version" || exit 1
}
approve() { # <version> <index> <who>
    as "$3" approve hub "$2" "$dir/manifest$1" || exit 1
}
runs() { # <version>: is what `running` points to this image?
    cmp -n "$(wc -c <"$dir/image$1")" "$dir/hub/running" "$dir/image$1"
}

# Images: the second is the first one with changes, the third is of its own.
head -c 300000 /dev/urandom >"$dir/image1"
{ head -c 120000 "$dir/image1"; echo 'something new'; tail -c +130001 "$dir/image1"; } >"$dir/image2"
od -An -x -N 10000 /dev/urandom >"$dir/image3"
start ipfs.log node "$WICK_SOURCE_DIR/unittest/lab/ipfs/gateway.mjs" --port $((base + 3)) --lie wrong:1
await 60 '"port"' ipfs.log || exit 1
as root1 create hub --publisher "$publisher" --approver "$approver1" --approver "$approver2" \
    --root "$root1" --root "$root2" --approvals 2 --roots 2 || exit 1

# ---- nothing there, nothing new
want 1 'NOT_FOUND.*has no image' run_before_init hub run
want 0 '^initialised  *dir=.* version=1 bytes=300000' init run hub update init hub "$dir/image1" --slot 1048576 --staging 524288
want 1 'STATE' init_twice run hub update init hub "$dir/image1"
want 0 '^starts  *slot=a version=1 loader=settled' start_first hub start
runs 1
result $? first_runs
want 0 'version=0 .*usable=nothing new' check_empty hub check
want 0 '^runs  *slot=a version=1 .*last=none' run_empty hub run

# ---- below the threshold, then approved
run hub delta make "$dir/image1" "$dir/image2" -o "$dir/patch2" >/dev/null || exit 1
add patch2
release 2 0 --patch "$dir/image1=$dir/patch2"
approve 2 0 approver1
want 0 'version=0 .*proposed=1 .*usable=nothing new' one_approval_is_not_enough hub check
approve 2 0 approver2
want 0 'running=1 version=2 .*approvals=2 threshold=2 .*usable=yes' check hub check

# ---- a cut in the middle of the patch, after an answer that was a lie
want 0 '^bad-answer  *source=http.* code=FW_DIGEST' lied_to hub run --stop-after 100000
grep -q '^stopped  *done=' "$out"
result $? stopped
grep -q '^fetch  *what=patch' "$out" && grep -q '^runs  *slot=a version=1' "$out"
result $? old_image_runs_still
want 0 '^starts  *slot=a version=1 loader=settled' start_after_the_cut hub start
want 0 '^apply  *.*resumed_at=[1-9]' resumed hub run
grep -q '^ready  *version=2' "$out"
result $? ready

# ---- one process for the slots: the second would write what the loader was just asked to start
mkfifo "$dir/let_go"
start holder.log flock --no-fork "$dir/hub/lock" sh -c 'echo held; read -r go <"$1"' sh "$dir/let_go"
await 30 '^held' holder.log || exit 1
cp "$dir/hub/slot_b" "$dir/slot_b.before"
for verb in run start confirm reject; do
    want 3 'STORE_BUSY' "second_to_$verb" run hub update "$verb" hub
done
want 3 'STORE_BUSY' second_to_init run hub update init hub "$dir/image1"
want 0 '^index ' check_beside hub check
cmp "$dir/hub/slot_b" "$dir/slot_b.before"
result $? slot_is_as_it_was
echo go >"$dir/let_go"
wait "$started"

# ---- trial, confirmed
want 0 '^starts  *slot=b version=2 loader=trial' start_trial hub start
runs 2
result $? new_image_is_tried
want 0 '^trial  *slot=b' run_on_trial hub run
want 0 '^confirmed ' confirm hub confirm
grep -q '^runs  *slot=b version=2 .*loader=settled counter=2 last=confirmed' "$out"
result $? counter_is_raised_by_confirmation
want 1 'STATE.*nothing is on trial' confirm_twice hub confirm
want 0 'usable=nothing new' nothing_new hub check

# ---- a version that cannot be read is no old version
[ "$(cat "$dir/hub/version_b")" = 2 ] && [ ! -e "$dir/hub/version_b.new" ]
result $? version_is_in_a_file
mv "$dir/hub/version_b" "$dir/version_b"
for verb in run check confirm; do
    want 1 'hub/version_b: the version of the image that runs cannot' "no_version_to_$verb" hub "$verb"
done
want 0 '^starts  *slot=b loader=settled' starts_without_one hub start
: >"$dir/hub/version_b"
want 1 'hub/version_b: the version of the image that runs cannot' empty_version hub run
mv "$dir/version_b" "$dir/hub/version_b"
want 0 'running=2 .*usable=nothing new' version_is_back hub check

# ---- an image that does not confirm itself is rolled back, tried once more, and then not again
run hub delta make --full "$dir/image3" -o "$dir/packed3" >/dev/null || exit 1
add packed3
release 3 1 --patch "=$dir/packed3"
approve 3 1 approver1
approve 3 1 approver2
want 0 '^ready  *version=3' whole_image hub run
grep -q '^fetch  *what=patch' "$out"
result $? it_came_packed
hub start >/dev/null
runs 3
result $? third_is_tried
want 0 '^starts  *slot=b version=2 loader=settled' not_confirmed hub start
runs 2
result $? rolled_back_to_the_second
want 0 '^ready  *version=3 fetched=0' verified_once_more hub run
grep -q '^rolled_back ' "$out" && grep -q '^verify ' "$out" && ! grep -q '^fetch ' "$out"
result $? rolled_back_without_a_word
want 0 '^starts  *slot=a version=3 loader=trial' tried_once_more hub start
want 0 '^starts  *slot=b version=2 loader=settled' not_confirmed_either hub start
runs 2
result $? rolled_back_again
want 1 'FW_BANNED' not_tried_again hub run
grep -q '^rolled_back ' "$out" && grep -q '^runs  *slot=b version=2 .*counter=2' "$out"
result $? says_which_runs_and_why

# ---- mirrors that the manifest names: the last to be asked, and checked as everybody is
sed '/^manifest_mirrors/d' "$dir/hub.conf" >"$dir/open.conf"
as root1 create shy --publisher "$publisher" --approver "$approver1" --approver "$approver2" \
    --root "$root1" --root "$root2" --approvals 2 --roots 2 || exit 1
want 0 '^initialised' shy_init run open update init shy "$dir/image1" --slot 1048576 --staging 524288
run hub release new shy "$dir/image2" --version 2 --counter 2 -o "$dir/manifest.shy" \
    --cid "$(run hub --json cid add "$dir/image2" --chunk 4096 | sed -n 's/.*"cid":"\([^"]*\)".*/\1/p')" \
    --mirror https://127.0.0.1:9/image2 --mirror "$gateway/files/image2" >"$dir/new.log" 2>&1 || {
    cat "$dir/new.log"
    exit 1
}
add manifest.shy && as publisher publish shy "$dir/manifest.shy" || exit 1
as approver1 approve shy 0 "$dir/manifest.shy" && as approver2 approve shy 0 "$dir/manifest.shy" || exit 1
want 0 '^mirror  *url=https://.* taken=yes' mirrors run open update run shy
grep -q "^mirror  *url=$gateway/files/image2 taken=yes" "$out" && grep -q '^bad-answer .*code=HTTP' "$out"
result $? mirror_is_taken
grep -q '^ready  *version=2' "$out"
result $? mirror_gives_the_image
run open update start shy >/dev/null && cmp -n "$(wc -c <"$dir/image2")" "$dir/shy/running" "$dir/image2"
result $? image_of_the_mirror
run open update reject shy >/dev/null 2>&1
run open update start shy >/dev/null
rm -r "$dir/shy"
want 0 '^initialised' shy_again run open update init shy "$dir/image1" --slot 1048576 --staging 524288
want 3 '^mirror .*files/image2 taken=CONFIG' mirrors_are_refused hub_shy

# ---- revoked; a chain that stands still
as approver2 revoke hub 1 || exit 1
want 1 'FW_REVOKED' revoked hub check
want 1 'FW_REVOKED' revoked_is_not_installed hub run
sed -i 's/^gateways/max_age_s = 1\n&/' "$dir/hub.conf"
frozen() {
    hub check 2>&1 | grep -q 'FW_FROZEN'
}
until_ok 30 frozen
result $? frozen_index

tap_end
