# SPDX-License-Identifier: Apache-2.0
# What the tests with the IPFS importer share; sourced. Needs: $suite. Sets: $dir, $out; `serve` starts a
# gateway in the background.
if [ ! -x "$WICK_SOURCE_DIR/build/deps/ipfs/bin/ipfs_cid" ]; then
    echo "1..0 # SKIP no importer below build/deps/ipfs: run sh toolchain/bootstrap.sh ipfs"
    exit 77
fi
command -v node >/dev/null || {
    echo "1..0 # SKIP no node"
    exit 77
}
top=$WICK_SOURCE_DIR
. "$top/unittest/lab/topology.sh"
lab_alone "$@"
dir=$(mktemp -d) || exit 1
out=$dir/out
jobs_running=
. "$WICK_SOURCE_DIR/unittest/lab/tap.sh"
finish() {
    for job in $jobs_running; do
        kill "$job" 2>/dev/null
    done
    wait
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM

serve() { # NAME ARGUMENT...: a gateway; its URL is in $url then, what it said in $dir/NAME
    name=$1
    shift
    node "$WICK_SOURCE_DIR/unittest/lab/ipfs/gateway.mjs" "$@" >"$dir/$name" 2>"$dir/$name.log" </dev/null &
    jobs_running="$jobs_running $!"
    until_ok 60 test -s "$dir/$name" || broken "no gateway: $(cat "$dir/$name.log")"
    url=http://127.0.0.1:$(sed 's/^{"port":\([0-9]*\).*/\1/' "$dir/$name")
}
generated() { # BYTES: no two pieces are alike
    awk -v n="$1" 'BEGIN { for (i = 0; i < n / 10; i++) { printf "%09d\n", i * 7919 % 1000000007 } }' | head -c "$1"
}
