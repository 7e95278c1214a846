#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Releases of firmware on a real chain, from the product's creation to a revocation: each rule of the
# index refuses before a transaction is sent, by name, and what is listed is proven.
# usage: test_release.sh <wick>
set -u
wick=$1
suite=lab.release
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

start anvil.log "$deps/chain/bin/anvil" --port "$rpc_port" --chain-id 31337
await 60 'Listening on' anvil.log || exit 1
umask 077
field() { # <name>: of the last output
    sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" "$out" | tail -n 1
}
chain_conf() {
    printf '[chain.lab]\nchain_id = 31337\nrule = own_node\n[rpc]\nchain = lab\nurl = %s\n' "$rpc"
}
# Everybody's key is in a file of his own, and pays for what it says.
chain_conf >"$dir/lab.conf"
for who in maker publisher approver1 approver2 approver3 root1 root2 root3 stranger; do
    parts_hex 32 >"$dir/$who.key"
    address=$("$deps/chain/bin/cast" wallet address "0x$(cat "$dir/$who.key")") || exit 1
    eval "$who=$address"
    cast rpc anvil_setBalance "$address" 0x56bc75e2d63100000 >/dev/null || exit 1
done
cast rpc evm_mine >/dev/null
as() { # <who> <arguments...>
    who=$1
    shift
    run lab release "$@" --key "$dir/$who.key"
}

# ---- deploy, create
want 0 '"release_index":"0x' deploy run lab --json deploy --org lab --key "$dir/maker.key" \
    --artifacts "$WICK_SOURCE_DIR/contracts/artifacts"
index=$(field release_index)
printf '[registry.lab]\nchain = lab\ndevice_registry = %s\nrelay_registry = %s\n' \
    "$(field device_registry)" "$(field relay_registry)" >>"$dir/lab.conf"
want 1 "'release_index' is missing" no_index_in_the_configuration run lab release list thermostat
printf 'release_index = %s\n' "$index" >>"$dir/lab.conf"
want 1 'RECORD_ABSENT' list_absent run lab release list thermostat
people="--publisher $publisher --approver $approver1 --approver $approver2 --approver $approver3
    --root $root1 --root $root2 --root $root3"
want 1 'NOT_OWNER.*NotRegistrar()' create_stranger as stranger create thermostat $people \
    --approvals 2 --roots 2
want 2 'two at least' create_one_root as maker create thermostat $people --approvals 2 --roots 1
want 2 'has a role already' create_two_roles as maker create thermostat $people --root "$publisher" \
    --approvals 2 --roots 2
want 0 '^dry-run  *what=create .*gas=' create_dry_run as maker create thermostat $people --approvals 2 \
    --roots 2 --dry-run
want 0 '^product  *name=thermostat releases=0 version=0 .*approvals=2 roots=2' create \
    as maker create thermostat $people --approvals 2 --roots 2
want 1 'NAME_TAKEN.*ProductTaken()' create_twice as maker create thermostat $people --approvals 2 --roots 2

# ---- manifests of an image of 64 bytes
image() { # <version> <counter>: an image and its manifest
    head -c 64 /dev/urandom >"$dir/image$1"
    run lab release new thermostat "$dir/image$1" --version "$1" --counter "$2" \
        --vendor 6ba7b810-9dad-11d1-80b4-00c04fd430c8 \
        --class 6ba7b811-9dad-11d1-80b4-00c04fd430c8 -o "$dir/manifest$1" >/dev/null || exit 1
}
image 1 1
image 2 3
image 3 2
image 4 3
sum() {
    sha256sum "$dir/manifest$1" | cut -c1-64
}
bytes() {
    wc -c <"$dir/manifest$1" | tr -d ' '
}

# ---- a release: proposed, approved by two of three
want 1 'NOT_OWNER.*NotPublisher()' publish_approver as approver1 publish thermostat "$dir/manifest1"
want 1 'FW_TARGET' publish_other_product as publisher publish fridge "$dir/manifest1"
want 1 'MALFORMED\|TRUNCATED\|UNSUPPORTED' publish_no_manifest as publisher publish thermostat "$dir/lab.conf"
want 0 '^release  *index=0 version=1 counter=1 state=proposed approvals=0 threshold=2 .*'"$(sum 1)" \
    publish as publisher publish thermostat "$dir/manifest1"
want 1 'NOT_OWNER.*NotApprover()' approve_publisher as publisher approve thermostat 0 "$dir/manifest1"
want 1 'FW_DIGEST' approve_what_was_not_proposed as approver1 approve thermostat 0 "$dir/manifest2"
want 1 'FW_DIGEST' approve_other_digest as approver1 approve thermostat 0 --digest "$(sum 2)" \
    --version 1 --counter 1 --bytes "$(bytes 1)"
