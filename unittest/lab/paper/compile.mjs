// SPDX-License-Identifier: Apache-2.0
// Compiles the papers' contract for PCP mappings and its oracle (contracts/test/peers) for the lab:
// bytecode, selectors and slots, as JSON.
//   node compile.mjs SOURCE-TREE >peers.json
// Same compiler and settings as contracts/foundry.toml's [profile.test].
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const contracts = path.join(process.argv[2], 'contracts');
const names = ['PaperOracle', 'PaperMappings'];
const read = (name) => fs.readFileSync(path.join(contracts, 'test', 'peers', `${name}.sol`), 'utf8');
const input = {
  language: 'Solidity',
  sources: Object.fromEntries(names.map((name) => [`${name}.sol`, { content: read(name) }])),
  settings: {
    evmVersion: 'london',
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.methodIdentifiers', 'storageLayout'] } },
  },
};
const { contracts: made, errors = [] } = JSON.parse(execFileSync(process.execPath,
  [path.join(contracts, 'solc-shim', 'solc.js'), '--standard-json'],
  { input: JSON.stringify(input), encoding: 'utf8', maxBuffer: 1 << 26 }));
if (made === undefined || errors.some((e) => e.severity === 'error')) {
  throw new Error(errors.map((e) => e.formattedMessage).join('\n'));
}
console.log(JSON.stringify(Object.fromEntries(names.map((name) => {
  const { evm, storageLayout } = made[`${name}.sol`][name];
  const slots = Object.fromEntries(storageLayout.storage.map((v) => [v.label, Number(v.slot)]));
  return [name, { bytecode: `0x${evm.bytecode.object}`, selectors: evm.methodIdentifiers, slots }];
}))));
