#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What core may call and hold: its undefined symbols are a subset of {memcpy, memmove, memset,
# memcmp} and the compiler's runtime, it has no data and no bss, and every .c file below core is in
# the library. Checked on this machine's archive and on Cortex-M4 objects at -Os.
. "$(dirname "$0")/lib.sh"

# symbols NM READELF FILE...: the violations of a set of objects or archives.
symbols() {
    nm=$1 readelf=$2
    shift 2
    {
        "$nm" "$@" | awk '
            NF == 2 && $1 == "U" { undefined[$2] = 1 }
            NF == 3 && $2 ~ /[TDBRWVtdbr]/ { defined[$3] = 1; text += $2 == "T" }
            END {
                allowed = " memcpy memmove memset memcmp "
                for (name in undefined) {
                    if (name in defined || index(allowed, " " name " ")) { continue }
                    if (name ~ /^__aeabi_(c?[df](add|sub|rsub|mul|div|cmp|neg)|[df]2|[a-z]+2[df]$)/) {
                        print "core uses floating point: " name
                        failed = 1
                        continue
                    }
                    # Compiler runtime: 64-bit arithmetic, ARM EABI helpers, position independence.
                    if (name ~ /^(__aeabi_|__u?(div|mod|divmod|mul|ashl|lshr|ashr|clz|ctz|popcount|bswap|cmp)[a-z]*[0-9]+$|_GLOBAL_OFFSET_TABLE_$)/) { continue }
                    print "core calls " name
                    failed = 1
                }
                print text + 0 " functions"
                exit failed || text < 5
            }'
        echo "symbols $?"
        # .data.rel.ro is constant: pointers that the loader fixes once.
        "$readelf" -SW "$@" | sed 's/^ *\[ *[0-9]*\] *//' | awk '
            ($1 ~ /^\.data/ || $1 ~ /^\.bss/ || $1 ~ /^\.tdata/ || $1 ~ /^\.tbss/) && $1 !~ /^\.data\.rel\.ro/ && $1 !~ /^\.rel/ {
                if ($5 !~ /^0+$/) { print "core holds memory: " $1 " of 0x" $5 " bytes"; failed = 1 }
            }
            END { exit failed }'
        echo "data $?"
    } >"$scratch/symbols"
    grep -vE '^(symbols|data) [0-9]' "$scratch/symbols"
    ! grep -qE '^(symbols|data) [1-9]' "$scratch/symbols"
}

everything_is_built() {
    ar t "$1" | sed 's/\.o$//; s/\.obj$//' | sort >"$scratch/members"
    find "$WICK_SOURCE_DIR/core" -name '*.c' | sed 's,.*/,,' | sort >"$scratch/sources"
    diff "$scratch/members" "$scratch/sources"
}

# names_are_one PROGRAM OBJECTS...: no function of a program has the name of one of its libraries: the
# linker would take the program's for the library, without a word.
names_are_one() {
    find "$@" -name '*.o' -exec nm --defined-only {} + | awk '$2 == "T" { print $3 }' | sort >"$scratch/own"
    find "$WICK_BUILD_DIR" -name 'libwick_*.a' -exec nm --defined-only {} + 2>/dev/null |
        awk '$2 == "T" { print $3 }' | sort -u >"$scratch/libraries"
    [ -s "$scratch/own" ] && [ -s "$scratch/libraries" ] || { echo "nothing to compare"; return 1; }
    twice=$({ uniq -d "$scratch/own"; comm -12 "$scratch/own" "$scratch/libraries"; } | sort -u)
    [ -z "$twice" ] || { echo "defined twice: $twice"; return 1; }
}