want 2 'manifest that was reviewed' approve_digest_alone as approver1 approve thermostat 0 --digest "$(sum 1)"
want 1 'FW_DIGEST.*is no floor' approve_no_floor as approver1 approve thermostat 0 "$dir/manifest1" --floor
want 2 'manifest that was reviewed' approve_unseen as approver1 approve thermostat 0
want 0 'state=proposed approvals=1' approve_one as approver1 approve thermostat 0 "$dir/manifest1"
want 1 'STATE.*AlreadyVoted()' approve_twice as approver1 approve thermostat 0 "$dir/manifest1"
want 0 '^product  *name=thermostat releases=1 version=0' below_threshold_no_head run lab release list thermostat
want 0 'state=active approvals=2' approve_two as approver2 approve thermostat 0 --digest "$(sum 1)" \
    --version 1 --counter 1 --bytes "$(bytes 1)"
want 0 '^product  *name=thermostat releases=1 version=1 .*tier=OWN_NODE' list run lab release list thermostat
want 0 'state=active approvals=3' approve_three as approver3 approve thermostat 0 "$dir/manifest1"

# ---- the next one takes its place; nothing goes back
want 0 'index=1 .*floor=true' publish_floor as publisher publish thermostat "$dir/manifest2" --floor
want 1 'FW_DIGEST.*is a floor' approve_unsaid_floor as approver1 approve thermostat 1 "$dir/manifest2"
as approver1 approve thermostat 1 "$dir/manifest2" --floor >/dev/null || exit 1
want 0 'index=1 .*state=active' approve_next as approver3 approve thermostat 1 "$dir/manifest2" --floor
want 0 'min_counter=3' floor_is_raised run lab release list thermostat
grep -q 'index=0 .*state=superseded' "$out"
result $? superseded
want 1 'FW_ROLLBACK.*VersionNotRising()' publish_old_version as publisher publish thermostat "$dir/manifest1"
want 1 'FW_ROLLBACK.*CounterFalls(3)' publish_lower_counter as publisher publish thermostat "$dir/manifest3"

# ---- any one approver revokes
want 1 'NOT_OWNER.*NotApprover()' revoke_publisher as publisher revoke thermostat 1
want 0 'index=1 .*state=revoked' revoke as approver2 revoke thermostat 1
want 1 'FW_REVOKED.*ReleaseRevoked()' revoke_twice as approver1 revoke thermostat 1
want 1 'FW_REVOKED.*ReleaseRevoked()' approve_revoked as approver2 approve thermostat 1 "$dir/manifest2" --floor
want 1 'NOT_FOUND' revoke_unknown as approver2 revoke thermostat 9

# ---- a manifest that is good, proposed with numbers above which nothing could rise
product=$("$deps/chain/bin/cast" keccak thermostat) || exit 1
cast send "$index" 'publish(bytes32,bytes32,uint64,uint32,uint32,bool)' "$product" \
    "0x$(sum 4)" 18446744073709551615 4294967295 "$(bytes 4)" true \
    --private-key "0x$(cat "$dir/publisher.key")" >/dev/null || exit 1
want 0 'index=2 version=18446744073709551615 counter=4294967295 state=proposed' claimed_too_much \
    run lab release list thermostat
want 1 'FW_DIGEST.*claims another version' approve_claims as approver1 approve thermostat 2 "$dir/manifest4" --floor
want 1 'FW_DIGEST.*claims another version' approve_claims_digest as approver2 approve thermostat 2 \
    --digest "$(sum 4)" --version 4 --counter 3 --bytes "$(bytes 4)" --floor
# Nor does the index take it from an approver with other tools.
word=$(printf '%064x' 4 | sed "s/^\(.\{22\}\).\{26\}/\1$(printf '%08x%010x%08x' "$(bytes 4)" 0 3)/")
cast call "$index" 'approve(bytes32,uint32,bytes32,uint256)' "$product" 2 "0x$(sum 4)" \
    "0x$word" --from "$approver1" >"$out" 2>&1
grep -q 'WrongManifest\|769c8ece' "$out"
result $? claims_are_refused_by_the_index

# ---- an approver whose key never sees a network: his file names chain and index, and no node
as publisher publish thermostat "$dir/manifest4" >/dev/null || exit 1
cat >"$dir/offline.conf" <<CONF
[chain.lab]
chain_id = 31337
[registry.lab]
chain = lab
release_index = $index
CONF
offline() { # <arguments...>
    run offline release sign thermostat "$@" --key "$dir/approver2.key"
}
want 2 'epoch' sign_without_epoch offline 3 "$dir/manifest4"
want 1 'FW_TARGET' sign_other_product run offline release sign fridge 3 "$dir/manifest4" --epoch 1 \
    --key "$dir/approver2.key"
