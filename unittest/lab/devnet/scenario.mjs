// SPDX-License-Identifier: Apache-2.0
// What a light client gets to see on the devnet, and what must come of it, one line each, for
// lab_beacon: the genuine objects from a block of the first period on, and altered ones.
//     chain GENESIS_TIME GENESIS_VALIDATORS_ROOT FULU_EPOCH TRUSTED_ROOT
//     STATUS bootstrap|update|finality|optimistic FORK SSZ
//     STATUS FINALIZED|OPTIMISTIC BLOCK_HASH HEADER_RLP
//   node scenario.mjs BEACON_URL RPC_URL TRUSTED_SLOT
import '../deps.mjs';

process.env.LODESTAR_PRESET = 'minimal';
const { ssz } = await import('@lodestar/types');
const { headerRlp } = await import('../sealing/header.mjs');
const [beacon, rpc, trustedSlot] = process.argv.slice(2);
const hex = (bytes) => '0x' + Buffer.from(bytes).toString('hex');

async function get(path, accept) {
  const reply = await fetch(`${beacon}/eth/v1/${path}`, { headers: { accept } });
  if (!reply.ok) {
    throw new Error(`${path}: ${reply.status}`);
  }
  return reply;
}
const json = async (path) => (await get(path, 'application/json')).json();
async function object(path) {
  const reply = await get(path, 'application/octet-stream');
  const data = new Uint8Array(await reply.arrayBuffer());
  return { fork: reply.headers.get('eth-consensus-version'), data };
}
async function block(method, which) {
  const reply = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [which, false] }),
  });
  return (await reply.json()).result;
}

const types = { bootstrap: 'LightClientBootstrap', update: 'LightClientUpdate',
  finality: 'LightClientFinalityUpdate', optimistic: 'LightClientOptimisticUpdate' };
function line(verdict, kind, { fork, data }) {
  console.log(verdict, kind, fork, hex(data));
}
/** The same object with something else in it. */
function altered(verdict, kind, { fork, data }, change) {
  const type = ssz[fork][types[kind]];
  const value = type.deserialize(data);
  change(value);
  line(verdict, kind, { fork, data: type.serialize(value) });
}
const flip = (bytes) => {
  bytes[bytes.length - 1] ^= 1;
};

// ---- bootstrap ----
const genesis = (await json('beacon/genesis')).data;
const spec = (await json('config/spec')).data;
const trusted = (await json(`beacon/headers/${trustedSlot}`)).data.root;
console.log('chain', genesis.genesis_time, genesis.genesis_validators_root, spec.FULU_FORK_EPOCH, trusted);
const later = (await json(`beacon/headers/${Number(trustedSlot) + 8}`)).data.root;
const bootstrap = await object(`beacon/light_client/bootstrap/${trusted}`);
line('HEADER_HASH', 'bootstrap', await object(`beacon/light_client/bootstrap/${later}`));
altered('BEACON_BRANCH', 'bootstrap', bootstrap, (v) => flip(v.currentSyncCommitteeBranch[2]));
altered('BEACON_BRANCH', 'bootstrap', bootstrap, (v) => v.currentSyncCommittee.pubkeys.reverse());
altered('BEACON_BRANCH', 'bootstrap', bootstrap, (v) => flip(v.header.execution.stateRoot));
line('TRUNCATED', 'bootstrap', { ...bootstrap, data: bootstrap.data.subarray(0, 100) });
line('OK', 'bootstrap', bootstrap);

// ---- one update for each period ----
const updates = (await json('beacon/light_client/updates?start_period=0&count=128'))
  .map(({ version, data }) => ({ fork: version,
    data: ssz[version].LightClientUpdate.serialize(ssz[version].LightClientUpdate.fromJson(data)) }));
const valueOf = ({ fork, data }) => ssz[fork].LightClientUpdate.deserialize(data);
line('BEACON_PERIOD', 'update', updates[2]);
for (const [i, update] of updates.entries()) {
  const other = valueOf(updates[i === 0 ? 1 : i - 1]);
  altered('AUTH', 'update', update, (v) => {
    v.syncAggregate.syncCommitteeSignature = other.syncAggregate.syncCommitteeSignature;
  });
  // Somebody is said to have signed who has not.
  altered('AUTH', 'update', update, (v) => {
    const bits = v.syncAggregate.syncCommitteeBits;
    const missing = bits.toBoolArray().indexOf(false);
    bits.set(missing < 0 ? 0 : missing, missing >= 0);
  });
  altered('BEACON_BRANCH', 'update', update, (v) => flip(v.finalityBranch[0]));
  altered('BEACON_BRANCH', 'update', update, (v) => flip(v.nextSyncCommitteeBranch[1]));
  altered('BEACON_BRANCH', 'update', update, (v) => flip(v.finalizedHeader.execution.blockHash));
  line('OK', 'update', update);
}
line('HEADER_STALE', 'update', updates[0]);

// ---- the newest ----
const finality = await object('beacon/light_client/finality_update');
const optimistic = await object('beacon/light_client/optimistic_update');
altered('BEACON_BRANCH', 'finality', finality, (v) => flip(v.finalityBranch[3]));
altered('AUTH', 'finality', finality, (v) => flip(v.attestedHeader.beacon.parentRoot));
altered('HEADER_FUTURE', 'optimistic', optimistic, (v) => {
  v.signatureSlot += 100000;
});
line('OK', 'finality', finality);
line('OK', 'optimistic', optimistic);

// ---- blocks of the execution layer ----
async function header(verdict, tier, hash, edit = {}) {
  const b = await block('eth_getBlockByHash', hash);
  console.log(verdict, tier, hash, hex(headerRlp({ ...b, ...edit })));
}
const final = ssz[finality.fork][types.finality].deserialize(finality.data).finalizedHeader;
const newest = ssz[optimistic.fork][types.optimistic].deserialize(optimistic.data).attestedHeader;
const [finalHash, newestHash] = [hex(final.execution.blockHash), hex(newest.execution.blockHash)];
await header('OK', 'FINALIZED', finalHash);
await header('OK', 'OPTIMISTIC', newestHash);
await header('HEADER_HASH', 'FINALIZED', newestHash);
await header('HEADER_HASH', 'FINALIZED', finalHash, { stateRoot: '0x' + '00'.repeat(32) });
