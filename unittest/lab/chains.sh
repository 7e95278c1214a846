# SPDX-License-Identifier: Apache-2.0
# Starts and stops the chains of the lab; sourced by tests and the demo, after topology.sh.
#
#   top=<source tree>                             must be set, and $work, a scratch folder, here:
#   chains_work                                   or by whoever sources this
#   chains_in="ip netns exec chain"               a network namespace to run in; default: here
#   devnet_start 127.0.0.1 "8545 5052 8546 8551 30303" 64     proof of stake, genesis 64 s in the past
#   sealing_start 127.0.0.1 8545 8546 qbft                    anvil and the sealing proxy in front of it
#   chains_up qbft 127.0.0.1 "8545 ..."     any of them, with chains_conf, chains_deploy, chains_fund
#   chains_stop                                   ends what was started, and waits for it
#
# Nothing waits for a time: a start returns when the chain answers, or fails and shows its log. What
# is started ends with chains_stop, which a trap should call, or with the namespace.

chains_started=
chains_in=${chains_in:-}
chains_node=$top/build/deps/devnet/bin/node

# The chain tools that a test needs: prints why it is skipped, if one is missing.
chains_need() { # anvil|devnet ...
    for chains_tool; do
        case $chains_tool in
        anvil) chains_file=$top/build/deps/chain/bin/anvil chains_group=chain ;;
        devnet) chains_file=$chains_node chains_group=devnet ;;
        esac
        [ -x "$chains_file" ] || {
            echo "1..0 # SKIP no $chains_tool: run sh toolchain/bootstrap.sh $chains_group"
            return 1
        }
    done
    command -v node >/dev/null 2>&1 || { echo "1..0 # SKIP no node"; return 1; }
}

# A scratch folder, $work, which goes with the script as all that it started does. The chain tools keep a
# cache below HOME: it goes too.
chains_work() {
    work=$(mktemp -d) || exit 1
    HOME=$work
    export HOME
    trap 'chains_stop; rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
}

# What a script on the loopback interface begins with: the tools that it needs, a network of its own
# (lab_alone), a scratch folder.
chains_begin() { # "anvil devnet" "$@"
    # shellcheck disable=SC2086
    chains_need $1 || exit 77
    shift
    lab_alone "$@"
    chains_work
}

# Free TCP ports of the loopback interface, one a line; call it once. In a network of our own
# (lab_alone) they are below those that the system gives to whoever asks.
chains_ports() { # COUNT
    [ -z "${LAB_ALONE:-}" ] || { seq 7001 $((7000 + $1)); return; }
    node -e '
        const net = require("node:net");
        let n = Number(process.argv[1]);
        const all = Array.from({ length: n }, () => net.createServer().listen(0, "127.0.0.1", () => {
            if (--n === 0) {
                for (const s of all) { console.log(s.address().port); s.close(); }
            }
        }));' "$1"
}

chains_start() { # NAME COMMAND...: in the background, output in $work/NAME.log
    chains_name=$1
    shift
    : >"$work/$chains_name.log" # here, so that nobody reads what an earlier one wrote
    # shellcheck disable=SC2086
    $chains_in "$@" >>"$work/$chains_name.log" 2>&1 </dev/null &
    eval "chains_pid_$chains_name=$!"
    chains_started="$chains_started $chains_name"
}
chains_is_up() { # NAME
    eval "kill -0 \$chains_pid_$1" 2>/dev/null
}
# Waits for a line of its log, as long as it runs; on a busy machine four times as long.
chains_await() { # SECONDS NAME PATTERN
    chains_tries=$(($1 * 80))
    until grep -q -e "$3" "$work/$2.log"; do
        chains_tries=$((chains_tries - 1))
        if [ "$chains_tries" -le 0 ] || ! chains_is_up "$2"; then
            grep -q -e "$3" "$work/$2.log" && return 0
            echo "# no '$3' in $2.log:"
            tail -n 20 "$work/$2.log" | sed 's/^/#   /'
            return 1
        fi
        sleep 0.05
    done
}
chains_end() { # NAME: and its ports are free again
    eval "chains_pid=\$chains_pid_$1"
    kill "$chains_pid" 2>/dev/null || :
    chains_tries=100
    while kill -0 "$chains_pid" 2>/dev/null && [ "$chains_tries" -gt 0 ]; do
        chains_tries=$((chains_tries - 1))
        sleep 0.05
    done
    kill -9 "$chains_pid" 2>/dev/null || :
    wait "$chains_pid" 2>/dev/null || :
}
chains_stop() {
    for chains_name in $chains_started; do
        chains_end "$chains_name"
    done
    chains_started=
}

# ---- proof of stake ----

# Four accounts that everybody knows have ether: those of the mnemonic "test test ... junk".
devnet_accounts="0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266 0x70997970c51812dc3a010c7d01b50e0d17dc79c8
0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc 0x90f79bf6eb2c4f870365e785982e1f101e93b906"
devnet_chain_id=7331

