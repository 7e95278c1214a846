#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Size of core on a Cortex-M4 (-Os), one row for each module and the proof path with the small
# Keccak, beside their budgets; and what the linker keeps of core in a firmware with all of the
# agent. Fails on a broken budget and on any static data.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/run
log=build/run/size.build
command -v arm-none-eabi-size >/dev/null || { echo "size.sh: run toolchain/bootstrap.sh cross" >&2; exit 2; }
{ cmake --preset cortex-m4 && cmake --build --preset cortex-m4 --target wick_core -j "$(nproc)"; } >"$log" 2>&1 || {
    tail -n 20 "$log"
    exit 1
}
# The proof path (what a device needs to verify a record and to sign) with the small permutation.
small=build/run/keccak-small.c.obj
arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -Os -std=c11 -DWICK_KECCAK_FAST=0 -Icore/include \
    -Ihal/include -c core/eth/keccak.c -o "$small"

# Manifests as a device wants them: read, not written.
reader=build/run/manifest-read.c.obj
arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -Os -std=c11 -DWICK_WITH_MANIFEST_WRITE=0 -Icore/include \
    -Ihal/include -c core/firmware/manifest.c -o "$reader"

# A firmware with all of the agent: what the linker keeps of core.
image=build/run/agent_image
arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -Os -std=c11 -ffunction-sections -fdata-sections \
    -include toolchain/cortex-m/wick_profile.h -Icore/include -Ihal/include -nostartfiles \
    --specs=nano.specs -Wl,--gc-sections,--entry=main toolchain/cortex-m/agent_image.c \
    build/cortex-m4/core/libwick_core.a -o "$image"

# What the linker keeps of blst for the HAL's BLS12-381 functions, and the RAM of a store.
bls=build/run/bls_image blst=build/deps/blst-0.3/cortex-m4
printf '%s\n' '#include "wick/beacon.h"' '#include "wick/port/crypto.h"' 'wick_hal_crypto table;' \
    'wick_beacon store_512;' 'int main(void) { wick_crypto_blst_fill(&table); return 0; }' >$bls.c
if [ -e $blst/lib/libblst.a ]; then
    arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -Os -std=c11 -ffunction-sections -fdata-sections \
        -Icore/include -Ihal/include -Iport/crypto/include -I$blst/include -nostartfiles \
        --specs=nano.specs -Wl,--gc-sections,--entry=main,--undefined=store_512 $bls.c \
        port/crypto/blst.c $blst/lib/libblst.a -o $bls
else
    echo "size.sh: blst is not built for cortex-m4; its line is left out" >&2
    cp "$small" $bls
fi

