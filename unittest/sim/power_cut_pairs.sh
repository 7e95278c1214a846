#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The power-cut matrix on real firmware: every operation of flash and loader of an update from one version to
# the next, cut before it, in the middle of it and after it, and each recovery cut again in all three ways
# (test_power_cut_pairs.c). Sectors of 4 KiB, programs of at most 256 bytes in units of 8. Fetches five pairs
# of images from Debian's archive once, and ends with one line of figures; fails if any outcome was bad, or
# if the same simulator does not catch a journal that uses slots again after a torn entry.
#
# usage: power_cut_pairs.sh [--in-place] [directory ...]
#   --in-place       devices with one slot, whose loader applies the patch in the place of the old image
#   directory        with files old and new, instead of the five
#   WICK_BUILD_DIR   the build (build/release)   WICK_PAIRS_JOBS   processes at a time (2)
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
build=${WICK_BUILD_DIR:-$top/build/release}
jobs=${WICK_PAIRS_JOBS:-2}
stop() { printf 'power_cut_pairs: %s\n' "$*" >&2; exit 2; }
test=$build/unittest/test_sim_power_cut_pairs
for tool in "$build/examples/wick" "$test"; do
    [ -x "$tool" ] || stop "no $tool: build the release preset first"
done
work=$top/build/bench-patches
patch=patch options= what='on'
if [ "${1:-}" = --in-place ]; then
    shift
    patch=in-place options=--in-place what='in place, on'
    export WICK_PAIRS_IN_PLACE=1
fi
if [ $# = 0 ]; then
    for tool in apt-get dpkg-deb; do
        command -v $tool >/dev/null || stop "no $tool here: name directories with files old and new"
    done
    . "$top/unittest/bench/pairs.sh"
    mkdir -p "$work"
    view armhf
    kernel_old=$(kernels | head -n 1) kernel_new=$(kernels | tail -n 1)
    pair mlo u-boot-omap bookworm am335x_boneblack/MLO u-boot-omap trixie am335x_boneblack/MLO
    pair liblzma liblzma5 bookworm liblzma.so.5.4.1 liblzma5 trixie liblzma.so.5.8.1
    pair opensbi opensbi bookworm riscv64-linux-gnu/opensbi/generic/fw_jump.bin \
        opensbi trixie riscv64-linux-gnu/opensbi/generic/fw_jump.bin
    pair seabios seabios bookworm bios-256k.bin seabios trixie bios-256k.bin
    pair wlcore "$kernel_old" bookworm wlcore.ko "$kernel_new" bookworm wlcore.ko
    unset APT_CONFIG
    set -- "$work/mlo" "$work/liblzma" "$work/opensbi" "$work/seabios" "$work/wlcore"
fi
pairs=
for dir; do
    dir=${dir%/}
    [ -e "$dir/old" ] && [ -e "$dir/new" ] || stop "no files old and new in $dir"
    # shellcheck disable=SC2086
    "$build/examples/wick" delta make $options "$dir/old" "$dir/new" -o "$dir/$patch" >/dev/null
    pairs="$pairs $dir"
done
out=$top/build/run/power-cuts
mkdir -p "$out"
rm -f "$out"/*.tap

# The parts are of one size: every jobs-th operation each.
begin=$(date +%s)
part=0 running=
while [ $part -lt "$jobs" ]; do
    WICK_PAIRS=$pairs WICK_PAIRS_PART=$part/$jobs "$test" >"$out/$part.tap" &
    running="$running $!"
    part=$((part + 1))
done
failed=
for process in $running; do
    wait "$process" || failed=1
done
WICK_PAIRS=$1 WICK_PAIRS_NAIVE=1 "$test" >"$out/naive.tap" || failed=1
took=$(($(date +%s) - begin))

awk -v took=$took -v jobs="$jobs" -v what="$what" '
    /^not ok/ { print FILENAME ": " $0; failed = 1 }
    / small images:/ || !/^# .*: image .* bad / { next }
    {
        name = $0; sub(/^# /, "", name); sub(/: image .*/, "", name)
        n = split($0, part, ", ")
        for (i = 1; i <= n; i++) {
            figure = part[i]; sub(/.*: /, "", figure); value = figure
            sub(/^[a-z ]*/, "", value); sub(/ .*/, "", value); sub(/ *[0-9].*/, "", figure)
            sum[name, figure] += value
        }
        if (name ~ /^naive/) { naive = name; next }
        if (!((name) in seen)) { seen[name] = ++names; order[names] = name }
        size[name] = sum[name, "image"]; count[name]++
    }
    END {
        for (i = 1; i <= names; i++) {
            name = order[i]
            printf "  %-10s %8d bytes %6d operations %7d cuts %7d second cuts %8d boots %d bad\n", name,
                size[name] / count[name], sum[name, "operations"], sum[name, "first cuts"],
                sum[name, "second cuts"], sum[name, "boots"], sum[name, "bad"]
            operations += sum[name, "operations"]; first += sum[name, "first cuts"]
            second += sum[name, "second cuts"]; boots += sum[name, "boots"]; bad += sum[name, "bad"]
        }
        printf "power cuts %s %d pairs: %d operations, %d cuts and %d second cuts, %d boots, %d bad outcomes; " \
            "naive journal: %d bad of %d; %d s in %d processes\n", what, names, operations, first, second, boots,
            bad, sum[naive, "bad"], sum[naive, "first cuts"], took, jobs
        exit failed || bad > 0 || !names || !operations || !sum[naive, "bad"]
    }' "$out"/*.tap || failed=1
[ -z "$failed" ]
