# SPDX-License-Identifier: Apache-2.0
# Sourced by patches.sh and by the power-cut matrix: two versions each of images from Debian's archive, as
# files old and new in a directory of each pair. Wants $top; sets $work, where everything is kept.
# WICK_DEBIAN_MIRROR=URL: another mirror than the machine's own.
work=$top/build/bench-patches
mirror=${WICK_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    sed 's,/*$,,' | grep -E '/debian$' | head -n 1)}
key=/usr/share/keyrings/debian-archive-keyring.gpg

view() { # view ARCHITECTURE: a private view of the archive, of both releases and their updates
    view=$work/apt-$1
    mkdir -p "$view/lists/partial" "$view/cache/archives/partial"
    : >"$view/status"
    printf 'Types: deb\nURIs: %s\nSuites: bookworm bookworm-updates trixie\nComponents: main\nSigned-By: %s\n' \
        "$mirror" "$key" >"$view/list.sources"
    cat >"$view/apt.conf" <<EOS
APT::Architecture "$1";
APT::Architectures "$1";
Dir::Etc::sourcelist "$view/list.sources";
Dir::Etc::sourceparts "-";
Dir::State::lists "$view/lists";
Dir::Cache "$view/cache";
Dir::State::status "$view/status";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
EOS
    export APT_CONFIG="$view/apt.conf"
    [ -e "$view/updated" ] || { apt-get -q update >"$view/log" 2>&1 && : >"$view/updated"; } ||
        stop "cannot read the package index of $mirror (see $view/log)"
}

unpack() { # unpack PACKAGE SUITE: into $work/PACKAGE-SUITE
    to=$work/$1-$2
    [ -d "$to" ] && return 0
    echo "fetching $1 of $2" >&2
    rm -rf "$to.new"
    mkdir -p "$to.new"
    (cd "$to.new" && apt-get -q download "$1/$2" >log 2>&1 && dpkg-deb -x ./*.deb tree &&
        dpkg-deb -f ./*.deb Version >version && rm -f ./*.deb) ||
        stop "cannot fetch $1 of $2 (see $to.new/log)"
    mv "$to.new" "$to"
}

pair() { # pair NAME PACKAGE SUITE FILE PACKAGE SUITE FILE
    [ -e "$work/$1/new" ] && return 0
    unpack "$2" "$3"
    unpack "$5" "$6"
    mkdir -p "$work/$1"
    file "$work/$2-$3" "$4" >"$work/$1/old"
    file "$work/$5-$6" "$7" >"$work/$1/new.part"
    printf '%s -> %s\n' "$(cat "$work/$2-$3/version")" "$(cat "$work/$5-$6/version")" >"$work/$1/what"
    mv "$work/$1/new.part" "$work/$1/new"
}

file() { # file DIR NAME: one file of that name, or end of its path, unpacked
    path=$(find "$1/tree" -type f \( -path "*/$2" -o -path "*/$2.xz" \) | sort | head -n 1)
    [ -n "$path" ] || stop "no $2 in $1"
    case $path in
    *.xz) xz -dc "$path" ;;
    *) cat "$path" ;;
    esac
}

kernels() { # the image packages of bookworm, oldest first
    apt-cache pkgnames linux-image-6.1 | grep -E '^linux-image-6\.1\.0-[0-9]+-armmp$' | sort -V
}
