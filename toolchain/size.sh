#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Size of core on a Cortex-M4 (-Os), one row for each module beside its budget. Fails on a broken
# budget and on any static data.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/run
log=build/run/size.build
command -v arm-none-eabi-size >/dev/null || { echo "size.sh: run toolchain/bootstrap.sh cross" >&2; exit 2; }
{ cmake --preset cortex-m4 && cmake --build --preset cortex-m4 --target wick_core -j "$(nproc)"; } >"$log" 2>&1 || {
    tail -n 20 "$log"
    exit 1
}
# "   text  data  bss  dec  hex  base.c.obj (ex .../libwick_core.a)": the directory of a member is
# only in the path of its object, so the objects are sized where they lie.
find build/cortex-m4/core/CMakeFiles/wick_core.dir -name '*.obj' | sort | xargs arm-none-eabi-size | awk '
    BEGIN {
        budget["eth"] = 8192; budget["total"] = 65536
        printf "%-24s %8s %8s %8s %10s\n", "Cortex-M4 -Os", "text", "data", "bss", "budget"
    }
    NR > 1 {
        n = split($6, part, "/")
        for (i = 1; i < n; i++) { if (part[i] == "wick_core.dir") { module = part[i + 1] } }
        file = part[n]; sub(/\.c\.obj$/, "", file)
        if (!(module in text)) { order[++modules] = module }
        text[module] += $1; data[module] += $2; bss[module] += $3
        all["text"] += $1; all["data"] += $2; all["bss"] += $3
        files[module] = files[module] sprintf("  %-22s %8d %8d %8d\n", file, $1, $2, $3)
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
        row("total", all["text"], all["data"], all["bss"])
        exit failed != 0
    }'