# "   text  data  bss  dec  hex  base.c.obj (ex .../libwick_core.a)": the directory of a member is
# only in the path of its object, so the objects are sized where they lie.
{
    arm-none-eabi-size "$small" | sed -n 2p
    arm-none-eabi-size "$reader" | sed -n 2p
    arm-none-eabi-size "$image" | sed -n 2p
    arm-none-eabi-nm -S "$image" | sed -n 's/^[0-9a-f]* \([0-9a-f]*\) [bB] gateway$/\1/p'
    arm-none-eabi-size "$bls" | sed -n 2p
    { arm-none-eabi-nm -S "$bls" | sed -n 's/^[0-9a-f]* \([0-9a-f]*\) [bB] store_512$/\1/p'; echo 0; } | head -n 1
    find build/cortex-m4/core -name '*.obj' | sort | xargs arm-none-eabi-size
} | awk '
    BEGIN {
        budget["proof path"] = 8192; budget["small Keccak"] = 1024; budget["agent, linked"] = 65536
        budget["UnixFS verifier"] = 1228; budget["patches"] = 2048
        split("rlp mpt header proof tx address", path_files, " ")
        for (i in path_files) { on_path[path_files[i]] = 1 }
        # Beside the proof path, and each behind a switch of wick/config.h.
        part_of["receipt"] = part_of["item"] = part_of["rlp_push"] = "receipts and logs"
        part_of["seal"] = "sealed headers"
        part_of["bft"] = "  QBFT, IBFT 2.0, IBFT 1"
        part_of["clique"] = "  Clique"
        split("ssz beacon beacon_ssz beacon_keys beacon_store chains", beacon_files, " ")
        for (i in beacon_files) { part_of[beacon_files[i]] = "sync committee" }
        split("light light_rules light_bft light_clique light_beacon", light_files, " ")
        for (i in light_files) { part_of[light_files[i]] = "light client" }
        part_of["light_quorum"] = part_of["quorum"] = "  quorum of nodes"
        # What a device needs to apply a patch: delta_head is for those who look at one.
        part_of["delta"] = part_of["lzma"] = part_of["lzma_coder"] = "patches"
        split("update update_fetch update_record update_release update_sink plan journal journal_rule", update_files, " ")
        for (i in update_files) { part_of[update_files[i]] = "updates" }
        budget["updates"] = 12288
        part_of["light_store"] = part_of["trust_store"] = part_of["trust_export"] = "  trust store"
        printf "%-24s %8s %8s %8s %10s\n", "Cortex-M4 -Os", "text", "data", "bss", "budget"
    }
    NR == 1 { small = $1; path = $1; next }
    NR == 2 { reader = $1; next }
    NR == 3 { agent = $1; next }
    NR == 4 { ram = hex($1); next }
    NR == 5 { blst = $1; next }
    NR == 6 { store = hex($1); next }
    $1 != "text" {
        n = split($6, part, "/")
        for (i = 1; i < n; i++) { if (part[i] == "wick_core.dir") { module = part[i + 1] } }
        file = part[n]; sub(/\.c\.obj$/, "", file)
        if (module == "eth" && file in on_path) { path += $1; had = had " " file }
        if (module == "firmware" && file == "unixfs") { unixfs = $1 }
        if (module == "firmware" && file == "manifest_check") { reader += $1 }
        if ((module == "eth" || module == "firmware") && file in part_of) { optional[part_of[file]] += $1 }
        if (!(module in text)) { order[++modules] = module }
        text[module] += $1; data[module] += $2; bss[module] += $3
        all["text"] += $1; all["data"] += $2; all["bss"] += $3
        files[module] = files[module] sprintf("  %-22s %8d %8d %8d\n", file, $1, $2, $3)
    }
    function hex(digits,  i, v) {
        for (i = 1; i <= length(digits); i++) {
            v = 16 * v + index("0123456789abcdef", substr(digits, i, 1)) - 1
        }
        return v
    }
    function row(name, t, d, b) {
        bar = (name in budget) ? budget[name] : ""
        bad = (bar != "" && t > bar) || d != 0 || b != 0
        printf "%-24s %8d %8d %8d %10s%s\n", name, t, d, b, bar, bad ? "  BROKEN" : ""
        failed += bad
    }
    END {
        for (i = 1; i <= modules; i++) {
            row(order[i], text[order[i]], data[order[i]], bss[order[i]])
            printf "%s", files[order[i]]
        }
        row("small Keccak", small, 0, 0)
        row("proof path", path, 0, 0)
        print "  small keccak" had
        parts = split("receipts and logs|sealed headers|  QBFT, IBFT 2.0, IBFT 1|  Clique|sync committee|light client|" \
            "  quorum of nodes|  trust store|patches|updates", name, "|")
        for (i = 1; i <= parts; i++) { row(name[i], optional[name[i]], 0, 0) }
        row("  and manifests, read", optional["updates"] + reader, 0, 0)
        row("UnixFS verifier", unixfs, 0, 0)
        if (store > 0) {
            row("  blst, linked", blst, 0, 0)
            printf "  sizeof(wick_beacon) %d with 512 members\n", store
        }
        row("agent, linked", agent, 0, 0)
        printf "  sizeof(wick_gateway) %d, budget 24576%s\n", ram, (ram > 24576 ? "  BROKEN" : "")
        failed += (ram > 24576)
        row("whole archive", all["text"], all["data"], all["bss"])
        exit failed != 0
    }'
