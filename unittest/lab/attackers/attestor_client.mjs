// SPDX-License-Identifier: Apache-2.0
// What those have in common who ask attestors and are not to be trusted. Nothing here uses the library: cast signs.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import fs from 'node:fs';

export const caster = (cast) => (...args) => execFileSync(cast, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
export const secret = (file) => `0x${fs.readFileSync(file, 'utf8').trim().replace(/^0x/, '')}`;
export const hex = (value, bytes) => BigInt(value).toString(16).padStart(2 * bytes, '0');

// Port 4433, UDP, direct; validatedAt zero.
export const placeAt = (ip, seq, until) => {
  const v4 = ip.split('.').reduce((n, part) => (n << 8n) | BigInt(part), 0xffffn);
  return v4 | (4433n << 128n) | (17n << 144n) | (1n << 152n) | (BigInt(seq) << 160n) | (BigInt(until) << 192n);
};

// r and vs of a struct of the registry's domain.
export const signer = (run, separator) => (file, type, types, ...values) => {
  const words = run('abi-encode', `f(bytes32,${types})`, run('keccak', type), ...values.map(String));
  const digest = run('keccak', `0x1901${separator.slice(2)}${run('keccak', words).slice(2)}`);
  const signature = run('wallet', 'sign', '--no-hash', '--private-key', secret(file), digest);
  const odd = signature.slice(130) === '1c' ? 1n : 0n;
  return signature.slice(2, 66) + hex(BigInt(`0x${signature.slice(66, 130)}`) | (odd << 255n), 32);
};

export const question = (sign, file, id, service, endpoint, at, how = 1, nonce = 0) => Buffer.from(`01${hex(how, 1)}${id.slice(2)}${service.slice(2)}${hex(endpoint, 32)}${hex(nonce, 32)}${hex(at, 8)}${
  sign(file, 'Reach(bytes32 id,bytes32 service,uint256 endpoint,bytes32 nonce,uint64 askedAt)',
    'bytes32,bytes32,uint256,bytes32,uint64', id, service, endpoint, `0x${hex(nonce, 32)}`, at)}`, 'hex');

// With an Echo of the attestor's (RFC 9175), or without one.
export const message = (body, echo) => {
  const options = ['dpk', 'attest'].map((part, i) => Buffer.concat([
    Buffer.from([((i === 0 ? 11 : 0) << 4) | part.length]), Buffer.from(part)]));
  const option = echo === undefined ? [] : [Buffer.from([0xdd, 252 - 12 - 13, echo.length - 13]), echo];
  return Buffer.concat([Buffer.from([0x44, 0x02]), crypto.randomBytes(6), ...options,
    Buffer.from([0x11, 42]), ...option, Buffer.from([0xff]), body]);
};
// What the attestor wants to see again, of its 4.01: the one option there.
export const wanted = (m) => (m[1] === 0x81 && m[8] === 0xdd ? m.subarray(11, 11 + m[10] + 13) : undefined);

// The answer, as text. `taken` is called when it is clear that it comes later.
export const coap = (attestor, body, given, { from, taken = () => {} } = {}) => new Promise((resolve) => {
  const socket = dgram.createSocket('udp4');
  let current = message(body, given);
  const send = () => socket.send(current, 5683, attestor);
  const again = setInterval(send, 3000);
  let over = false; // what comes twice ends it once
  const end = (text) => {
    if (over) {
      return;
    }
    over = true;
    clearInterval(again);
    clearTimeout(late);
    setTimeout(() => socket.close(), 50); // the acknowledgement goes out
    resolve(text);
  };
  const late = setTimeout(() => end('no answer'), 120000);
  socket.on('message', (m) => {
    if (m[1] === 0) {
      if (m.subarray(2, 4).equals(current.subarray(2, 4))) {
        taken();
      }
      return; // acknowledged: the answer comes later
    }
    if (!m.subarray(4, 8).equals(current.subarray(4, 8))) {
      return; // to what was sent again before the Echo had come
    }
    if (given === undefined && wanted(m) !== undefined) {
      given = wanted(m);
      current = message(body, given);
      send();
      return;
    }
    if ((m[0] & 0x30) === 0) {
      socket.send(Buffer.from([0x60, 0, m[2], m[3]]), 5683, attestor);
    }
    end(`${m[1] >> 5}.${String(m[1] & 31).padStart(2, '0')} ${m.subarray(m.indexOf(0xff, 4 + (m[0] & 15)) + 1)}`);
  });
  socket.bind({ address: from, port: 0 }, send);
});
