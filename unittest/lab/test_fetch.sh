#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Blocks from gateways that lie in every way that there is, beside one that does not: each lie is refused
# with its status, the other one is asked, and the file is the one that its CID names.
# usage: test_fetch.sh <wick>
set -u
wick=$1
suite=lab.fetch
. "$WICK_SOURCE_DIR/unittest/lab/ipfs/lab.sh"

generated 200000 >"$dir/image"
serve liar --chunk 16384 --links 8 "$dir/image"
liar=$url
serve honest --chunk 16384 --links 8 "$dir/image"
honest=$url
cid=$(sed 's/.*"cid":"\([a-z0-9]*\)".*/\1/' "$dir/liar")
lie() { curl -s -X PUT "$liar/lie/$1" >/dev/null || broken "the liar does not listen"; }
get() { "$wick" cid verify "$cid" "$@" --output "$dir/got" --json; }
whole() { # WHAT
    cmp "$dir/got" "$dir/image"
    result $? "$1"
    rm -f "$dir/got"
}

want 0 '"blocks":16,"refused":0' truth get --from "$liar"
whole truth_is_the_file

# The liar lies once at the root, once at a leaf, and is then believed again what it can prove.
for lie in wrong:FW_DIGEST short:FW_DIGEST cut:TRUNCATED endless:LIMIT redirect:HTTP order:FW_DIGEST error:HTTP \
    html:FW_DIGEST; do
    kind=${lie%:*}
    lie "$kind/1"
    want 0 "\"event\":\"refused\",\"source\":\"$liar\".*\"code\":\"${lie#*:}\"" "$kind" get --from "$liar" --from "$honest"
    grep -q '"refused":1,' "$out"
    result $? "${kind}_once"
    whole "${kind}_file"
done
lie type/1 # what a server calls its bytes says nothing
want 0 '"refused":0' type get --from "$liar"
whole type_file

# It lies all the time: three strikes, and the rest comes from the other one.
for kind in wrong endless redirect; do
    lie $kind
    want 0 '"refused":[123],' "${kind}_always" get --from "$liar" --from "$honest"
    whole "${kind}_always_file"
done
lie wrong
want 1 'FW_DIGEST' nobody_is_honest get --from "$liar"
[ ! -e "$dir/got" ]
result $? no_half_file

# No answer, and one byte a second: given up, the other one is asked. Both wait at the same time.
lie none
serve mute --chunk 16384 --links 8 --lie stall "$dir/image"
mute=$url
serve slow --chunk 16384 --links 8 --lie slow "$dir/image"
slow=$url
get --from "$mute" --timeout 8 >"$dir/mute.out" 2>&1 &
mute_job=$!
get_slow() { "$wick" cid verify "$cid" --from "$slow" --from "$honest" --timeout 8 --output "$dir/got" --json; }
want 0 "\"source\":\"$slow\".*\"code\":\"TIMEOUT\"" slow get_slow
whole slow_file
wait $mute_job
[ $? -eq 3 ] && grep -q TIMEOUT "$dir/mute.out"
result $? stall

# Nobody there, and a server that has no such block.
want 0 '"code":"NET"' nobody_there get --from http://127.0.0.1:9 --from "$honest"
whole nobody_there_file
serve empty
want 0 '"code":"HTTP"' not_found get --from "$url" --from "$honest"
whole not_found_file
want 1 'TRUST_ANCHOR\|CERT\|TLS\|NET' https_needs_tls get --from "https://127.0.0.1:${honest##*:}" --timeout 5
tap_end
