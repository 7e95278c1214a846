#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Load of one wick-wallet: COUNT devices (10,000 unless given) are provisioned, come over TLS-PSK in
# parallel, and are registered by transactions that the manager sends and pays for, in batches. Prints
# registrations a second, how many transactions they took, their gas, the manager's memory, and how long it
# takes to start again on what it has written; and for each tenth of them what one costs the manager, the node
# and the device, in milliseconds of a processor. By hand: it takes minutes, most of them for the devices' own
# processes and for the node, whose proofs take time in proportion to all that it holds.
#   wallet_load.sh WICK WICK-WALLET [COUNT [PARALLEL]]
# The manager's cost may not grow with what it has served: exit code 1 where the last tenth costs it twice as
# much as the second one. (It looks at what waits fifty times a second, so a slow node costs it something.)
set -u
wick=$1
wallet=$2
count=${3:-10000}
parallel=${4:-24}
suite=bench.wallet
WICK_SOURCE_DIR=${WICK_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd -P)}
. "$WICK_SOURCE_DIR/unittest/lab/loopback.sh"

lab_start
{ cat "$dir/manager.conf"
    printf 'audit_file = audit\nper_minute = 1000000\ngap_ms = 0\nbatch = %s\nbatch_ms = 1000\n' "$parallel"
} >"$dir/load.conf"
# What the factory would do, for all of them at once: keys, secrets, configurations.
chain=$(printf '[chain.lab]\nchain_id = 31337\nrule = own_node\n[rpc]\nchain = lab\nurl = %s' "$rpc")
echo "$chain" | parts_gateway load-N load-N. "127.0.0.1:$wallet_port" | grep -v store_dir >"$dir/load.like"
node - "$dir" "$count" <<'JS' || exit 1
const [dir, count] = process.argv.slice(2);
const fs = require('node:fs');
const hex = (bytes) => require('node:crypto').randomBytes(bytes).toString('hex');
const put = (file, text) => fs.writeFileSync(`${dir}/${file}`, `${text}\n`, { mode: 0o600 });
const like = fs.readFileSync(`${dir}/load.like`, 'utf8');
for (let i = 1; i <= Number(count); i++) {
  const [name, psk, token] = [`load-${i}`, hex(32), hex(16)];
  put(`${name}.wallet.key`, `0${hex(32).slice(1)}`); // below the group's order
  put(`${name}.device.key`, `0${hex(32).slice(1)}`);
  put(`${name}.wallet.psk`, psk);
  put(`${name}.wallet.token`, token);
  put(`devices/${name}`, `{"name":"${name}","psk":"0x${psk}","token":"${token}"}`);
  put(`${name}.conf`, like.replaceAll('load-N', name));
}
JS
start wallet.log "$wallet" --config "$dir/load.conf"
wallet_job=$started
await 120 '^READY' wallet.log || exit 1
before=$(cast nonce "$manager")
begin=$(date +%s%N)
export wick dir
ticks=$(getconf CLK_TCK)
cpu_ms() { # PID: of a processor, so far
    sed 's/.*) //' "/proc/$1/stat" | awk -v hz="$ticks" '{ printf "%d", ($12 + $13) * 1000 / hz }'
}
devices_ms() { # what ended and was waited for
    sed 's/.*) //' "/proc/$$/stat" | awk -v hz="$ticks" '{ printf "%d", ($14 + $15) * 1000 / hz }'
}
# A device that finds no place, or no answer, asks again: five times, then it counts as lost.
serve() { # FROM TO
    # shellcheck disable=SC2016
    seq "$1" "$2" | xargs -P "$parallel" -I% sh -c '
        for try in 1 2 3 4 5; do
            "$wick" --config "$dir/load-%.conf" sponsor register --timeout 120 >"$dir/load-%.out" 2>&1 &&
                exit 0
        done
        echo lost >>"$dir/lost"; cat "$dir/load-%.out" >>"$dir/lost.out"'
}
from=1
for tenth in 1 2 3 4 5 6 7 8 9 10; do
    to=$((count * tenth / 10))
    [ "$to" -ge "$from" ] || continue
    at=$(date +%s%N) of_manager=$(cpu_ms "$wallet_job") of_node=$(cpu_ms "$anvil_job") of_devices=$(devices_ms)
    serve "$from" "$to"
    echo "$to $((to - from + 1)) $(($(date +%s%N) / 1000 - at / 1000)) $(($(cpu_ms "$wallet_job") - of_manager)) \
        $(($(cpu_ms "$anvil_job") - of_node)) $(($(devices_ms) - of_devices))" | tee -a "$dir/tenths" | awk '{
        printf "to=%d per_second=%.1f manager_ms=%.2f node_ms=%.1f device_ms=%.1f\n",
            $1, $2 * 1e6 / $3, $4 / $2, $5 / $2, $6 / $2 }'
    from=$((to + 1))
done
took_ms=$((($(date +%s%N) - begin) / 1000000))
lost=0
[ ! -f "$dir/lost" ] || { lost=$(grep -c . "$dir/lost"); head -n 5 "$dir/lost.out"; }
transactions=$(($(cast nonce "$manager") - before))
echo "registrations=$((count - lost)) lost=$lost parallel=$parallel seconds=$((took_ms / 1000))"
echo "per_second=$(((count - lost) * 1000 / took_ms)) transactions=$transactions"
node - "$rpc" "$manager" "$((count - lost))" <<'JS'
const [rpc, manager, count] = process.argv.slice(2);
const ask = async (method, ...params) => (await (await fetch(rpc, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })).json()).result;
let gas = 0n;
for (let n = Number(await ask('eth_blockNumber')); n > 0; n--) {
  for (const r of await ask('eth_getBlockReceipts', `0x${n.toString(16)}`)) {
    gas += r.from === manager.toLowerCase() ? BigInt(r.gasUsed) : 0n;
  }
}
console.log(`gas_per_registration=${gas / BigInt(count)}`);
JS
sed -n 's/^Vm\(HWM\|RSS\): */manager_\1=/p' "/proc/$wallet_job/status"
sed -n 's/^VmHWM: */node_HWM=/p' "/proc/$anvil_job/status"
echo "ledger_bytes=$(wc -c <"$dir/ledger") audit_lines=$(wc -l <"$dir/audit")"
kill "$wallet_job"
wait "$wallet_job"
at=$(date +%s%N)
start wallet.log "$wallet" --config "$dir/load.conf"
await 120 '^READY' wallet.log || exit 1
echo "start_ms=$((($(date +%s%N) - at) / 1000000)) start_manager_ms=$(cpu_ms "$started")"
[ "$lost" -eq 0 ] && "$wallet" --config "$dir/load.conf" audit || exit 1
awk 'NR == 2 { first = $4 / $2 } { last = $4 / $2 } END { exit NR > 2 && last > 2 * first }' "$dir/tenths" || {
    echo "what a registration costs the manager grows with their number"
    exit 1
}
