#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The README's example compiles, links with core alone and prints what the README says; every
# relative link leads somewhere; every command in a shell block is one that .ci/run runs.
# usage: readme.sh <source folder> <libwick_core.a>
set -u
top=$1
core=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "not ok - $1"
    failed=1
}

# block LANGUAGE NUMBER: the n-th fenced block of a language
block() {
    awk -v want="\`\`\`$1" -v n="$2" '
        $0 == want { inside = (++seen == n); next }
        /^```/ { inside = 0 }
        inside { print }' "$top/README.md"
}

block c 1 >"$work/example.c"
[ -s "$work/example.c" ] || fail "no example in the README"
lines=$(grep -c . "$work/example.c")
[ "$lines" -le 45 ] || fail "the example has $lines lines"
if ${CC:-cc} -std=c11 -Wall -Wextra -Werror -I"$top/core/include" -I"$top/hal/include" \
    "$work/example.c" "$core" -o "$work/example"; then
    "$work/example" >"$work/printed" || fail "the example's exit code is $?"
    # The block right after the example is what it prints.
    awk '/^```c$/ { c = 1; next } c == 1 && /^```text$/ { c = 2; next } c == 2 && /^```$/ { exit }
        c == 2 { print }' "$top/README.md" >"$work/promised"
    diff -u "$work/promised" "$work/printed" || fail "the example prints something else"
else
    fail "the example does not compile"
fi

grep -o '](\([^)#:]*\))' "$top/README.md" "$top/SECURITY.md" | sed 's/.*](\(.*\))/\1/' | sort -u \
    | while read -r link; do
        [ -e "$top/$link" ] || echo "$link"
    done >"$work/dead"
[ ! -s "$work/dead" ] || fail "dead links: $(tr '\n' ' ' <"$work/dead")"

# Unlabelled blocks and inline code that begin with sh or cmake are commands.
{
    awk '/^```/ { open = !open; plain = $0 == "```"; next } open && plain { print }' "$top/README.md"
    grep -oE '`(sh|cmake) [^`]*`' "$top/README.md" | tr -d '`'
} | grep -E '^(sh|cmake) ' | sort -u >"$work/commands"
[ -s "$work/commands" ] || fail "no command in the README"
while read -r command; do
    grep -qF -- "$command" "$top/.ci/run" || fail "not run by .ci/run: $command"
done <"$work/commands"

[ "$failed" = 0 ] && echo "ok - README"
exit "$failed"
