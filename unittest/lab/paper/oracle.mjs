// SPDX-License-Identifier: Apache-2.0
// The off-chain oracle of the papers' flow: deploys PaperOracle, prints "ready ADDRESS", watches it, and
// answers each query in a transaction of its own, with the gas that the query was paid for: a random
// number, or a page.
//   node oracle.mjs RPC PEERS.json ACCOUNT
// A page counts if it comes over TLS under a self-signed certificate whose key is the one that the
// asking contract holds for the device named in it, and is 64 hexadecimal digits. What has no answer is
// answered with 64 zeros, which are nobody's hash.
import crypto from 'node:crypto';
import https from 'node:https';
import { call, quantity } from '../jsonrpc.mjs';
import { Peer, dynamic, text } from './peer.mjs';

const [rpc, file, account] = process.argv.slice(2);
const peer = new Peer(rpc, file);
const nothing = '0'.repeat(64);
const fetchMs = 5000;

async function registered(asker, certificate) {
  const x509 = new crypto.X509Certificate(certificate);
  const name = /^CN=(.*)$/m.exec(x509.subject)?.[1] ?? '';
  const modulus = Buffer.from(x509.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url');
  const known = await peer.view('PaperMappings', asker, 'getPublicKey(string)', text(name));
  return known.length !== 0 && known.equals(modulus) && x509.verify(x509.publicKey);
}

function page(url) {
  return new Promise((done, failed) => {
    const request = https.get(url, { rejectUnauthorized: false, agent: false, timeout: fetchMs }, (reply) => {
      const { raw } = reply.socket.getPeerCertificate();
      let body = '';
      reply.on('data', (part) => {
        body += part;
        if (body.length > 2048) {
          request.destroy(new Error('too long'));
        }
      });
      reply.on('end', () => done({ raw, status: reply.statusCode, body }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', failed);
  });
}

async function answer(asker, source, argument) {
  if (source === 'WolframAlpha') {
    return String(crypto.randomInt(1000, 10000));
  }
  const url = /^json\((https:\/\/[0-9.]+:[0-9]+\/[^)]*)\)$/.exec(argument)?.[1];
  try {
    const { raw, status, body } = await page(url);
    const result = status === 200 && (await registered(asker, raw)) ? JSON.parse(body) : nothing;
    return /^[0-9a-f]{64}$/.test(result) ? result : nothing;
  } catch (e) {
    console.log(`no page: ${e.code ?? e.message}`);
    return nothing;
  }
}

const asked = await peer.keccak('Asked(bytes32,address,string,string,uint256)');
const contract = await peer.deploy(account, 'PaperOracle', account);
console.log(`ready ${contract}`);
for (let next = 0; ;) {
  const newest = Number(await call(rpc, 'eth_blockNumber'));
  if (newest < next) {
    await new Promise((done) => { setTimeout(done, 20); });
    continue;
  }
  const logs = await call(rpc, 'eth_getLogs',
    { address: contract, topics: [asked], fromBlock: quantity(next), toBlock: quantity(newest) });
  next = newest + 1;
  for (const { topics, data } of logs) {
    const asker = `0x${topics[2].slice(26)}`;
    const [source, argument] = [dynamic(data, 0).toString(), dynamic(data, 1).toString()];
    const result = await answer(asker, source, argument);
    const gas = Number(BigInt(`0x${data.slice(2 + 128, 2 + 192)}`));
    await peer.send(account, asker, peer.data('PaperMappings', 'answered(bytes32,string)', topics[1], text(result)), gas);
    console.log(`answered ${source} ${argument} ${result}`);
  }
}
