// SPDX-License-Identifier: Apache-2.0
// Gas of the papers' flow and of ours, both as they were on this chain, beside each other. Fails where
// one is not what forge measured (contracts/snapshots), of which contracts/gas.md is made.
//   node table.mjs SOURCE-TREE RPC OUTPUT-OF-FLOW REGISTRY OWNER
import fs from 'node:fs';
import path from 'node:path';
import { call, quantity } from '../jsonrpc.mjs';

const [top, rpc, flow, registry, owner] = process.argv.slice(2);
const contracts = path.join(top, 'contracts');
const json = (...parts) => JSON.parse(fs.readFileSync(path.join(contracts, ...parts), 'utf8'));
const paper = Object.fromEntries([...fs.readFileSync(flow, 'utf8').matchAll(/^gas (\S+) (\d+)$/gm)]
  .map(([, what, gas]) => [what, Number(gas)]));

// Ours: every transaction of the owner to the registry, by what it calls.
const selectors = Object.entries(json('artifacts', 'DeviceRegistry.json').methodIdentifiers)
  .map(([signature, selector]) => [`0x${selector}`, signature.replace(/\(.*/, '')]);
const names = new Map(selectors);
const same = (a, b) => a?.toLowerCase() === b.toLowerCase();
const ours = {};
for (let at = 0, newest = Number(await call(rpc, 'eth_blockNumber')); at <= newest; at++) {
  const { transactions } = await call(rpc, 'eth_getBlockByNumber', quantity(at), true);
  for (const t of transactions.filter((one) => same(one.to, registry) && same(one.from, owner))) {
    const { gasUsed } = await call(rpc, 'eth_getTransactionReceipt', t.hash);
    (ours[names.get(t.input.slice(0, 10))] ??= []).push(Number(gasUsed));
  }
}

const n = (value) => value.toLocaleString('en-US');
const sum = (values) => values.reduce((a, b) => a + b, 0);
const mapping = ['addMapping', 'callback-n1', 'validatePCPMapping', 'callback-page'].map((what) => paper[what]);
const failed = (note) => ['addMapping', 'callback-n1', 'validatePCPMapping', 'callback-deletes']
  .map((what) => paper[what + note]);
const [register] = ours.register;
const [tlsKey] = ours.setTlsKey;
const [one, two] = ours.publishAttested;
const rows = [
  ['register the device with its key', 'addClient', paper.addClient, 'register', register],
  ['... its TLS key, once', '-', '', 'setTlsKey', tlsKey],
  ['a mapping', 'addMapping', mapping[0], '-', ''],
  ['... N1 (event N1Ready)', 'answer of the oracle', mapping[1], 'from each attestor, off chain', ''],
  ['... N2, H is to be fetched', 'validatePCPMapping', mapping[2], 'off chain', ''],
  ['... H matches: validated', 'answer of the oracle', mapping[3], 'publishAttested, 1 of 1', one],
  ['the mapping, validated', '4 transactions', sum(mapping), '1 transaction', one],
  ['... by 2 of 3', '-', '', '1 transaction', two],
  ['one that does not match: deleted', '4 transactions', sum(failed('-mismatch')), 'nothing is sent', 0],
  ['one of another key: deleted', '4 transactions', sum(failed('-key')), 'nothing is sent', 0],
  ['one that is not reached: deleted', '4 transactions', sum(failed('-dead')), 'nothing is sent', 0],
].map(([what, theirs, gas, mine, own]) => [what, theirs, gas === '' ? '' : n(gas), mine, own === '' ? '' : n(own)]);
const head = ["", "the papers' transaction", 'gas', 'wick', 'gas'];
const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
for (const row of [head, ...rows]) {
  console.log(row.map((cell, i) => (i === 2 || i === 4 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ').trimEnd());
}

// Zeros among the arguments and the length of an address in text make the difference that is allowed.
const [own, peers] = [json('snapshots', 'GasTest.json'), json('snapshots', 'Peers.json')];
for (const [what, gas, known] of [
  ['addClient', paper.addClient, peers.addClient],
  ['validatePCPMapping', mapping[2], peers.validatePCPMapping],
  ['addMapping', mapping[0], peers.addMapping],
  ['answer with N1', mapping[1], peers['callback with N1']],
  ['answer with the page', mapping[3], peers['callback with the page']],
  ['register', register, own['register with voucher']],
  ['publishAttested, 1 of 1', one, own['endpoint fresh, validated by 1 of 1']],
  ['publishAttested, 2 of 3', two, own['endpoint fresh, validated by 2 of 3']],
]) {
  if (Math.abs(gas - Number(known)) > 0.03 * Number(known)) {
    console.error(`${what}: ${n(gas)}, and ${n(Number(known))} in contracts/snapshots`);
    process.exitCode = 1;
  }
}
