// SPDX-License-Identifier: Apache-2.0
// Somebody between a gateway and its node who goes for transactions: a JSON-RPC proxy that passes
// everything on but eth_sendRawTransaction. It shares no code with wick.
//   node tx_thief.mjs LISTEN_IP PORT UPSTREAM_URL MODE [ARG]
// MODE off        passes everything on
//      content    flips a bit of what the contract is told, and passes that on
//      signature  flips a bit of s, the last item of the signature, and passes that on
//      swallow [N] keeps the first N transactions (all, without N) and answers with their hash
//      forget     answers with the hash of nothing that there is, and passes nothing on
//      late MS    passes it on at once and answers MS milliseconds later
//      hold MS    passes it on MS milliseconds later and answers then
//      refuse     answers with an error that is not true
// Says "sent N what" for each.
import http from 'node:http';

const [ip, port, upstream, mode, arg] = process.argv.slice(2);
let sent = 0;

async function pass(body) {
  const r = await fetch(upstream, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  return r.json();
}
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

function flip(hex, at) {
  return hex.slice(0, at) + (parseInt(hex[at], 16) ^ 1).toString(16) + hex.slice(at + 1);
}

// The hash that the node would have answered: asked of it, for it is the one who knows Keccak.
async function hashOf(raw) {
  return (await pass({ jsonrpc: '2.0', id: 1, method: 'web3_sha3', params: [raw] })).result;
}

async function send(req) {
  const raw = req.params[0];
  sent++;
  console.log(`sent ${sent} ${mode}`);
  switch (mode) {
    case 'content':
      // An empty access list, the parity and two numbers of 32 bytes follow the call, whose last
      // word is full of zeros or signature: the word before it is part of what is claimed.
      return pass({ ...req, params: [flip(raw, raw.length - 2 * (68 + 32 + 8))] });
    case 'signature':
      return pass({ ...req, params: [flip(raw, raw.length - 8)] });
    case 'swallow':
      return arg === undefined || sent <= Number(arg)
        ? { jsonrpc: '2.0', id: req.id, result: await hashOf(raw) } : pass(req);
    case 'forget':
      return { jsonrpc: '2.0', id: req.id, result: '0x' + '5'.repeat(64) };
    case 'late': {
      const reply = await pass(req);
      await wait(Number(arg));
      return reply;
    }
    case 'hold':
      await wait(Number(arg));
      return pass(req);
    case 'refuse':
      return { jsonrpc: '2.0', id: req.id, error: { code: -32000, message: 'intrinsic gas too low' } };
    default:
      return pass(req);
  }
}

const answer = (req) => (req.method === 'eth_sendRawTransaction' ? send(req) : pass(req));

http.createServer((req, res) => {
  const parts = [];
  req.on('data', (c) => parts.push(c));
  req.on('end', async () => {
    try {
      const body = JSON.parse(Buffer.concat(parts).toString());
      const reply = Array.isArray(body) ? await Promise.all(body.map(answer)) : await answer(body);
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    } catch (e) {
      res.writeHead(502).end(String(e));
    }
  });
}).listen(Number(port), ip, () => console.log('ready'));
