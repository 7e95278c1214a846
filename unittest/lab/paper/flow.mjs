// SPDX-License-Identifier: Apache-2.0
// The papers' flow, live: a device that registers itself, has a mapping, waits for N1Ready, serves
// H = keccak256(N1 N2) over HTTPS under its own certificate and asks for validation; then one that
// serves something else, one of another key, one that nobody reaches. Prints "<rule> ok" or
// "<rule> bad <why>", and "gas <transaction> <gas>" for each transaction.
//   node flow.mjs RPC PEERS.json ORACLE-CONTRACT ACCOUNT NAME CERT KEY OTHER-CERT OTHER-KEY IP:PORT WICK
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import { call, quantity } from '../jsonrpc.mjs';
import { Peer, dynamic, text } from './peer.mjs';

const [rpc, file, oracle, account, name, cert, key, otherCert, otherKey, place, wick] = process.argv.slice(2);
const [ip, port] = place.split(':');
const peer = new Peer(rpc, file);
const contractName = 'PaperMappings';
const contract = await peer.deploy(account, contractName, oracle);
const pem = (path) => fs.readFileSync(path);
const rule = (what, good, why) => console.log(good ? `${what} ok` : `${what} bad ${why}`);
const mapping = async (service) =>
  (await peer.view(contractName, contract, 'getMapping(string,string)', text(name), text(service))).toString();

// N1 and N2 are decimal text, as the papers have them. The hash is the library's.
const hash = (n1, n2) => {
  const hex = text(n1 + n2).toString('hex');
  return /0x([0-9a-f]{64})/.exec(execFileSync(wick, ['keccak', '--hex', `0x${hex}`], { encoding: 'utf8' }))[1];
};

async function transaction(what, method, ...values) {
  const receipt = await peer.send(account, contract, peer.data(contractName, method, ...values));
  console.log(`gas ${what} ${Number(receipt.gasUsed)}`);
  return Number(receipt.blockNumber);
}

// The oracle's transaction after a block: its receipt.
async function callback(what, after) {
  for (let at = after + 1; ;) {
    const block = await call(rpc, 'eth_getBlockByNumber', quantity(at), true);
    if (block === null) {
      await new Promise((done) => { setTimeout(done, 20); });
      continue;
    }
    at++;
    const found = block.transactions.find((t) => t.to === contract && t.from !== account);
    if (found !== undefined) {
      const receipt = await call(rpc, 'eth_getTransactionReceipt', found.hash);
      if (receipt.status !== '0x1') {
        throw new Error(`${what}: the oracle's answer was refused`);
      }
      console.log(`gas ${what} ${Number(receipt.gasUsed)}`);
      return receipt;
    }
  }
}

const n1Ready = await peer.keccak('N1Ready(string)');

/** One mapping from beginning to end. @return what was asked of the server */
async function validate(service, { served, certificate = cert, secret = key, note = '', done = 'page' }) {
  const added = await transaction(`addMapping${note}`, 'addMapping(string,string,string,string,string)',
    text(name), text(service), text('TCP'), text(ip), text(port));
  const { logs } = await callback(`callback-n1${note}`, added);
  const event = logs.find((log) => log.topics[0] === n1Ready);
  const n1 = event === undefined ? '' : dynamic(event.data, 0).toString();
  const n2 = String(crypto.randomInt(1000, 10000));
  const asked = [];
  const server = https.createServer({ key: pem(secret), cert: pem(certificate) }, (request, reply) => {
    const known = request.url === '/.well-known/pki-validation/.val';
    asked.push(request.url);
    reply.writeHead(known ? 200 : 404, { 'content-type': 'application/json', connection: 'close' });
    reply.end(known ? JSON.stringify(served(n1, n2)) : '');
  });
  server.on('tlsClientError', () => {});
  if (served !== undefined) {
    await new Promise((ready, failed) => { server.on('error', failed).listen(Number(port), ip, ready); });
  }
  const before = [await mapping(service), await stored(service)];
  const asks = await transaction(`validatePCPMapping${note}`, 'validatePCPMapping(string,string)',
    text(name + service), text(n2));
  await callback(`callback-${done}${note}`, asks);
  server.close();
  return { n1, before, after: await mapping(service), left: await stored(service), asked };
}

// Does the contract hold anything of it? Service, protocol, ip, port and whether it is validated.
const stored = async (service) =>
  (await peer.words(contractName, contract, 'mappings', name + service, 5)).filter((w) => BigInt(w) !== 0n).length;

const modulus = Buffer.from(crypto.createPublicKey(pem(key)).export({ format: 'jwk' }).n, 'base64url');
await transaction('addClient', 'addClient(string,bytes)', text(name), modulus);

const good = await validate('http', { served: hash });
rule('n1_comes_by_the_event', /^[1-9][0-9]{3}$/.test(good.n1), good.n1);
rule('a_new_mapping_is_there_and_not_shown', good.before[0] === '' && good.before[1] === 4, good.before);
rule('the_page_is_fetched_over_https', good.asked.length === 1, good.asked);
rule('a_match_validates_it', good.after === place && good.left === 5, good.after);

const deleted = (what, one, asked) => rule(what, one.before[1] === 4 && one.asked.length === asked
  && one.after === '' && one.left === 0, `${one.after} ${one.left} words, asked ${one.asked}`);
deleted('a_mismatch_deletes_it',
  await validate('mail', { served: (n1, n2) => hash(n2, n1), note: '-mismatch', done: 'deletes' }), 1);
deleted('another_key_deletes_it',
  await validate('name', { served: hash, certificate: otherCert, secret: otherKey, note: '-key', done: 'deletes' }), 1);
deleted('who_is_not_reached_is_deleted', await validate('dead', { note: '-dead', done: 'deletes' }), 0);
rule('the_validated_one_stays', (await mapping('http')) === place && (await stored('http')) === 5, await mapping('http'));
