// SPDX-License-Identifier: Apache-2.0
// Genesis and key of a Clique chain with one signer, for the execution node's own miner.
//   node genesis.mjs FOLDER PERIOD_S EPOCH     writes FOLDER/genesis.json and FOLDER/key
import '../deps.mjs';
import fs from 'node:fs';

const { Key } = await import('../sealing/header.mjs');
const [folder, period, epoch] = process.argv.slice(2);
const key = new Key('the signer of the Clique lab chain');
const blocks = ['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople', 'petersburg',
  'istanbul', 'berlin', 'london'];
const zero32 = '0x' + '00'.repeat(32);
fs.writeFileSync(`${folder}/key`, Buffer.from(key.secret).toString('hex'), { mode: 0o600 });
fs.writeFileSync(`${folder}/genesis.json`, JSON.stringify({
  config: {
    chainId: 31337,
    ...Object.fromEntries(blocks.map((name) => [name + 'Block', 0])),
    clique: { period: Number(period), epoch: Number(epoch) },
  },
  // Vanity, the one signer, no seal.
  extraData: '0x' + '00'.repeat(32) + key.address.toString('hex') + '00'.repeat(65),
  number: '0x0',
  nonce: '0x0',
  timestamp: '0x' + (Math.floor(Date.now() / 1000) - 60).toString(16),
  gasLimit: '0x1c9c380',
  gasUsed: '0x0',
  difficulty: '0x1',
  baseFeePerGas: '0x3b9aca00',
  mixHash: zero32,
  parentHash: zero32,
  coinbase: '0x' + '00'.repeat(20),
  alloc: { ['0x' + key.address.toString('hex')]: { balance: '0x56bc75e2d63100000' } },
}, null, 1));
console.log('0x' + key.address.toString('hex'));
