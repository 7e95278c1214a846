// SPDX-License-Identifier: Apache-2.0
// Walks the devnet with Lodestar's own spec light client: a check of the devnet itself, and the second
// opinion beside wick's. Shares no code with the driver but the libraries.
//   node verify.mjs BEACON_URL RPC_URL TRUSTED_SLOT LEAST_ROTATIONS
// Prints "ok SLOT BLOCK_HASH rotations=N forks=A,B" or what is wrong.
import '../deps.mjs';

const [beacon, rpc, trustedSlot, leastRotations] = process.argv.slice(2);
process.env.LODESTAR_PRESET = process.env.LODESTAR_PRESET || 'minimal';
const { createBeaconConfig, createChainForkConfig } = await import('@lodestar/config');
const { minimalChainConfig, mainnetChainConfig } = await import('@lodestar/config/configs');
const { LightclientSpec } = await import('@lodestar/state-transition/light-client');
const { ssz } = await import('@lodestar/types');

const hex = (bytes) => '0x' + Buffer.from(bytes).toString('hex');

function fail(why) {
  console.log(`not ok ${why}`);
  process.exit(1);
}

async function get(path, accept = 'application/json') {
  const reply = await fetch(`${beacon}/eth/v1/${path}`, { headers: { accept } });
  if (!reply.ok) {
    fail(`${path}: ${reply.status}`);
  }
  return reply;
}
const json = async (path) => (await get(path)).json();

async function object(path, type) {
  const binary = await get(path, 'application/octet-stream');
  const fork = binary.headers.get('eth-consensus-version');
  return { fork, value: ssz[fork][type].deserialize(new Uint8Array(await binary.arrayBuffer())) };
}

async function block(hash) {
  const reply = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBlockByHash', params: [hash, false] }),
  });
  return (await reply.json()).result;
}

const genesis = (await json('beacon/genesis')).data;
const spec = (await json('config/spec')).data;
const base = spec.PRESET_BASE === 'mainnet' ? mainnetChainConfig : minimalChainConfig;
const forks = ['ALTAIR', 'BELLATRIX', 'CAPELLA', 'DENEB', 'ELECTRA', 'FULU'];
const config = createBeaconConfig(createChainForkConfig({
  ...base,
  BLOB_SCHEDULE: [],
  ...Object.fromEntries(forks.map((f) => [`${f}_FORK_EPOCH`, Number(spec[`${f}_FORK_EPOCH`])])),
}), Buffer.from(genesis.genesis_validators_root.slice(2), 'hex'));
const slotNow = () => Math.floor((Date.now() / 1000 - Number(genesis.genesis_time)) /
  Number(spec.SECONDS_PER_SLOT));

const trusted = (await json(`beacon/headers/${trustedSlot}`)).data.root;
const bootstrap = await object(`beacon/light_client/bootstrap/${trusted}`, 'LightClientBootstrap');
if (hex(ssz.phase0.BeaconBlockHeader.hashTreeRoot(bootstrap.value.header.beacon)) !== trusted) {
  fail('the bootstrap is of another block');
}
const client = new LightclientSpec(config, {}, bootstrap.value);
const seen = new Set([bootstrap.fork]);
const committees = new Set([hex(ssz.altair.SyncCommittee.hashTreeRoot(bootstrap.value.currentSyncCommittee))]);
const updates = await json('beacon/light_client/updates?start_period=0&count=128');
for (const { version, data } of updates) {
  const update = ssz[version].LightClientUpdate.fromJson(data);
  client.onUpdate(slotNow(), update);
  seen.add(version);
  committees.add(hex(ssz.altair.SyncCommittee.hashTreeRoot(update.nextSyncCommittee)));
}
const finality = await object('beacon/light_client/finality_update', 'LightClientFinalityUpdate');
client.onFinalityUpdate(slotNow(), finality.value);
seen.add(finality.fork);
const optimistic = await object('beacon/light_client/optimistic_update', 'LightClientOptimisticUpdate');
client.onOptimisticUpdate(slotNow(), optimistic.value);

const header = client.store.finalizedHeader;
if (header.beacon.slot !== finality.value.finalizedHeader.beacon.slot) {
  fail(`the client stands at slot ${header.beacon.slot}`);
}
if (client.store.optimisticHeader.beacon.slot <= header.beacon.slot) {
  fail('nothing newer than the finalised block is signed');
}
const hash = hex(header.execution.blockHash);
const executed = await block(hash);
if (!executed || executed.stateRoot !== hex(header.execution.stateRoot)) {
  fail(`the execution node does not know block ${hash}`);
}
const rotations = committees.size - 1;
if (rotations < Number(leastRotations)) {
  fail(`only ${rotations} rotations`);
}
console.log(`ok ${header.beacon.slot} ${hash} rotations=${rotations} forks=${[...seen].join(',')}`);
