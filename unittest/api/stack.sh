#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No function of core calls itself, directly or through others, and none has a frame above 1024
# bytes or of variable size. Prints the largest frames and the deepest known path (calls through the
# HAL's function pointers are not followed; the benchmarks paint the stack for those). Measured on a
# Cortex-M4 where its compiler is there, else on this machine. gcc only: clang has no call graph.
. "$(dirname "$0")/lib.sh"

frame_max=1024
cc=$CC
flags="-O1 -fno-inline"
if command -v arm-none-eabi-gcc >/dev/null; then
    cc=arm-none-eabi-gcc
    flags="-mcpu=cortex-m4 -mthumb"
elif ! "$CC" --version | grep -qi 'free software foundation'; then
    cc=gcc
fi
command -v "$cc" >/dev/null || { skip "api.stack" "no gcc"; finish; }

# graph OUT FLAGS FILE...: "edge caller callee" and "frame function bytes kind" lines.
graph() {
    out=$1 options=$2
    shift 2
    rm -rf "$scratch/ci"
    mkdir -p "$scratch/ci"
    for f; do
        # shellcheck disable=SC2086
        "$cc" $flags $options -std=c11 -fcallgraph-info=su -I"$WICK_SOURCE_DIR/core/include" \
            -I"$WICK_SOURCE_DIR/hal/include" -c "$f" -o "$scratch/ci/$(echo "$f" | tr / _).o" || return 1
    done
    cat "$scratch"/ci/*.ci | awk '
        /^edge:/ {
            match($0, /sourcename: "[^"]*"/); a = substr($0, RSTART + 13, RLENGTH - 14)
            match($0, /targetname: "[^"]*"/); b = substr($0, RSTART + 13, RLENGTH - 14)
            print "edge", a, b
        }
        /^node:/ && / bytes \(/ {
            match($0, /title: "[^"]*"/); a = substr($0, RSTART + 8, RLENGTH - 9)
            match($0, /[0-9]+ bytes \([a-z,]*\)/); s = substr($0, RSTART, RLENGTH)
            split(s, p, " "); kind = p[3]; gsub(/[()]/, "", kind)
            print "frame", a, p[1], kind
        }' | sed "s,$WICK_SOURCE_DIR/,,g; s,$scratch/,,g" >"$out"
}

# A call graph without cycles has a topological order; tsort names the members of a cycle.
recursion() {
    grep -q '^edge' "$1" || { echo "no call graph"; return 1; }
    awk '$1 == "edge" && $2 == $3 { print "calls itself: " $2; bad = 1 } END { exit bad }' "$1" || return 1
    if ! awk '$1 == "edge" && $3 != "__indirect_call" { print $2, $3 }' "$1" | sort -u | tsort >/dev/null 2>"$scratch/loops"; then
        echo "call each other:"
        cat "$scratch/loops"
        return 1
    fi
}

# "dynamic,bounded" is what x86 calls a frame whose calls push arguments: the size is a maximum.
frames() {
    grep -q '^frame' "$1" || { echo "no frames"; return 1; }
    awk -v max=$frame_max '$1 == "frame" && ($3 > max || $4 !~ /^(static|dynamic,bounded)$/) { print $2 ": " $3 " bytes, " $4; bad = 1 } END { exit bad }' "$1"
}

report() {
    awk '
        $1 == "frame" { size[$2] = $3 }
        $1 == "edge" { calls[$2] = calls[$2] " " $3 }
        function depth(f,   n, list, i, d, best) {
            if (f in known) { return known[f] }
            known[f] = size[f]
            n = split(calls[f], list, " "); best = 0
            for (i = 1; i <= n; i++) { d = depth(list[i]); if (d > best) { best = d; next_of[f] = list[i] } }
            known[f] = size[f] + best
            return known[f]
        }
        END {
            for (f in size) { d = depth(f); if (d > most) { most = d; top = f } }
            printf "# deepest path %d bytes:", most
            for (f = top; f != ""; f = next_of[f]) { g = f; sub(/.*:/, "", g); printf " %s(%d)", g, size[f] }
            print ""
        }' "$1"
    awk '$1 == "frame" { f = $2; sub(/.*:/, "", f); print $3, f }' "$1" | sort -rn | head -n 5 |
        awk '{ printf "# frame %d bytes: %s\n", $1, $2 }'
}

cd "$WICK_SOURCE_DIR" || exit 1
files=$(find core -name '*.c' | sort)
# Nothing inlined, or inlining hides a cycle; as shipped, or inlining makes a frame larger.
# shellcheck disable=SC2086
passes "api.stack.call_graph" graph "$scratch/plain" "-O1 -fno-inline -fno-optimize-sibling-calls" $files
passes "api.stack.no_recursion" recursion "$scratch/plain"
for level in -Os -O2; do
    # shellcheck disable=SC2086
    passes "api.stack.frames$level.compile" graph "$scratch/shipped$level" $level $files
    passes "api.stack.frames$level" frames "$scratch/shipped$level"
done
echo "# $cc"
report "$scratch/shipped-Os"

mkdir -p "$scratch/seed"
seeded() { # seeded NAME CHECK WORDS CODE
    printf '%s\n' "$4" >"$scratch/seed/seed.c"
    graph "$scratch/seeded" "-O1 -fno-inline -fno-optimize-sibling-calls" "$scratch/seed/seed.c"
    refuses "$1" "$3" "$2" "$scratch/seeded"
}
seeded "api.stack.self_call_is_refused" recursion "calls itself: f" 'int f(int n); int f(int n) { return n == 0 ? 1 : n * f(n - 1); }'
seeded "api.stack.cycle_is_refused" recursion "call each other" 'int g(int n); int f(int n); int f(int n) { return n == 0 ? 1 : g(n - 1) + 1; } int g(int n) { return f(n) * 2; }'
seeded "api.stack.big_frame_is_refused" frames "f: " 'void use(char *); void f(void); void f(void) { char a[1100]; use(a); }'
seeded "api.stack.vla_is_refused" frames "dynamic" 'void use(char *); void f(int n); void f(int n) { char a[n]; use(a); }'
finish
