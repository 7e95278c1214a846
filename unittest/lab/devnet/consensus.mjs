// SPDX-License-Identifier: Apache-2.0
// Consensus driver of the proof-of-stake devnet: all validators of one chain in one process. Blocks,
// attestations and sync aggregates are really signed, the state transition is Lodestar's, payloads
// come from an execution node through the engine API; a beacon API serves light clients.
//
//   node consensus.mjs --engine URL --listen IP:PORT --genesis-time UNIX_SECONDS [options]
//     --rpc IP:PORT         serves the node's JSON-RPC there, with what it lacks (front.mjs)
//     --node URL            the node's JSON-RPC
//     --seconds-per-slot N  default 1
//     --fulu-epoch N        Electra until this epoch, Fulu from it on; default 10
//     --missing PERCENT     members of the sync committee that do not sign; default 10
//     --skip-every N        every Nth slot has no block; default 0: none
//     --validators N        default 64
//     --preset minimal|mainnet
//
// With a genesis in the past it makes the missed blocks as fast as it can, then keeps to the clock.
// Prints "ready" when the API listens, "finality SLOT" at the first finalised epoch, "period N" when a
// block of sync committee period N is final, "live SLOT" when it has caught up.
import '../deps.mjs';

const defaults = {
  engine: '', listen: '', 'genesis-time': '', rpc: '', node: '', 'seconds-per-slot': '1', 'fulu-epoch': '10',
  missing: '10', 'skip-every': '0', validators: '64', preset: 'minimal',
};
const opt = { ...defaults };
for (let i = 2; i < process.argv.length; i += 2) {
  const name = process.argv[i].replace(/^--/, '');
  if (!(name in defaults) || process.argv[i + 1] === undefined) {
    console.error(`consensus: unknown or incomplete option ${process.argv[i]}`);
    process.exit(2);
  }
  opt[name] = process.argv[i + 1];
}
// Lodestar reads its preset when it is loaded.
process.env.LODESTAR_PRESET = opt.preset;
const { Chain } = await import('./chain.mjs');
const { serve } = await import('./rest.mjs');
const { front } = await import('./front.mjs');

const chain = await Chain.start({
  engine: opt.engine,
  genesisTime: Number(opt['genesis-time']),
  secondsPerSlot: Number(opt['seconds-per-slot']),
  fuluEpoch: Number(opt['fulu-epoch']),
  missing: Number(opt.missing),
  validators: Number(opt.validators),
});
await serve(chain, opt.listen);
if (opt.rpc) {
  await front(opt.rpc, opt.node);
}
console.log('ready');

const skip = Number(opt['skip-every']);
let period = -1;
let live = false;
for (let slot = 1; ; slot++) {
  const due = (chain.genesisTime + slot * chain.secondsPerSlot) * 1000 - Date.now();
  if (due > 0) {
    if (!live) {
      console.log(`live ${slot}`);
      live = true;
    }
    await new Promise((done) => setTimeout(done, due));
  } else {
    // Requests are answered between two blocks of the past, too.
    await new Promise((done) => setImmediate(done));
  }
  // Block 1 is always there: the chain needs a first one.
  if (skip === 0 || slot === 1 || slot % skip !== 0) {
    await chain.block(slot);
  }
  if (period < 0 && chain.finalizedEpoch > 0) {
    console.log(`finality ${slot}`);
  }
  const finalPeriod = chain.finalizedEpoch > 0 ? chain.finalizedPeriod : -1;
  if (finalPeriod > period) {
    period = finalPeriod;
    console.log(`period ${period}`);
  }
}
