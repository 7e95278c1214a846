# SPDX-License-Identifier: Apache-2.0
# What the shell tests of the lab say, and how; sourced.
#
#   suite=lab.example out=/tmp/scratch/out      must be set
#   want 1 'RECORD_ABSENT' absent wick lookup nobody      exit code and a line of its output
#   some command; result $? name
#   until_ok 30 grep -q ready log                         a condition, never a time
#   tap_end                                               the plan, and the exit code
n=0
bad=0

result() { # OK? WHAT
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $suite.$2"
    else
        echo "not ok $n - $suite.$2"
        bad=$((bad + 1))
    fi
}
want() { # EXIT-CODE PATTERN WHAT COMMAND...: its output is in $out then
    code=$1 pattern=$2 what=$3
    shift 3
    "$@" >"$out" 2>&1 </dev/null
    got=$?
    if [ "$got" -eq "$code" ] && grep -q -e "$pattern" "$out"; then
        result 0 "$what"
    else
        echo "# exit $got, not $code, or no '$pattern' in:"
        sed 's/^/#   /' "$out"
        result 1 "$what"
    fi
}
until_ok() { # SECONDS COMMAND...: until the command succeeds; on a busy machine four times as long
    tries=$(($1 * 80))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}
broken() { # WHY: nothing that follows would mean anything
    echo "not ok $((n + 1)) - $suite # $1"
    exit 1
}
tap_end() {
    echo "1..$n"
    [ "$bad" -eq 0 ]
}
