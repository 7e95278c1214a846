// SPDX-License-Identifier: Apache-2.0
// RLP, block headers, keys: what sealing needs. Independent of wick's code and of its test vectors.
import { secp256k1 } from '@noble/curves/secp256k1';
import { sha256 } from '@noble/hashes/sha2.js';
import { keccak_256 as keccak256 } from '@noble/hashes/sha3.js';

export const keccak = (bytes) => Buffer.from(keccak256(bytes));
export const hex = (bytes) => '0x' + Buffer.from(bytes).toString('hex');
export const bytes = (text) => Buffer.from(text.slice(2), 'hex');

function prefix(length, short) {
  if (length < 56) {
    return Buffer.from([short + length]);
  }
  let size = length.toString(16);
  size = Buffer.from(size.padStart(size.length + (size.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([short + 55 + size.length]), size]);
}

/** Buffers are strings, arrays are lists. */
export function rlp(item) {
  if (Array.isArray(item)) {
    const payload = Buffer.concat(item.map(rlp));
    return Buffer.concat([prefix(payload.length, 0xc0), payload]);
  }
  return item.length === 1 && item[0] < 0x80 ? item : Buffer.concat([prefix(item.length, 0x80), item]);
}

export function integer(value) {
  const digits = BigInt(value).toString(16);
  return value == 0 ? Buffer.alloc(0) : Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
}

const integers = ['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'baseFeePerGas',
  'blobGasUsed', 'excessBlobGas'];
export const fields = ['parentHash', 'sha3Uncles', 'miner', 'stateRoot', 'transactionsRoot',
  'receiptsRoot', 'logsBloom', 'difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'extraData',
  'mixHash', 'nonce', 'baseFeePerGas', 'withdrawalsRoot', 'blobGasUsed', 'excessBlobGas',
  'parentBeaconBlockRoot', 'requestsHash'];

/** RLP of a header in JSON, with another extraData if one is given. */
export function headerRlp(block, extraData = bytes(block.extraData)) {
  const present = fields.filter((name) => block[name] !== undefined && block[name] !== null);
  return rlp(present.map((name) => {
    if (name === 'extraData') {
      return extraData;
    }
    return integers.includes(name) ? integer(block[name]) : bytes(block[name]);
  }));
}

/** The key of a validator: everybody can know it, it is for laboratories only. */
export class Key {
  constructor(name) {
    this.secret = sha256(Buffer.from(`sealing proxy, ${name}`));
    const point = secp256k1.getPublicKey(this.secret, false);
    this.address = keccak(point.subarray(1)).subarray(12);
  }

  /** r | s | recovery id over a hash. */
  sign(hash) {
    const signature = secp256k1.sign(hash, this.secret);
    return Buffer.concat([signature.toCompactRawBytes(), Buffer.from([signature.recovery])]);
  }
}
