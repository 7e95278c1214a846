#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Load of one wick-wallet: COUNT devices (10,000 unless given) are provisioned, come over TLS-PSK in
# parallel, and are registered by transactions that the manager sends and pays for, in batches. Prints
# registrations a second, how many transactions they took, and the manager's memory. By hand: it takes
# some minutes, nearly all of it for the devices' own processes.
#   wallet_load.sh WICK WICK-WALLET [COUNT [PARALLEL]]
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
# A device that finds no place, or no answer, asks again: five times, then it counts as lost.
# shellcheck disable=SC2016
seq "$count" | xargs -P "$parallel" -I% sh -c '
    for try in 1 2 3 4 5; do
        "$wick" --config "$dir/load-%.conf" sponsor register --timeout 120 >"$dir/load-%.out" 2>&1 &&
            exit 0
    done
    echo lost >>"$dir/lost"; cat "$dir/load-%.out" >>"$dir/lost.out"'
took_ms=$((($(date +%s%N) - begin) / 1000000))
lost=0
[ ! -f "$dir/lost" ] || { lost=$(grep -c . "$dir/lost"); head -n 5 "$dir/lost.out"; }
echo "registrations=$((count - lost)) lost=$lost parallel=$parallel seconds=$((took_ms / 1000))"
echo "per_second=$(((count - lost) * 1000 / took_ms)) transactions=$(($(cast nonce "$manager") - before))"
sed -n 's/^Vm\(HWM\|RSS\): */manager_\1=/p' "/proc/$wallet_job/status"
echo "ledger_bytes=$(wc -c <"$dir/ledger") audit_lines=$(wc -l <"$dir/audit")"
[ "$lost" -eq 0 ] && "$wallet" --config "$dir/load.conf" audit
