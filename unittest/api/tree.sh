#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Habits of the tree: a licence line in each source, no path of one machine, no package-registry
# host, nothing left undone, lockfiles that name no host.
. "$(dirname "$0")/lib.sh"

sources() { # sources DIR: what is written here, by name
    (cd "$1" && if [ -d .git ] || [ -f .git ]; then git ls-files; else find . -type f | sed 's,^\./,,'; fi) |
        grep -E '(\.([ch]|sh|cmake|sol|mjs|js|ld|in|json|txt|md|py)|(^|/)(CMakeLists\.txt|run|\.npmrc))$'
}

tree() { # tree DIR: prints the violations, fails if there is one
    dir=$1
    found=$scratch/found
    : >"$found"
    sources "$dir" >"$scratch/files"
    grep -E '\.([ch]|sh|cmake|sol|mjs|ld)$|CMakeLists\.txt$|^\.ci/run$' "$scratch/files" | while read -r f; do
        head -n 5 "$dir/$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f: no SPDX line"
    done >>"$found"
    # The words are written apart, so that this file does not find itself.
    words='TO''DO|FIX''ME|XX''X|not impl''emented|place''holder'
    paths='/(wo''rk|fa''rm|ro''ot|ho''me/[a-z]+)/|/tmp/wi''ck/'
    hosts='https?://[a-z0-9.-]*(d''eb|n''pm|regi''stry|mir''ror|pypi|crates)[a-z0-9.-]*\.(org|com|io|net)'
    while read -r f; do
        [ "$f" = LICENSE ] && continue
        (cd "$dir" && grep -nE "\b($words)\b" "$f" /dev/null | sed 's/$/   <- left undone/'
            grep -nE "$paths" "$f" /dev/null | sed 's/$/   <- a path of one machine/'
            grep -nE "$hosts" "$f" /dev/null | sed 's/$/   <- a registry host/'
            case $f in *package-lock.json) grep -n '"resolved"' "$f" /dev/null | sed 's/$/   <- a registry host/' ;; esac)
    done <"$scratch/files" >>"$found"
    cut -c1-200 "$found"
    [ -s "$scratch/files" ] && [ ! -s "$found" ]
}

# seeded NAME WORDS FILE TEXT
seeded() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/$(dirname "$3")"
    printf '%s\n' "$4" >"$scratch/tree/$3"
    refuses "$1" "$2" tree "$scratch/tree"
}

passes "api.tree.habits" tree "$WICK_SOURCE_DIR"
good='/* SPDX-License-Identifier: Apache-2.0 */'
mkdir -p "$scratch/good" && echo "$good" >"$scratch/good/a.c"
passes "api.tree.good_file_passes" tree "$scratch/good"
seeded "api.tree.licence_is_needed" "no SPDX" a.c 'int x;'
seeded "api.tree.undone_is_refused" "left undone" a.c "$good /* TO""DO */"
seeded "api.tree.machine_path_is_refused" "one machine" a.c "$good /* /ro""ot/x */"
seeded "api.tree.registry_host_is_refused" "registry host" a.md "https://regi""stry.example.org/x"
seeded "api.tree.lockfile_host_is_refused" "registry host" package-lock.json '{"resolved": "x"}'
finish
