// SPDX-License-Identifier: Apache-2.0
// Headers of the Clique lab chain as lines for lab_headers, and what must come of altered ones.
//   node headers.mjs URL BLOCKS
import '../deps.mjs';

const { bytes, headerRlp, hex, keccak } = await import('../sealing/header.mjs');
const [url, count] = process.argv.slice(2);

async function block(number) {
  for (;;) {
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBlockByNumber',
        params: ['0x' + number.toString(16), false] }),
    });
    const { result } = await reply.json();
    if (result) {
      return result;
    }
    await new Promise((done) => setTimeout(done, 100)); // a block a second
  }
}
function line(verdict, op, b) {
  const rlp = headerRlp(b);
  if (verdict === 'OK' && hex(keccak(rlp)) !== b.hash) {
    throw new Error(`block ${b.number} is not what it hashes to`);
  }
  console.log(verdict, op, b.hash, hex(rlp));
}

let parent = await block(0);
line('OK', 'pin', parent);
for (let number = 1; number <= Number(count); number++) {
  const b = await block(number);
  // Another state, under the same seal: somebody else has signed that, if anybody.
  line('SEAL_SIGNER', 'next', { ...b, stateRoot: b.stateRoot.replace(/.$/, (d) => (d === '0' ? '1' : '0')) });
  line('SEAL_SIGNER', 'next', { ...b, difficulty: '0x1', extraData: b.extraData });
  const other = bytes(parent.hash);
  other[0] ^= 1;
  line('HEADER_PARENT', 'next', { ...b, parentHash: hex(other) });
  line('OK', 'next', b);
  line('OK', 'trust', b);
  parent = b;
}