# seeded NAME WORDS CODE [CC NM READELF FLAGS...]: an object of this code must be refused.
seeded() {
    name=$1 words=$2
    printf '%s\n' "$3" >"$scratch/seed.c"
    shift 3
    cc=${1:-$CC} nm=${2:-nm} readelf=${3:-readelf}
    [ $# -lt 3 ] || shift 3
    "$cc" -O1 "$@" -c "$scratch/seed.c" -o "$scratch/seed.o"
    refuses "$name" "$words" symbols "$nm" "$readelf" "$scratch/seed.o"
}

archive=$WICK_BUILD_DIR/core/libwick_core.a
passes "api.symbols.host" symbols nm readelf "$archive"
passes "api.symbols.every_file_is_built" everything_is_built "$archive"
five='int a(void){return 1;} int b(void){return 1;} int c(void){return 1;} int d(void){return 1;} int e(void){return 1;}'
passes "api.symbols.clean_code_passes" sh -c 'echo "$2 void *memcpy(void *, const void *, unsigned long); void f(void *x, void *y, unsigned long n){memcpy(x, y, n);}" >"$1/clean.c"; '"$CC"' -O1 -c "$1/clean.c" -o "$1/clean.o"' sh "$scratch" "$five"
passes "api.symbols.memcpy_is_allowed" symbols nm readelf "$scratch/clean.o"
seeded "api.symbols.malloc_is_refused" "core calls malloc" "$five void *malloc(unsigned long); void *f(void){return malloc(9);}"
seeded "api.symbols.strlen_is_refused" "core calls strlen" "$five unsigned long strlen(const char *); unsigned long f(const char *s){return strlen(s);}"
seeded "api.symbols.state_is_refused" "core holds memory" "$five static int n = 3; int f(void){return n++;}"
seeded "api.symbols.bss_is_refused" "core holds memory" "$five static int n; int f(void){return n++;}"
seeded "api.symbols.empty_is_refused" "0 functions" "extern int nothing;"

# (wick-leaf is made of the sources of a port, not of its library.)
for program in wick wickd wick-wallet wick-attestor; do
    objects=$WICK_BUILD_DIR/examples/CMakeFiles/$program.dir
    [ ! -d "$objects" ] || passes "api.symbols.names_of_$program" names_are_one "$objects"
done
mkdir -p "$scratch/twice"
echo 'void wick_rlp_put(void) {}' >"$scratch/twice/seed.c"
"$CC" -c "$scratch/twice/seed.c" -o "$scratch/twice/seed.o"
refuses "api.symbols.a_name_of_the_library_is_refused" "defined twice" names_are_one "$scratch/twice"

if command -v arm-none-eabi-gcc >/dev/null; then
    m4="-mcpu=cortex-m4 -mthumb -Os -std=c11 -fno-tree-loop-distribute-patterns -ffunction-sections -fdata-sections"
    build_m4() {
        mkdir -p "$scratch/m4"
        (cd "$WICK_SOURCE_DIR" && find core -name '*.c') | while read -r f; do
            # shellcheck disable=SC2086
            arm-none-eabi-gcc $m4 -I"$WICK_SOURCE_DIR/core/include" -I"$WICK_SOURCE_DIR/hal/include" \
                -c "$WICK_SOURCE_DIR/$f" -o "$scratch/m4/$(echo "$f" | tr / _).o" || exit 1
        done
    }
    passes "api.symbols.cortex_m4_builds" build_m4
    passes "api.symbols.cortex_m4" symbols arm-none-eabi-nm arm-none-eabi-readelf "$scratch"/m4/*.o
    # shellcheck disable=SC2086
    seeded "api.symbols.cortex_m4_malloc_is_refused" "core calls malloc" \
        "$five void *malloc(unsigned); void *f(void){return malloc(9);}" \
        arm-none-eabi-gcc arm-none-eabi-nm arm-none-eabi-readelf $m4
    # shellcheck disable=SC2086
    seeded "api.symbols.cortex_m4_float_is_refused" "core uses floating point" \
        "$five float f(float x, float y){return x * y;}" \
        arm-none-eabi-gcc arm-none-eabi-nm arm-none-eabi-readelf $m4
else
    skip "api.symbols.cortex_m4" "no arm-none-eabi-gcc (toolchain/bootstrap.sh cross)"
fi
finish
