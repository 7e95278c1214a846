#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Patches between real versions of Debian's armhf packages: how large they are and how long they take, by
# `wick delta` and by others; and how applying grows with the image. Prints two tables, writes
# build/run/patches.tsv and sizes.tsv, of which figures.mjs makes figures. By hand: it downloads 80 MB, once.
#
# usage: patches.sh [path of wick]     WICK_DEBIAN_MIRROR=URL: another mirror than the machine's own
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
wick=${1:-$top/build/release/examples/wick}
out=$top/build/run
LC_ALL=C
export LC_ALL
stop() { printf 'patches: %s\n' "$*" >&2; exit 2; }
[ -x "$wick" ] || stop "no $wick: build the release preset first"
for tool in apt-get dpkg-deb diff patch zstd; do
    command -v "$tool" >/dev/null || stop "no $tool here"
done
. "$top/unittest/bench/pairs.sh"
mkdir -p "$work" "$out"

# ---- two versions each of a library, a kernel module, busybox and a boot loader ----

view armhf
pair libcrypto libssl3 bookworm-updates libcrypto.so.3 libssl3 bookworm libcrypto.so.3
pair busybox busybox-static bookworm busybox busybox-static trixie busybox
pair u-boot u-boot-sunxi bookworm u-boot-sunxi-with-spl.bin u-boot-sunxi trixie u-boot-sunxi-with-spl.bin
pair mac80211 "$(kernels | head -n 1)" bookworm mac80211.ko "$(kernels | tail -n 1)" bookworm mac80211.ko

# ---- what others make of them ----

view "$(dpkg --print-architecture)"
for tool in bsdiff xdelta3; do
    command -v $tool >/dev/null || { unpack $tool bookworm; PATH=$PATH:$work/$tool-bookworm/tree/usr/bin; }
done
unset APT_CONFIG
export PATH
run=$work/run
mkdir -p "$run"

seconds() { # seconds COMMAND...: how long it took, least of three
    best=
    for _ in 1 2 3; do
        begin=$(date +%s.%N)
        "$@" >/dev/null 2>&1 || return 1
        best=$(echo "$begin $(date +%s.%N) ${best:-9999}" | awk '{ t = $2 - $1; print t < $3 ? t : $3 }')
        awk "BEGIN { exit !($best > 5) }" && break # long ones once
    done
    printf '%.3f' "$best"
}

diff_text() { (cd "$1" && diff -ruN -a old.d new.d >diff.out; [ $? = 1 ]); } # what the paper measures
patch_text() { (cd "$1" && rm -rf applied && cp -r old.d applied && patch -s -p1 -d applied <diff.out && cmp -s applied/image new); }

row() { # row METHOD PATCH MAKE-TIME APPLY-TIME
    printf '%s\t%s\t%d\t%d\t%s\t%s\n' "$name" "$1" "$(wc -c <"$dir/new")" "$(wc -c <"$2")" "$3" "$4" >>"$out/patches.tsv"
}

# method NAME PATCH MAKE... -- APPLY...: the result of APPLY is $run/new
method() {
    method=$1 patch=$2
    shift 2
    make=
    rm -f "$run/new" "$patch"
    while [ "$1" != -- ]; do
        make="$make $1"
        shift
    done
    shift
    # shellcheck disable=SC2086
    make_s=$(seconds $make) || stop "$method cannot make the patch of $name"
    apply_s=$(seconds "$@") || stop "$method cannot apply the patch of $name"
    cmp -s "$run/new" "$dir/new" || stop "$method does not give the new $name"
    row "$method" "$patch" "$make_s" "$apply_s"
}

zstd_make() { zstd -q -f -19 --long=27 --patch-from="$1" "$2" -o "$3"; }
zstd_apply() { zstd -q -f -d --long=27 --patch-from="$1" "$2" -o "$3"; }

: >"$out/patches.tsv"
: >"$run/none"
for name in libcrypto mac80211 busybox u-boot; do
    dir=$work/$name
    mkdir -p "$dir/old.d" "$dir/new.d"
    cp "$dir/old" "$dir/old.d/image"
    cp "$dir/new" "$dir/new.d/image"
    method 'whole image, wick --full' "$run/p" "$wick" delta make --full "$dir/new" -o "$run/p" -- \
        "$wick" delta apply "$run/none" "$run/p" -o "$run/new"
    text_make=$(seconds diff_text "$dir") || stop "diff of $name"
    text_apply=$(seconds patch_text "$dir") || text_apply=fails
    row 'diff -ruN -a' "$dir/diff.out" "$text_make" "$text_apply"
    method bsdiff "$run/p" bsdiff "$dir/old" "$dir/new" "$run/p" -- bspatch "$dir/old" "$run/new" "$run/p"
    method 'xdelta3 -9' "$run/p" xdelta3 -e -f -9 -s "$dir/old" "$dir/new" "$run/p" -- \
        xdelta3 -d -f -s "$dir/old" "$run/p" "$run/new"
    method 'zstd -19 --patch-from' "$run/p" zstd_make "$dir/old" "$dir/new" "$run/p" -- \
        zstd_apply "$dir/old" "$run/p" "$run/new"
    method 'wick, 8 KiB' "$run/p" "$wick" delta make "$dir/old" "$dir/new" --dict 8192 -o "$run/p" -- \
        "$wick" delta apply "$dir/old" "$run/p" -o "$run/new"
    method 'wick, 4 KiB' "$run/p" "$wick" delta make "$dir/old" "$dir/new" -o "$run/p" -- \
        "$wick" delta apply "$dir/old" "$run/p" -o "$run/new"
done

for name in libcrypto mac80211 busybox u-boot; do
    printf '\n%s %s, %d bytes\n' "$name" "$(cat "$work/$name/what")" "$(wc -c <"$work/$name/new")"
    printf '  %-26s %10s %8s %9s %9s\n' method bytes 'of image' 'make, s' 'apply, s'
    awk -F '\t' -v name="$name" '$1 == name {
        printf "  %-26s %10d %6.2f %% %9s %9s\n", $2, $4, 100 * $4 / $3, $5, $6 }' "$out/patches.tsv"
done

# ---- time against size: the beginnings of libcrypto, 1 to 2000 KB ----

: >"$out/sizes.tsv"
name=libcrypto
for kb in 1 10 50 100 250 500 750 1000 1500 2000; do
    head -c $((kb * 1000)) "$work/$name/old" >"$run/old"
    head -c $((kb * 1000)) "$work/$name/new" >"$run/short"
    make_s=$(seconds "$wick" delta make "$run/old" "$run/short" -o "$run/p")
    apply_s=$(seconds "$wick" delta apply "$run/old" "$run/p" -o "$run/new")
    cmp -s "$run/new" "$run/short" || stop "the first $kb KB are not made"
    printf '%d\t%d\t%s\t%s\n' "$kb" "$(wc -c <"$run/p")" "$make_s" "$apply_s" >>"$out/sizes.tsv"
done
printf '\n%s, the first KB of it\n  %8s %12s %9s %9s\n' "$name" KB 'patch, bytes' 'make, s' 'apply, s'
awk '{ printf "  %8d %12d %9s %9s\n", $1, $2, $3, $4 }' "$out/sizes.tsv"

printf '\nfigures of them: node unittest/bench/figures.mjs --take\n'
