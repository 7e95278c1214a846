#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, as C99, C11 and C++11, without a warning, and nothing of a
# third-party library is in it; what its comments name exists, and is called with as many arguments.
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
options=$(grep -rhoE 'option\(WICK_[A-Z0-9_]+' CMakeLists.txt toolchain port unittest | sed 's/.*(//')
words() { # words HEADER...
    awk -v options="$(echo "$options" | tr '\n' ' ')" -f "$WICK_SOURCE_DIR/unittest/api/words.awk" "$@"
}
# shellcheck disable=SC2046
passes "api.headers.words" words $(find core/include hal/include port/*/include -name '*.h' | sort)
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
# Comments that tell what is not so.
seed_words() { # NAME WORDS COMMENT
    printf '%s\n' '#define WICK_SEED 1' 'int wick_seed(int a, int b);' "$3" >"$scratch/wick/words.h"
    refuses "$1" "$2" words "$scratch/wick/words.h"
}
printf '%s\n' '#define WICK_SEED 1' 'int wick_seed(int a, int b);' \
    '/* wick_seed(&x, y(1, 2)) with WICK_SEED, see wick_seed(). */' >"$scratch/wick/good.h"
seed_words "api.headers.seed_unknown_name_is_refused" "nothing is called wick_seeds" '/* wick_seeds */'
seed_words "api.headers.seed_unknown_macro_is_refused" "nothing is called WICK_SEEDS" '/* WICK_SEEDS */'
seed_words "api.headers.seed_arity_is_refused" "has 1 arguments" '/* wick_seed(f(1, 2)) */'
passes "api.headers.seed_good_words" words "$scratch/wick/good.h"
finish