# devnet_start IP PORTS PAST_S [options of consensus.mjs]: returns when the beacon API answers. PORTS is
# "RPC BEACON NODE ENGINE DISCOVERY". Sets devnet_rpc, devnet_beacon, devnet_genesis.
devnet_start() {
    devnet_ip=$1 devnet_ports=$2
    devnet_genesis=$(($(date +%s) - $3))
    shift 3
    devnet_options=$(printf '%s ' "$@") # words
    # shellcheck disable=SC2086
    set -- $devnet_ports
    devnet_rpc=http://$devnet_ip:$1 devnet_beacon=http://$devnet_ip:$2
    mkdir -p "$work/el"
    # shellcheck disable=SC2086
    node "$top/unittest/lab/devnet/genesis.mjs" "$devnet_genesis" "$devnet_chain_id" \
        $devnet_accounts >"$work/el/genesis.json" || return 1
    chains_start el "$chains_node" "$top/build/deps/devnet/bin/ethereumjs" \
        "--gethGenesis=$work/el/genesis.json" "--dataDir=$work/el" --saveReceipts --isSingleNode \
        --rpc "--rpcAddr=$devnet_ip" "--rpcPort=$3" \
        --rpcEngine "--rpcEngineAddr=$devnet_ip" "--rpcEnginePort=$4" --rpcEngineAuth=false \
        --discV4=false --discDns=false "--extIP=$devnet_ip" "--port=$5"
    # shellcheck disable=SC2086
    chains_start cl "$chains_node" "$top/unittest/lab/devnet/consensus.mjs" \
        --engine "http://$devnet_ip:$4" --node "http://$devnet_ip:$3" \
        --rpc "$devnet_ip:$1" --listen "$devnet_ip:$2" --genesis-time "$devnet_genesis" \
        $devnet_options
    chains_await 120 cl '^ready'
}

# A value out of the beacon API: devnet_get PATH NAME.NAME...
devnet_get() {
    # shellcheck disable=SC2086
    $chains_in node -e '
        const [url, names] = process.argv.slice(1);
        fetch(url).then((r) => r.json()).then((j) => {
            const value = names.split(".").reduce((o, name) => o?.[name], j);
            if (value === undefined) { process.exit(1); }
            console.log(value);
        }, () => process.exit(1));' "$devnet_beacon/eth/v1/$1" "$2"
}

# What an operator provisions of this chain: a finalised block (or the one of a slot), genesis, forks.
devnet_conf() { # [SLOT]
    cat <<CONF
[chain.lab]
chain_id = $devnet_chain_id
rule = sync_committee
network = devnet
beacon_url = $devnet_beacon
trusted_hash = $(devnet_get "beacon/headers/${1:-finalized}" data.root)
genesis_time = $devnet_genesis
genesis_validators_root = $(devnet_get beacon/genesis data.genesis_validators_root)
preset = minimal
seconds_per_slot = $(devnet_get config/spec data.SECONDS_PER_SLOT)
max_blobs = $(devnet_get config/spec data.MAX_BLOBS_PER_BLOCK_ELECTRA)
forks = electra:$(devnet_get config/spec data.ELECTRA_FORK_VERSION)@0,fulu:$(devnet_get config/spec data.FULU_FORK_VERSION)@$(devnet_get config/spec data.FULU_FORK_EPOCH)
CONF
}

# ---- consortium chains: a sealing proxy in front of anvil ----

anvil_start() { # IP PORT: with $anvil_options; sets anvil_rpc
    anvil_rpc=http://$1:$2
    anvil_ip=$1 anvil_port=$2
    # shellcheck disable=SC2086
    chains_start anvil "$top/build/deps/chain/bin/anvil" --host "$anvil_ip" --port "$anvil_port" \
        ${anvil_options:-}
    chains_await 60 anvil "^Listening on $anvil_ip:$anvil_port"
}

# sealing_start IP PORT ANVIL_PORT RULE [options of proxy.mjs]: sets sealing_rpc, sealing_genesis.
sealing_start() {
    sealing_rpc=http://$1:$2
    anvil_start "$1" "$3" || return 1
    sealing_listen=$1:$2 sealing_rule=$4
    shift 4
    chains_start sealing "$chains_node" "$top/unittest/lab/sealing/proxy.mjs" \
        --listen "$sealing_listen" --upstream "$anvil_rpc" --rule "$sealing_rule" "$@"
    chains_await 60 sealing '^ready' || return 1
    sealing_genesis=$(sed -n 's/^ready [0-9]* //p' "$work/sealing.log")
}

# One JSON-RPC call; prints the result as JSON, or fails with the error.
chains_rpc() { # URL METHOD PARAMS
    # shellcheck disable=SC2086
    $chains_in node -e '
        const [url, method, params] = process.argv.slice(1);
        const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: JSON.parse(params) });
        fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body })
            .then((r) => r.json()).then(({ error, result }) => {
                if (error) { console.error(JSON.stringify(error)); process.exit(1); }
                console.log(JSON.stringify(result));
            }, (e) => { console.error(String(e)); process.exit(1); });' "$1" "$2" "$3"
}

