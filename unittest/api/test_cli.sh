#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Output and exit codes of the commands that need no network, for good and bad input.
# usage: test_cli.sh <path of wick>
set -u
wick=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

# want <exit code> <pattern in stdout+stderr> <what> <command...>
want() {
    code=$1 pattern=$2 what=$3
    shift 3
    n=$((n + 1))
    "$@" >"$dir/out" 2>&1 </dev/null
    got=$?
    if [ "$got" -eq "$code" ] && grep -q -e "$pattern" "$dir/out"; then
        echo "ok $n - api.cli.$what"
    else
        echo "not ok $n - api.cli.$what"
        echo "# exit $got, not $code, or no '$pattern' in:"
        sed 's/^/#   /' "$dir/out"
        bad=$((bad + 1))
    fi
}

# One JSON object on each line, and "ok" first.
json_lines() {
    what=$1
    shift
    n=$((n + 1))
    "$@" >"$dir/out" 2>/dev/null </dev/null
    if [ -s "$dir/out" ] && ! grep -v -q '^{"ok":\(true\|false\)\(,"[a-z_A-Z]*":.*\)*}$' "$dir/out"; then
        echo "ok $n - api.cli.$what"
    else
        echo "not ok $n - api.cli.$what"
        sed 's/^/#   /' "$dir/out"
        bad=$((bad + 1))
    fi
}

# ---- usage
want 2 'usage: wick' no_command "$wick"
want 2 "no command 'frobnicate'" unknown_command "$wick" frobnicate
want 2 'needs a verb' missing_verb "$wick" rlp
want 2 'usage: wick' unknown_option "$wick" --frobnicate
want 2 'usage: wick keccak' unknown_option_of_command "$wick" keccak --frobnicate
want 0 'Exit codes' help "$wick" --help
want 0 'usage: wick keccak' help_of_command "$wick" keccak --help
want 0 '^wick [0-9]' version "$wick" --version
want 2 '"code":"USAGE"' usage_as_json "$wick" --json keccak a b

# ---- keccak
empty=c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470
abc=4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45
printf abc >"$dir/abc"
want 0 "0x$empty" keccak_empty "$wick" keccak ''
want 0 "0x$empty" keccak_stdin "$wick" keccak
want 0 "0x$abc" keccak_text "$wick" keccak abc
want 0 "0x$abc" keccak_file "$wick" keccak "@$dir/abc"
want 0 "0x$abc" keccak_hex "$wick" keccak --hex 0x616263
want 0 "{\"ok\":true,\"keccak256\":\"0x$abc\",\"bytes\":3}" keccak_json "$wick" --json keccak abc
want 0 "{\"ok\":true,\"keccak256\":\"0x$abc\",\"bytes\":3}" keccak_json_after "$wick" keccak abc --json
want 1 'MALFORMED' keccak_odd_hex "$wick" keccak --hex 0x616
want 1 'MALFORMED' keccak_no_hex "$wick" keccak --hex 0x6g
want 1 'NOT_FOUND.*' keccak_no_file "$wick" keccak "@$dir/none"
want 1 'remedy: ' keccak_remedy "$wick" keccak "@$dir/none"
want 1 '^{"ok":false,"code":"NOT_FOUND","error":".*","remedy":".*"}$' keccak_error_json \
    "$wick" --json keccak "@$dir/none"
want 2 'one input only' keccak_two "$wick" keccak --hex 61 b

# ---- rlp decode
want 0 '^0x646f67  (3)$' rlp_string "$wick" rlp decode 0x83646f67
want 0 '^  0x636174  (3)$' rlp_list "$wick" rlp decode 0xc88363617483646f67
want 0 '^    list 0 bytes$' rlp_nested "$wick" rlp decode 0xc7c0c1c0c3c0c1c0
want 1 'TRUNCATED: an item is longer' rlp_truncated "$wick" rlp decode 0x83646f
want 1 'TRUNCATED' rlp_empty "$wick" rlp decode 0x
want 1 'NON_CANONICAL: a length' rlp_long_form "$wick" rlp decode 0x8101
want 1 'NON_CANONICAL' rlp_length_zero "$wick" rlp decode 0xb800
want 1 'TRAILING: bytes follow' rlp_trailing "$wick" rlp decode 0x83646f6700
want 1 'MALFORMED: input is not hex' rlp_no_hex "$wick" rlp decode dog
want 1 'LIMIT: lists are nested too deep' rlp_deep "$wick" rlp decode \
    0xcbcac9c8c7c6c5c4c3c2c1c0
json_lines rlp_json "$wick" --json rlp decode 0xc88363617483646f67

echo "1..$n"
[ "$bad" -eq 0 ]
