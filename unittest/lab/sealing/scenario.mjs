// SPDX-License-Identifier: Apache-2.0
// Lets a chain behind the sealing proxy live through what a light client must stand, and writes what
// must come of each header, one line each, for lab_headers:
//     STATUS pin|next|trust HASH RLP
//   node scenario.mjs ANVIL_URL PROXY_URL RULE EPOCH
import '../deps.mjs';
import { call, quantity } from '../jsonrpc.mjs';

const { headerRlp } = await import('./header.mjs');
const [anvil, proxy, rule, epoch] = process.argv.slice(2);

const block = (n) => call(proxy, 'eth_getBlockByNumber', quantity(n), false);
const status = () => call(proxy, 'sealing_status');

async function line(verdict, op, number) {
  const b = await block(number);
  console.log(verdict, op, b.hash, '0x' + headerRlp(b).toString('hex'));
}
let at = 0; // newest block that was told
async function mine(n) {
  await call(anvil, 'anvil_mine', quantity(n));
}
/** Tells all blocks up to `to`: each is accepted. */
async function follow(to) {
  while (at < to) {
    at++;
    await line('OK', 'next', at);
  }
}
/** Mines and tells blocks until the set has changed `n` times more. */
async function changes(n) {
  const before = (await status()).changes.length;
  for (let i = 0; i < 40; i++) {
    await mine(1);
    const now = await status();
    await follow(now.head);
    if (now.changes.length >= before + n) {
      return;
    }
  }
  throw new Error('the set does not change');
}
/** The next block, told with a fault first. */
async function faulty(fault, verdict) {
  await call(proxy, 'sealing_fault', fault, at + 1);
  await line(verdict, 'next', at + 1);
  await call(proxy, 'sealing_fault', 'none');
}

await line('OK', 'pin', 0);
await mine(6);
await follow(6);

// One by one: a fifth and a sixth validator, then one of the first leaves.
for (const [key, add] of [[10, true], [11, true], [0, false]]) {
  await call(proxy, 'sealing_vote', key, add);
  await changes(1);
}

await mine(1);
const wrong = rule === 'clique'
  ? { foreign: 'SEAL_SIGNER', removed: 'SEAL_SIGNER', recent: 'SEAL_SIGNER', turn: 'SEAL_SIGNER',
    strangers: 'SEAL_SIGNER' }
  : { quorum: 'SEAL_QUORUM', duplicate: 'SEAL_QUORUM', foreign: 'SEAL_QUORUM', removed: 'SEAL_QUORUM',
    strangers: 'SEAL_OVERLAP',
    // There the proposer seals as well, and is as foreign.
    ...(rule === 'ibft1' && { foreign: 'SEAL_SIGNER', removed: 'SEAL_SIGNER' }) };
for (const [fault, verdict] of Object.entries(wrong)) {
  await faulty(fault, verdict);
}
await follow(at + 1);

if (rule === 'clique') {
  // Past an epoch, whose header lists the signers that votes have made; nothing may be left out.
  const past = (Math.floor(at / Number(epoch)) + 1) * Number(epoch) + 3;
  await mine(past - at);
  await line('HEADER_PARENT', 'next', at + 2);
  await follow(past);
  await line('TRUST_DEPTH', 'trust', past);
  await line('OK', 'trust', past - 3);
} else {
  // At once from genesis: of its four, too few have sealed the newest block; in between it goes.
  const { head, changes: [first] } = await status();
  await line('OK', 'pin', 0);
  await line('OK', 'next', first);
  at = head;
  await line('OK', 'next', at);
  // All others overnight: nobody of those trusted has sealed it, so the operator must pin it.
  await call(proxy, 'sealing_jump', [20, 21, 22, 23, 24, 25, 26]);
  await mine(3);
  await line('SEAL_OVERLAP', 'next', at + 1);
  await line('SEAL_OVERLAP', 'next', at + 3);
  at += 1;
  await line('OK', 'pin', at);
  await follow(at + 2);
  await line('HEADER_STALE', 'next', at - 1);
  // Two sealed headers of one height: nothing is trusted any more.
  await call(proxy, 'sealing_fault', 'twin', at);
  await block(at); // every other answer
  await line('SEAL_CONFLICT', 'next', at);
  await call(proxy, 'sealing_fault', 'none');
  await line('SEAL_CONFLICT', 'next', at);
}
