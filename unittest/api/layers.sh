#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may include whom: base <- {eth, nat, psk, coap, firmware} <- registry <- gateway inside core; core and hal see
# core/include and hal/include alone; nothing but programs and tests includes a port, and ports see
# each other only through port/crypto. A public header belongs to the directory that has its .c
# file, or to the one that the table below names.
. "$(dirname "$0")/lib.sh"

layers() { # layers TREE: prints the violations, fails if there is one
    (cd "$1" && find core hal port examples -name '*.[ch]' | sort) | awk -v tree="$1" '
        BEGIN {
            # Where a header has no .c file of its name.
            own("base", "config hmac")
            own("eth", "mpt header trust proof tx abi eip712 beacon")
            own("nat", "stun turn turn_stream stun_client nat_behaviour")
            own("psk", "hkdf hpke nsl session_keys")
            own("firmware", "release")
            own("registry", "record calldata voucher")
            own("gateway", "gateway gateway_config gateway_out gateway_state direct")
            allow["base"] = " base "
            allow["eth"] = " base eth "; allow["nat"] = " base nat "; allow["psk"] = " base psk "; allow["coap"] = " base coap "
            allow["firmware"] = " base firmware "
            allow["registry"] = " base eth nat psk firmware registry "
            allow["gateway"] = " base eth nat psk coap firmware registry gateway "
            system_ok = " stddef.h stdint.h stdbool.h string.h limits.h "
        }
        function own(module, names,   i, name, count) {
            count = split(names, name, " ")
            for (i = 1; i <= count; i++) { home[name[i]] = module }
        }
        { files[++n] = $0 }
        function stem(path) { sub(/.*\//, "", path); sub(/\.[ch]$/, "", path); return path }
        function module_of(path,   part) {
            split(path, part, "/")
            if (path ~ /^core\/include\/wick\//) { return home[stem(path)] }
            if (part[1] == "core") { return part[2] }
            if (part[1] == "hal") { return path ~ /^hal\/include\// ? "hal" : "selftest" }
            if (part[1] == "port") { return "port/" part[2] }
            return part[1]
        }
        function bad(file, what) { print file ": " what; failed = 1 }
        function judge(file, module, inc, quoted,   target) {
            if (module == "examples") { return }
            if (module ~ /^port\//) {
                if (inc ~ /examples\// || inc ~ /unittest\//) { bad(file, "a port includes " inc) }
                if (module != "port/linux" && inc in port_of && port_of[inc] == "port/linux") { bad(file, "a port includes another port: " inc) }
                if (module != "port/stub" && inc in port_of && port_of[inc] == "port/stub") { bad(file, "a port includes another port: " inc) }
                return
            }
            if (!quoted) {
                if (index(system_ok, " " inc " ") == 0) { bad(file, "<" inc "> is not for core and hal") }
                return
            }
            if (inc ~ /^wick\/port\// || inc ~ /\.\.\//) { bad(file, "reaches into a port or upwards: " inc); return }
            if (inc ~ /^wick\/hal\//) { return }
            if (inc ~ /^wick\//) {
                target = home[stem(inc)]
                if (target == "") { bad(file, "nobody owns " inc ": name its directory in unittest/api/layers.sh"); return }
                if (module == "hal") { if (target != "base") { bad(file, "hal includes " inc " of " target) } return }
                if (module == "selftest") { return }
                if (index(allow[module], " " target " ") == 0) { bad(file, module " includes " inc " of " target) }
                return
            }
            # Internal headers lie beside their .c file.
            path = file; sub(/[^\/]*$/, inc, path)
            if (!(path in present)) { bad(file, "no such internal header beside it: " inc) }
        }
        END {
            for (i = 1; i <= n; i++) {
                present[files[i]] = 1
                if (files[i] ~ /^core\/[a-z]+\/[^\/]*\.c$/) { split(files[i], p, "/"); home[stem(files[i])] = p[2] }
                if (files[i] ~ /^port\/[a-z]+\/include\//) {
                    split(files[i], p, "/"); inc = files[i]; sub(/.*\/include\//, "", inc); port_of[inc] = "port/" p[2]
                }
            }
            for (i = 1; i <= n; i++) {
                module = module_of(files[i])
                if (files[i] ~ /^core\//) {
                    if (module == "") { bad(files[i], "nobody owns it: name its directory in unittest/api/layers.sh"); continue }
                    if (!(module in allow)) { bad(files[i], "core has no layer " module); continue }
                }
                while ((getline line < (tree "/" files[i])) > 0) {
                    if (line ~ /^[ \t]*#[ \t]*include/) {
                        includes++
                        # config.h takes a file of the user by macro.
                        if (line ~ /WICK_CONFIG_FILE/ && files[i] == "core/include/wick/config.h") { continue }
                        quoted = line ~ /"/
                        sub(/^[^"<]*["<]/, "", line); sub(/[">].*/, "", line)
                        judge(files[i], module, line, quoted)
                    }
                }
                close(tree "/" files[i])
            }
            print n " files, " includes " includes"
            exit failed || n < 10 || includes < 10
        }'
}

seeded() { # seeded NAME WORDS FILE LINE: the tree plus one line must be refused
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree"
    (cd "$WICK_SOURCE_DIR" && find core hal port examples -name '*.[ch]' | tar -cf - -T -) |
        tar -xf - -C "$scratch/tree"
    mkdir -p "$(dirname "$scratch/tree/$3")"
    printf '%s\n' "$4" >>"$scratch/tree/$3"
    refuses "$1" "$2" layers "$scratch/tree"
}

passes "api.layers.tree" layers "$WICK_SOURCE_DIR"
seeded "api.layers.eth_must_not_know_nat" "eth includes wick/stun.h of nat" core/eth/rlp.c '#include "wick/stun.h"'
seeded "api.layers.base_must_not_know_eth" "base includes wick/keccak.h of eth" core/base/base.c '#include "wick/keccak.h"'
seeded "api.layers.firmware_must_not_know_eth" "firmware includes wick/proof.h of eth" core/firmware/release.c '#include "wick/proof.h"'
seeded "api.layers.header_counts_too" "eth includes wick/stun.h of nat" core/include/wick/keccak.h '#include "wick/stun.h"'
seeded "api.layers.core_must_not_know_ports" "reaches into a port" core/base/base.c '#include "wick/port/crypto.h"'
seeded "api.layers.hal_must_not_know_ports" "reaches into a port" hal/include/wick/hal/clock.h '#include "wick/port/crypto.h"'
seeded "api.layers.core_has_no_stdio" "<stdio.h> is not for core" core/base/base.c '#include <stdio.h>'
seeded "api.layers.ports_do_not_know_each_other" "another port" port/linux/clock.c '#include "wick/port/stub.h"'
seeded "api.layers.header_without_owner" "nobody owns it" core/include/wick/stray.h '#include <stdint.h>'
seeded "api.layers.unknown_layer" "core has no layer stray" core/stray/stray.c '#include <stdint.h>'
finish