want 0 '"epoch":"0x1".*"r":"0x' sign offline 3 "$dir/manifest4" --epoch 1
cp "$out" "$dir/approval"
want 0 "\"manifest\":\"0x$(sum 4)\"" sign_by_digest offline 3 --digest "$(sum 4)" --version 4 --counter 3 \
    --bytes "$(bytes 4)" --epoch 1
cmp "$out" "$dir/approval"
result $? signs_the_same
relay() { # <file>: sent by who is no member
    as stranger relay "$dir/$1"
}
changed() { # <sed expression>: the approval with something else in it
    sed "$1" "$dir/approval" >"$dir/changed"
    cmp -s "$dir/approval" "$dir/changed" && echo not changed
    relay changed
}
want 1 'AUTH.*was changed' relay_other_version changed 's/"version":"0x4"/"version":"0x5"/'
want 1 'AUTH.*was changed' relay_other_approver changed "s/\"approver\":\"0x[0-9a-f]*/\"approver\":\"$approver3/"
want 1 'FW_TARGET.*another release index' relay_other_chain changed 's/"chain_id":"0x7a69"/"chain_id":"0x1"/'
want 1 'JSON' relay_not_signed changed 's/,"vs":"[^"]*"//'
want 1 'JSON' relay_half changed 's/"floor":false/"floor":0/'
offline 1 "$dir/manifest4" --epoch 1 >"$dir/other"
want 1 'FW_DIGEST' relay_of_another_release relay other
want 0 '^dry-run  *what=relay .*gas=' relay_dry_run as stranger relay "$dir/approval" --dry-run
want 0 'index=3 .*state=proposed approvals=1' relayed relay approval
want 1 'STATE.*AlreadyVoted()' relay_twice relay approval
run offline release sign thermostat 3 "$dir/manifest4" --epoch 1 --key "$dir/root1.key" >"$dir/of_root"
want 1 'NOT_OWNER.*NotApprover()' relay_of_a_root relay of_root
want 0 'index=3 .*state=active approvals=2' approved_by_another as approver1 approve thermostat 3 "$dir/manifest4"
as approver3 revoke thermostat 3 >/dev/null || exit 1
run offline release sign thermostat 3 "$dir/manifest4" --epoch 1 --key "$dir/approver3.key" >"$dir/of_revoked"
want 1 'FW_REVOKED.*ReleaseRevoked()' relay_of_a_revoked_release relay of_revoked

# ---- roots change the members: two of three
others="--publisher $publisher --approver $approver1 --approver $approver2 --approver $stranger
    --root $root1 --root $root2 --root $root3 --approvals 3 --roots 3"
image 5 3
as publisher publish thermostat "$dir/manifest5" >/dev/null || exit 1
offline 4 "$dir/manifest5" --epoch 1 >"$dir/early" || exit 1
want 1 'NOT_OWNER.*NotRoot()' roles_publisher as publisher roles thermostat $others
want 0 'approvals=2 roots=2 .*epoch=1' roles_one as root1 roles thermostat $others
want 1 'STATE.*AlreadyVoted()' roles_twice as root1 roles thermostat $others
want 0 'approvals=3 roots=3 .*epoch=2' roles_two as root3 roles thermostat $others
want 1 'NOT_OWNER.*NotApprover()' removed as approver3 approve thermostat 4 "$dir/manifest5"
want 1 'RECORD_STALE.*RolesChanged(2)' void_proposal as approver1 approve thermostat 4 "$dir/manifest5"
want 1 'RECORD_STALE.*epoch 1, they are those of 2' void_signature relay early
offline 4 "$dir/manifest5" --epoch 2 >"$dir/late" || exit 1
want 1 'RECORD_STALE.*RolesChanged(2)' void_proposal_signed relay late

# ---- the allow-list
want 0 'outcome=succeeded' allow as publisher allow thermostat gw-1
want 1 'STATE.*SameEntry()' allow_twice as publisher allow thermostat gw-1
want 1 'NOT_OWNER.*NotPublisher()' allow_stranger as stranger allow thermostat gw-2
want 0 'what=deny .*outcome=succeeded' deny as publisher allow thermostat gw-1 --no

# ---- a node that lies about the head is not believed
start liar.log node "$WICK_SOURCE_DIR/unittest/lab/attackers/rpc_liar.mjs" 127.0.0.1 $((base + 3)) \
    "$rpc" flip
await 60 . liar.log || exit 1
sed "s,^url = .*,url = http://127.0.0.1:$((base + 3))," "$dir/lab.conf" >"$dir/lied.conf"
want 1 'PROOF' lied_to run lied release list thermostat

tap_end
