#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The service files of wickd: does systemd know every line of the unit, and is the daemon shut in as
# the unit says; does the init script parse, and does it ask procd for what it needs?
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
unit=$WICK_SOURCE_DIR/examples/wickd/wickd.service
init=$WICK_SOURCE_DIR/examples/wickd/wickd.init

# ---- systemd
check_unit() { # <file>: a copy whose program exists here
    mkdir -p "$scratch/unit"
    sed -e 's,^ExecStart=.*,ExecStart=/bin/true,' -e '/^User=/d' -e '/^Group=/d' "$1" \
        >"$scratch/unit/wickd.service"
    systemd-analyze verify --man=no "$scratch/unit/wickd.service" >"$scratch/verify" 2>&1
    status=$?
    # What it does not know it says, and succeeds all the same. Units of this machine are not ours.
    grep 'wickd\.service' "$scratch/verify"
    [ $? -eq 1 ] && [ "$status" -eq 0 ]
}
seed() { # <name> <words> <sed script>: the unit with one fault
    sed "$3" "$unit" >"$scratch/$1.service"
    refuses "unit_$1" "$2" check_unit "$scratch/$1.service"
}
if command -v systemd-analyze >/dev/null 2>&1; then
    passes unit_is_known check_unit "$unit"
    seed unknown_key "Unknown key" 's/^PrivateTmp=/PrivateTemp=/'
    seed bad_value "Failed to parse\|Invalid" 's/^Restart=.*/Restart=sometimes/'
    exposure() { # exposure level, times ten
        systemd-analyze security --offline=yes --no-pager "$1" 2>/dev/null \
            | sed -n 's/.*exposure level for wickd\.service: \([0-9]*\)\.\([0-9]\).*/\1\2/p'
    }
    if [ -n "$(exposure "$unit")" ]; then
        passes unit_is_tight test "$(exposure "$unit")" -le 20
        sed '/^\(Protect\|Private\|Restrict\|Capability\|SystemCall\|NoNew\)/d' "$unit" \
            >"$scratch/unit/wickd.service"
        passes unit_open_is_seen test "$(exposure "$scratch/unit/wickd.service")" -gt 60
    else
        skip unit_is_tight "this systemd-analyze has no offline check"
    fi
else
    skip unit_is_known "there is no systemd-analyze"
fi

# ---- procd: the script is run with stand-ins for what OpenWrt brings
passes init_parses sh -n "$init"
run_init() { # <script> <function>: what it asks of procd
    (
        procd_open_instance() { echo "instance $*"; }
        procd_set_param() { echo "param $*"; }
        procd_close_instance() { echo close; }
        procd_send_signal() { echo "signal $*"; }
        logger() { echo "log $*"; }
        mkdir() { :; }
        chmod() { :; }
        chown() { :; }
        id() { return 1; }
        . "$1"
        "$2"
    ) >"$scratch/init" 2>&1
}
sed "s,^CONF=.*,CONF=$unit," "$init" >"$scratch/wickd.init" # a file that is there
asks() { # <line>
    grep -q -e "$1" "$scratch/init"
}
run_init "$scratch/wickd.init" start_service
passes init_runs_wickd asks '^param command /usr/bin/wickd --config '
passes init_respawns asks '^param respawn '
passes init_stops_in_time asks '^param term_timeout 15$'
passes init_closes asks '^close$'
run_init "$scratch/wickd.init" reload_service
passes init_reloads asks '^signal wickd wickd HUP$'
sed 's,^CONF=.*,CONF=/nonexistent,' "$init" >"$scratch/none.init"
run_init "$scratch/none.init" start_service
passes init_without_conf asks '^log .*not started'
asks "^instance"
ok init_without_conf_asks_nothing $((1 - $?))
finish
