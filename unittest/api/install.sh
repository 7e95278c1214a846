#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a user of the installed library does: find_package(wick) with each exported target, and
# pkg-config for core alone. Both programs are built outside the tree and run; the installed tree is
# moved first, so that no path of this build may be in it. The programs are where the service files look
# for them, and a header without an archive has its source.
. "$(dirname "$0")/lib.sh"

prefix=$scratch/moved/prefix

install_and_move() {
    cmake --install "$WICK_BUILD_DIR" --prefix "$scratch/first" && mkdir -p "$scratch/moved" &&
        mv "$scratch/first" "$prefix"
}

no_paths_inside() {
    ! grep -rIn -e "$WICK_SOURCE_DIR" -e "$scratch/first" "$prefix/lib/cmake" "$prefix/lib/pkgconfig" "$prefix/include"
}

mkdir -p "$scratch/user"
cat >"$scratch/user/main.c" <<'EOF'
#include <stdio.h>
#include <string.h>
#include <wick/keccak.h>
#include <wick/status.h>

int main(void)
{
    uint8_t hash[WICK_KECCAK256_BYTES];
    wick_keccak256(hash, (const uint8_t *)"", 0);
    printf("%02x%02x %s\n", hash[0], hash[1], wick_status_str(WICK_OK));
    return 0;
}
EOF
cat >"$scratch/user/crypto.c" <<'EOF'
#include <stdio.h>
#include <wick/port/crypto.h>

int main(void)
{
    static wick_crypto_ctx ctx;
    wick_hal_crypto crypto;
    printf("crypto %d\n", (int)wick_crypto_init(&crypto, &ctx));
    return 0;
}
EOF
cat >"$scratch/user/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.22)
project(user C)
find_package(wick 0.1 REQUIRED)
add_executable(user main.c)
target_link_libraries(user PRIVATE wick::core)
if(TARGET wick::crypto)
  add_executable(user_crypto crypto.c)
  target_link_libraries(user_crypto PRIVATE wick::crypto)
endif()
EOF

configure() {
    cmake -S "$scratch/user" -B "$scratch/user/build" -DCMAKE_PREFIX_PATH="$1" -DCMAKE_C_COMPILER="$CC"
}
prints() { # prints WORDS PROGRAM: it runs and says so
    shift_words=$1
    shift
    "$@" | tee /dev/stderr | grep -qx "$shift_words"
}
pc() { PKG_CONFIG_PATH="$prefix/lib/pkgconfig:$prefix/lib64/pkgconfig" pkg-config "$@"; }
pc_build() {
    # shellcheck disable=SC2046
    "$CC" $(pc --cflags wick) "$scratch/user/main.c" $(pc --libs wick) -o "$scratch/user/pc"
}

services_agree() { # services_agree FILE...: what they start is installed under the prefix /usr
    for file in "$@"; do
        program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p; s/^PROG=//p' "$file")
        [ -x "$prefix${program#/usr}" ] && [ "$program" != "${program#/usr/}" ] || {
            echo "$file: $program is not installed"
            return 1
        }
    done
}
programs() {
    for name in wick wickd wick-wallet wick-attestor; do
        [ -x "$prefix/bin/$name" ] || return 1
    done
}
leaf_compiles() { # leaf_compiles SOURCES: those of a leaf, with nothing but what is installed and mbedtls
    for name in leaf_client leaf_hash; do
        grep -q 'share/wick/leaf' "$prefix/include/wick/port/$name.h" &&
            "$CC" -std=c11 -D_GNU_SOURCE -fsyntax-only -I"$prefix/include" -I"$leaf_mbedtls" "$1/$name.c" || return 1
    done
}

passes "api.install.installs" install_and_move
passes "api.install.no_build_paths" no_paths_inside
passes "api.install.cmake_configures" configure "$prefix"
passes "api.install.cmake_builds" cmake --build "$scratch/user/build"
passes "api.install.cmake_core_runs" prints "c5d2 OK" "$scratch/user/build/user"
if [ -e "$prefix/lib/libwick_crypto.a" ]; then
    passes "api.install.cmake_crypto_runs" prints "crypto 0" "$scratch/user/build/user_crypto"
fi
if [ -e "$prefix/include/wick/port/linux.h" ]; then
    passes "api.install.programs" programs
    units=$WICK_SOURCE_DIR/examples/wickd
    passes "api.install.services_agree" services_agree "$units/wickd.service" "$units/wickd.init"
    sed 's,/usr/bin/,/usr/sbin/,' "$units/wickd.init" >"$scratch/elsewhere.init"
    refuses "api.install.service_elsewhere" "not installed" services_agree "$scratch/elsewhere.init"
    for leaf_mbedtls in "$WICK_SOURCE_DIR"/build/deps/mbedtls_leaf-*/host/include; do :; done
    if [ -d "$leaf_mbedtls" ]; then
        passes "api.install.leaf_compiles" leaf_compiles "$prefix/share/wick/leaf"
        passes "api.install.leaf_config" cmp "$prefix/share/wick/leaf/mbedtls_leaf_config.h" \
            "$leaf_mbedtls/mbedtls/mbedtls_config.h"
    else
        skip "api.install.leaf_compiles" "no mbedtls of a leaf"
    fi
fi
if command -v pkg-config >/dev/null; then
    passes "api.install.pkg_config_builds" pc_build
    passes "api.install.pkg_config_runs" prints "c5d2 OK" "$scratch/user/pc"
else
    skip "api.install.pkg_config" "no pkg-config"
fi

rm -rf "$scratch/user/build"
refuses "api.install.nothing_found_elsewhere" "wick" configure "$scratch/nowhere"
echo "$WICK_SOURCE_DIR" >"$prefix/lib/cmake/wick/seed.cmake"
refuses "api.install.seeded_path_is_refused" "seed.cmake" no_paths_inside
finish
