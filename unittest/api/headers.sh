#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, as C99, C11 and C++11, without a warning, and nothing of a
# third-party library is in it.
. "$(dirname "$0")/lib.sh"

includes="-I$WICK_SOURCE_DIR/core/include -I$WICK_SOURCE_DIR/hal/include"
for port in crypto linux stub; do
    includes="$includes -I$WICK_SOURCE_DIR/port/$port/include"
done
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wundef -Wconversion -Werror -fsyntax-only"
cxx=c++
case $CC in *clang*) cxx=clang++ ;; esac

alone() { # alone HEADER LANGUAGE: once, and twice for its guard
    printf '#include "%s"\n#include "%s"\nint wick_one_symbol(void);\n' "$1" "$1" >"$scratch/alone.$$"
    case $2 in
    c++*) set -- "$cxx" -std="$2" -x c++ ;;
    *) set -- "$CC" -std="$2" -x c ;;
    esac
    # shellcheck disable=SC2086
    "$@" $warnings $includes ${seed:-} "$scratch/alone.$$"
}

linkage() { # a C++ user must be able to call it: extern "C" around every prototype
    if grep -qE '^[a-z].*\(.*' "$1" && ! grep -q 'extern "C"' "$1"; then
        echo "$1: no extern \"C\""
        return 1
    fi
}

foreign() { # foreign DIR...: no header of a dependency is included
    ! grep -rnE '# *include *[<"](mbedtls|psa|secp256k1|cjson|cJSON)' "$@"
}

cd "$WICK_SOURCE_DIR" || exit 1
for header in $(find core/include hal/include port/*/include -name '*.h' | sort); do
    name=${header#*/include/}
    for language in c99 c11 c++11; do
        if [ $language != c++11 ] || command -v "$cxx" >/dev/null; then
            passes "api.headers.$name.$language" alone "$name" $language
        else
            skip "api.headers.$name.$language" "no C++ compiler"
        fi
    done
    passes "api.headers.$name.linkage" linkage "$header"
done
passes "api.headers.nothing_foreign" foreign core/include hal/include port/*/include

# Headers that must be refused.
mkdir -p "$scratch/wick"
seed="-I$scratch"
echo 'uint8_t wick_needs_stdint(void);' >"$scratch/wick/seed.h"
refuses "api.headers.seed_incomplete_is_refused" "uint8_t" alone wick/seed.h c99
echo 'typedef struct { int x; } wick_twice;' >"$scratch/wick/seed.h"
refuses "api.headers.seed_without_guard_is_refused" "wick_twice" alone wick/seed.h c99
printf '#ifndef S\n#define S\nint wick_f(int class);\n#endif\n' >"$scratch/wick/seed.h"
passes "api.headers.seed_good_in_c" alone wick/seed.h c99
command -v "$cxx" >/dev/null && refuses "api.headers.seed_keyword_is_refused" "class" alone wick/seed.h c++11
refuses "api.headers.seed_without_linkage_is_refused" "no extern" linkage "$scratch/wick/seed.h"
echo '#include <mbedtls/ssl.h>' >"$scratch/wick/seed.h"
refuses "api.headers.seed_foreign_is_refused" "mbedtls" foreign "$scratch/wick"
finish
