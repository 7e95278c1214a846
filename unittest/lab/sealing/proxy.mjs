// SPDX-License-Identifier: Apache-2.0
// SEALING PROXY, for laboratories: a consortium chain in front of anvil. It serves anvil's blocks with
// headers sealed by the rules of a consensus, and everything else as it is: state roots, receipts and
// proofs are anvil's own, so that each verifies under the sealed header; only the time is moved where
// two blocks have the same. There are no validators behind it but this process, which holds all keys.
//
//   node proxy.mjs --listen IP:PORT --upstream URL --rule qbft|ibft2|ibft1|clique [options]
//     --validators N  at genesis; default 4
//     --epoch N       blocks between lists of signers (Clique); default 30000
//     --fields N      of each header, 15 to 21: earlier forks have fewer; default all
//
// Prints "ready PORT GENESIS_HASH". What happens is scripted by JSON-RPC:
//     sealing_vote [key, add]    the validators vote for or against key number `key`, block by block
//     sealing_jump [keys]        another set from the next block on, without votes
//     sealing_fault [name, from] serves blocks from that number on with a fault: quorum, duplicate,
//                                foreign, removed, recent, turn, strangers, twin (every other answer);
//                                "none" ends it
//     sealing_stall [bool]       no new block is shown
//     sealing_status []          {head, set, changes: [numbers whose set differs from the one before]}
import '../deps.mjs';
import { ask as askNode, blockParameter, quantity, serve, unknownBlock } from '../jsonrpc.mjs';

const { SealedChain, hashes } = await import('./chain.mjs');
const { fields, hex } = await import('./header.mjs');

const opt = { listen: '127.0.0.1:0', upstream: '', rule: '', validators: '4', epoch: '30000', fields: '21' };
for (let i = 2; i < process.argv.length; i += 2) {
  const name = process.argv[i].replace(/^--/, '');
  if (!(name in opt) || process.argv[i + 1] === undefined) {
    console.error(`proxy: unknown or incomplete option ${process.argv[i]}`);
    process.exit(2);
  }
  opt[name] = process.argv[i + 1];
}

const chain = new SealedChain({
  rule: opt.rule, validators: Number(opt.validators), epoch: Number(opt.epoch),
});
const fault = { name: 'none', from: 0, asked: 0 };
let stalled = false;

const ask = (method, params) => askNode(opt.upstream, method, params);

// ---- keeping up with the node behind ----

const originals = []; // the node's own headers, with the fields that are shown
let syncing = Promise.resolve();

async function seal() {
  const newest = Number(await ask('eth_blockNumber', []));
  while (!stalled && chain.head < newest) {
    const block = await ask('eth_getBlockByNumber', [quantity(chain.head + 1), false]);
    if (!hashes(block)) {
      throw new Error(`block ${block.number} does not hash to its hash`);
    }
    for (const name of fields.slice(Number(opt.fields))) {
      delete block[name];
    }
    originals.push(block);
    chain.append(block);
  }
}
function sync() {
  syncing = syncing.then(seal, seal);
  return syncing;
}

// ---- answers ----

function shown(number) {
  const wrong = fault.name !== 'none' && number >= fault.from && number > 0;
  if (!wrong || (fault.name === 'twin' && fault.asked++ % 2 === 0)) {
    return chain.blocks[number];
  }
  return chain.faulty(number, originals[number], fault.name);
}

// Number of the block that a parameter names: a tag, a number, a hash or {blockHash}, {blockNumber}.
function numberOf(which) {
  if (which && typeof which === 'object') {
    return numberOf(which.blockHash ?? which.blockNumber);
  }
  if (which === undefined || which === null || which === 'latest' || which === 'pending') {
    return chain.head;
  }
  if (which === 'safe' || which === 'finalized') {
    return opt.rule === 'clique' ? -1 : chain.head;
  }
  if (which === 'earliest') {
    return 0;
  }
  if (/^0x[0-9a-f]{64}$/i.test(which)) {
    return chain.numberOf.get(which.toLowerCase()) ?? -1;
  }
  const n = Number(which);
  return n <= chain.head ? n : -1;
}

async function block(which, full) {
  const number = numberOf(which);
  if (number < 0) {
    return null;
  }
  const header = shown(number);
  const whole = await ask('eth_getBlockByNumber', [quantity(number), full]);
  for (const name of fields.slice(Number(opt.fields))) {
    delete whole[name];
  }
  return resealed({ ...whole, ...header, transactions: whole.transactions });
}

// Whatever names a block of the node behind names ours instead. Null: not shown yet.
function resealed(value) {
  if (Array.isArray(value)) {
    return value.map(resealed).filter((v) => v !== null);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  if (value.blockHash && value.blockNumber) {
    const number = Number(value.blockNumber);
    if (number > chain.head) {
      return null;
    }
    value = { ...value, blockHash: chain.blocks[number].hash };
  }
  for (const inner of ['logs', 'transactions']) {
    if (Array.isArray(value[inner])) {
      value = { ...value, [inner]: resealed(value[inner]) };
    }
  }
  return value;
}

async function answer(method, params) {
  switch (method) {
    case 'sealing_vote':
      chain.wanted.push({ key: chain.key(params[0]), add: params[1] });
      return true;
    case 'sealing_jump':
      chain.nextSet = params[0].map((i) => chain.key(i))
        .sort((a, b) => Buffer.compare(a.address, b.address));
      return true;
    case 'sealing_fault':
      Object.assign(fault, { name: params[0], from: params[1] ?? 0, asked: 0 });
      return true;
    case 'sealing_stall':
      await sync();
      stalled = params[0];
      return true;
  }
  await sync();
  const at = blockParameter[method];
  switch (method) {
    case 'sealing_status':
      return {
        head: chain.head,
        set: chain.set.map((key) => hex(key.address)),
        changes: chain.plans.flatMap((p, i) => (i > 0 && p.set !== chain.plans[i - 1].set ? [i] : [])),
      };
    case 'eth_blockNumber':
      return quantity(chain.head);
    case 'eth_getBlockByNumber':
      return block(params[0], params[1]);
    case 'eth_getBlockByHash':
      return block(params[0], params[1]);
    case 'eth_getLogs': {
      const filter = { ...params[0] };
      if (filter.blockHash) {
        const number = numberOf(filter.blockHash);
        delete filter.blockHash;
        filter.fromBlock = filter.toBlock = quantity(number);
      }
      return resealed(await ask(method, [filter]));
    }
  }
  if (at !== undefined && params[at] !== undefined && params[at] !== 'pending') {
    const number = numberOf(params[at]);
    if (number < 0) {
      throw unknownBlock();
    }
    params = params.with(at, quantity(number));
  }
  return resealed(await ask(method, params));
}

await sync();
const port = await serve(opt.listen, answer);
console.log(`ready ${port} ${chain.blocks[0].hash}`);
