// SPDX-License-Identifier: Apache-2.0
// What the papers' device and their oracle have in common: calls of contracts whose arguments are
// strings, and a node that signs for its own accounts.
import fs from 'node:fs';
import { call, quantity } from '../jsonrpc.mjs';

const word = (n) => BigInt(n).toString(16).padStart(64, '0');
const tail = (bytes) => word(bytes.length) + bytes.toString('hex').padEnd(2 * 32 * Math.ceil(bytes.length / 32), '0');

/** Arguments: Buffers are dynamic (string, bytes), everything else is a word. */
export function encode(...values) {
  let at = 32 * values.length;
  const heads = [];
  const tails = [];
  for (const value of values) {
    heads.push(word(Buffer.isBuffer(value) ? at : value));
    if (Buffer.isBuffer(value)) {
      tails.push(tail(value));
      at += tails.at(-1).length / 2;
    }
  }
  return heads.join('') + tails.join('');
}

/** The dynamic value at a place among the words of `data`, as a Buffer. */
export function dynamic(data, place) {
  const bytes = Buffer.from(data.slice(2), 'hex');
  const number = (at) => Number(BigInt(`0x${bytes.subarray(at, at + 32).toString('hex')}`));
  const at = number(32 * place);
  return bytes.subarray(at + 32, at + 32 + number(at));
}

export const text = (value) => Buffer.from(value, 'utf8');

export class Peer {
  constructor(rpc, file) {
    this.rpc = rpc;
    this.made = JSON.parse(fs.readFileSync(file, 'utf8'));
  }

  keccak(value) { // of the contract's kind; node has another one
    return call(this.rpc, 'web3_sha3', `0x${Buffer.from(value).toString('hex')}`);
  }

  /** Words of a struct in a mapping by string. */
  async words(name, at, mapping, key, count) {
    const slot = BigInt(await this.keccak(Buffer.concat([text(key), Buffer.from(word(this.made[name].slots[mapping]), 'hex')])));
    return Promise.all(Array.from({ length: count },
      (_, i) => call(this.rpc, 'eth_getStorageAt', at, `0x${word(slot + BigInt(i))}`, 'latest')));
  }

  /** One transaction, included and not reverted. */
  async send(from, to, data, gas) {
    const hash = await call(this.rpc, 'eth_sendTransaction',
      { from, data, ...(to === null ? {} : { to }), ...(gas === undefined ? {} : { gas: quantity(gas) }) });
    for (;;) { // whoever starts this says for how long
      const receipt = await call(this.rpc, 'eth_getTransactionReceipt', hash);
      if (receipt !== null) {
        if (receipt.status !== '0x1') {
          throw new Error(`${hash} was reverted`);
        }
        return receipt;
      }
      await new Promise((done) => { setTimeout(done, 20); });
    }
  }

  async deploy(from, name, ...values) {
    return (await this.send(from, null, this.made[name].bytecode + encode(...values))).contractAddress;
  }

  data(name, method, ...values) {
    return `0x${this.made[name].selectors[method]}${encode(...values)}`;
  }

  /** A look at the contract that needs no transaction. */
  async view(name, at, method, ...values) {
    return dynamic(await call(this.rpc, 'eth_call', { to: at, data: this.data(name, method, ...values) }, 'latest'), 0);
  }
}