# ---- any of them ----

# chains_up pos|qbft|ibft2|ibft1|clique|anvil IP PORTS: with five ports. Sets chains_url, chains_id and
# chains_tier, and chains_own, the node that the operator takes at its word (anvil itself, where there
# is a sealing proxy).
chains_up() {
    chains_kind=$1 chains_ip=$2 chains_ports=$3
    # shellcheck disable=SC2086
    set -- $chains_ports
    chains_url=http://$chains_ip:$1
    chains_own=$chains_url
    case $chains_kind in
    pos)
        chains_id=$devnet_chain_id chains_tier=FINALIZED
        # shellcheck disable=SC2086
        devnet_start "$chains_ip" "$chains_ports" 64 ${devnet_options_up:-} || return 1
        # shellcheck disable=SC2086
        $chains_in "$top/build/deps/chain/bin/cast" wallet import --keystore-dir "$work" \
            --private-key "$devnet_key" --unsafe-password lab payer >"$work/payer.log" 2>&1 || return 1
        echo lab >"$work/payer.password"
        ;;
    anvil)
        chains_id=31337 chains_tier=OWN_NODE
        anvil_start "$chains_ip" "$1" || return 1
        ;;
    *)
        chains_id=31337 chains_tier=BFT
        [ "$chains_kind" != clique ] || chains_tier=POA
        # shellcheck disable=SC2086
        sealing_start "$chains_ip" "$1" "$2" "$chains_kind" ${sealing_options:-} || return 1
        chains_own=$anvil_rpc
        ;;
    esac
}

# From here on one block a second, whether there are transactions or not.
chains_pace() {
    [ "$chains_kind" = pos ] || chains_rpc "$chains_url" evm_setIntervalMining '[1]' >"$work/pace.log"
}

# The sections [chain.lab] and [rpc] of wick.conf.
chains_conf() {
    case $chains_kind in
    pos) devnet_conf ;;
    anvil)
        printf '[chain.lab]\nchain_id = %s\nrule = own_node\n' "$chains_id"
        ;;
    *)
        printf '[chain.lab]\nchain_id = %s\nrule = %s\ntrusted_hash = %s\n' \
            "$chains_id" "$chains_kind" "$sealing_genesis"
        [ "$chains_kind" != clique ] || printf 'period_s = 0\nepoch = %s\n' "${sealing_epoch:-30000}"
        ;;
    esac
    printf '[rpc]\nchain = lab\nurl = %s\n' "$chains_url"
}

# The account that pays for what the operator does: unlocked by anvil, a key file on the devnet.
devnet_key=0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80 # everybody knows it
chains_payer() {
    if [ "$chains_kind" = pos ]; then
        printf '%s\n' "--keystore $work/payer --password-file $work/payer.password"
    fi
}
# Deploys the contracts: chains_deploy ORG MANAGER [options of deploy.mjs]; prints wick.conf lines.
chains_deploy() {
    chains_org=$1 chains_manager=$2
    shift 2
    # shellcheck disable=SC2046,SC2086
    $chains_in node "$top/contracts/deploy.mjs" --rpc "$chains_url" --org "$chains_org" \
        --manager "$chains_manager" $(chains_payer) "$@"
}
# Ten ether for each address; returns when the last one has them.
chains_fund() {
    chains_from=$(chains_account)
    chains_from=${chains_from:-0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266} # of the key on the devnet
    chains_nonce=$(chains_rpc "$chains_url" eth_getTransactionCount "[\"$chains_from\",\"latest\"]" |
        tr -d '"') || return 1
    chains_nonce=$((chains_nonce))
    for chains_to in "$@"; do
        # A node's answer about fees may fail while a block is made: then nothing was sent.
        # shellcheck disable=SC2046,SC2086
        until $chains_in "$top/build/deps/chain/bin/cast" send --async --rpc-url "$chains_url" \
            $(chains_payer | grep . || printf '%s' "--unlocked --from $chains_from") \
            --nonce "$chains_nonce" --value 10ether "$chains_to"; do
            chains_failed=$((${chains_failed:-0} + 1))
            [ "$chains_failed" -lt 240 ] || return 1
            sleep 0.5
        done
        chains_nonce=$((chains_nonce + 1))
    done
    chains_tries=2400
    until [ "$(chains_rpc "$chains_url" eth_getBalance "[\"$chains_to\",\"latest\"]")" != '"0x0"' ]; do
        chains_tries=$((chains_tries - 1))
        [ "$chains_tries" -gt 0 ] || return 1
        sleep 0.05
    done
}
chains_account() {
    chains_rpc "$chains_url" eth_accounts '[]' | tr -d '[]" ' | cut -d, -f1
}
