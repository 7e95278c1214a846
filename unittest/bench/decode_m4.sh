#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How many instructions a Cortex-M4 takes to apply the patches of patches.sh, and in how many seconds at 100 MHz if
# each took one cycle, or two: emulated by QEMU, an instruction a nanosecond of its virtual time. By hand, after
# patches.sh.
#   decode_m4.sh [WICK]
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
wick=${1:-$top/build/release/examples/wick}
pairs=$top/build/bench-patches
work=$top/build/bench-m4
[ -d "$pairs/libcrypto" ] || { echo "decode_m4.sh: run patches.sh first" >&2; exit 2; }
mkdir -p "$work"
cd "$top"
arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -Os -std=c11 -ffunction-sections -fdata-sections -Icore/include \
    -Ihal/include -Ttoolchain/cortex-m/link.ld -nostartfiles --specs=nano.specs -Wl,--gc-sections \
    toolchain/cortex-m/startup.c unittest/bench/decode_m4.c core/firmware/delta.c core/firmware/lzma.c \
    core/firmware/lzma_coder.c core/base/base.c -o "$work/image"
blob() { # FILE: behind its length, of four bytes, the lowest first
    node -e '
        const fs = require("node:fs");
        const [from, to] = process.argv.slice(1);
        const bytes = fs.readFileSync(from);
        const head = Buffer.alloc(4);
        head.writeUInt32LE(bytes.length);
        fs.writeFileSync(to, Buffer.concat([head, bytes]));' "$1" "$2"
}
mkdir -p build/run
: >build/run/decode-m4.tsv
printf '%-10s %10s %10s %14s %10s %8s %8s %6s\n' pair image patch instructions 'per byte' '1 cycle' '2 cycles' stack
for name in libcrypto mac80211 busybox u-boot; do
    "$wick" delta make "$pairs/$name/old" "$pairs/$name/new" -o "$work/patch" >"$work/log"
    blob "$pairs/$name/old" "$work/old"
    blob "$pairs/$name/new" "$work/new"
    bytes=$(wc -c <"$work/patch")
    blob "$work/patch" "$work/patch.blob"
    timeout 600 qemu-system-arm -M mps2-an386 -nographic -monitor none -serial null -icount shift=0 \
        -semihosting-config enable=on,target=native -kernel "$work/image" \
        -device "loader,file=$work/old,addr=0x21000000,force-raw=on" \
        -device "loader,file=$work/patch.blob,addr=0x21400000,force-raw=on" \
        -device "loader,file=$work/new,addr=0x21800000,force-raw=on" >"$work/said" 2>&1 ||
        { echo "decode_m4.sh: $name is not made: $(cat "$work/said")" >&2; exit 1; }
    # 25 MHz: a tick is 40 ns, which are 40 instructions.
    awk -v name="$name" -v image="$(wc -c <"$pairs/$name/new")" -v patch="$bytes" '
        { v[$1] = $2 }
        END { n = v["ticks"] * 40
              printf "%-10s %10d %10d %14d %10.1f %6.2f s %6.2f s %6d\n", name, image, patch, n, n / image,
                  n / 1e8, n / 5e7, v["stack"]
              printf "%s\t%d\t%d\t%d\t%d\n", name, image, patch, n, v["stack"] >>table }' \
        table="$top/build/run/decode-m4.tsv" "$work/said"
done
