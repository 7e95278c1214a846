// SPDX-License-Identifier: Apache-2.0
// Writes what a light client of a QBFT chain is given: sealed headers from genesis on, few of them, and
// the proof of storage words of one contract under the last one. Lines of "KIND HEX".
//   node fixture.mjs ANVIL_URL PROXY_URL CONTRACT SLOT...
import '../deps.mjs';
import { call, quantity } from '../jsonrpc.mjs';

const { headerRlp } = await import('./header.mjs');
const [anvil, proxy, contract, ...slots] = process.argv.slice(2);

const status = () => call(proxy, 'sealing_status');

// Three validators join and two leave, one by one; each change of the set is one header to be told.
for (const [key, add] of [[10, true], [11, true], [0, false], [12, true], [1, false]]) {
  const before = (await status()).changes.length;
  await call(proxy, 'sealing_vote', key, add);
  for (let i = 0; (await status()).changes.length === before; i++) {
    if (i === 40) {
      throw new Error('the set does not change');
    }
    await call(anvil, 'anvil_mine', '0x1');
  }
}
await call(anvil, 'anvil_mine', '0x5');

const { head, changes } = await status();
for (const number of [0, ...changes, head]) {
  const block = await call(proxy, 'eth_getBlockByNumber', quantity(number), false);
  if (number === 0) {
    console.log('trusted', block.hash.slice(2));
  }
  console.log('header', headerRlp(block).toString('hex'));
}
const proof = await call(proxy, 'eth_getProof', contract, slots, quantity(head));
console.log('contract', contract.slice(2).toLowerCase());
for (const node of proof.accountProof) {
  console.log('account', node.slice(2));
}
for (const { key, proof: nodes } of proof.storageProof) {
  console.log('slot', key.slice(2).padStart(64, '0'));
  for (const node of nodes) {
    console.log('node', node.slice(2));
  }
}
