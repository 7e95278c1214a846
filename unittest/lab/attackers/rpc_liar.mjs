// SPDX-License-Identifier: Apache-2.0
// A node that lies: a JSON-RPC proxy that alters real answers. It shares no code with wick.
//   node rpc_liar.mjs LISTEN_IP PORT UPSTREAM_URL MODE [ARGS]
// MODE off        passes everything on
//      cut        drops the last node of each storage proof and claims that the slot is empty
//      flip       flips one bit in the last node of each storage proof
//      empty      gives proofs without nodes and claims that nothing is there
//      claim      leaves the proofs alone and claims another value
//      header     alters the state root in the block header
//      old N      serves block N as the latest one
//      swap K=L   answers for storage slot K with the genuine proof of slot L
//      silent     takes requests and never answers
//      slow MS    answers each request MS milliseconds late
//      rate       answers HTTP 429
//      huge       answers with 64 MiB of JSON
//      deep       answers with 100,000 nested arrays
//      id         answers with another request's id
//      half       breaks off in the middle of each answer
//      text       answers with what is not JSON
//      lost       keeps transactions to itself, and says that they are in the newest block
import http from 'node:http';

const [ip, port, upstream, mode, arg] = process.argv.slice(2);
const swap = mode === 'swap' ? arg.toLowerCase().split('=') : [];

async function ask(body) {
  const r = await fetch(upstream, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  return r.json();
}

function flipLastBit(hex) {
  const last = parseInt(hex.at(-1), 16) ^ 1;
  return hex.slice(0, -1) + last.toString(16);
}

async function answer(req) {
  const { method, params = [] } = req;
  if (mode === 'old' && ['eth_getProof', 'eth_getBlockByNumber'].includes(method)) {
    const at = method === 'eth_getProof' ? 2 : 0;
    if (params[at] === 'latest' || method === 'eth_getProof') {
      params[at] = '0x' + Number(arg).toString(16);
    }
  }
  let asked;
  if (mode === 'swap' && method === 'eth_getProof') {
    asked = params[1];
    params[1] = asked.map((k) => (k.toLowerCase() === swap[0] ? swap[1] : k));
  }
  if (mode === 'lost' && method === 'eth_sendRawTransaction') {
    return { jsonrpc: '2.0', id: req.id, result: `0x${'11'.repeat(32)}` };
  }
  if (mode === 'lost' && method === 'eth_getTransactionReceipt') {
    const { result } = await ask({ ...req, method: 'eth_getBlockByNumber', params: ['latest', false] });
    return {
      jsonrpc: '2.0',
      id: req.id,
      result: {
        transactionHash: params[0], blockHash: result.hash, blockNumber: result.number,
        gasUsed: '0x5208', status: '0x1',
      },
    };
  }
  const reply = await ask({ ...req, params });
  const r = reply.result;
  if (r && method === 'eth_getProof' && mode === 'empty') {
    r.accountProof = [];
    r.storageProof = r.storageProof.map(({ key }) => ({ key, value: '0x0', proof: [] }));
  }
  if (r && method === 'eth_getProof') {
    r.storageProof.forEach((p, i) => {
      if (mode === 'cut' && p.proof.length > 0) {
        p.proof.pop();
        p.value = '0x0';
      } else if (mode === 'flip' && p.proof.length > 0) {
        p.proof.push(flipLastBit(p.proof.pop()));
      } else if (mode === 'claim') {
        p.value = flipLastBit(p.value);
      } else if (mode === 'swap') {
        p.key = asked[i];
      }
    });
  }
  if (r && mode === 'header' && method === 'eth_getBlockByNumber') {
    r.stateRoot = flipLastBit(r.stateRoot);
  }
  if (mode === 'id') {
    reply.id = (Number(reply.id) || 0) + 1;
  }
  return reply;
}

const server = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (c) => parts.push(c));
  req.on('end', async () => {
    if (mode === 'silent') {
      return;
    }
    if (mode === 'rate') {
      res.writeHead(429, { 'retry-after': '1' }).end();
      return;
    }
    let text;
    try {
      const body = JSON.parse(Buffer.concat(parts).toString());
      const replies = Array.isArray(body) ? await Promise.all(body.map(answer)) : await answer(body);
      text = JSON.stringify(replies);
    } catch (e) {
      res.writeHead(502).end(String(e));
      return;
    }
    if (mode === 'huge') {
      text = '{"jsonrpc":"2.0","id":1,"result":"' + '0'.repeat(1 << 26) + '"}';
    } else if (mode === 'deep') {
      text = '['.repeat(100000) + ']'.repeat(100000);
    } else if (mode === 'text') {
      text = '<html>service unavailable</html>';
    }
    if (mode === 'half') {
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
      res.write(text.slice(0, text.length / 2), () => res.destroy());
      return;
    }
    setTimeout(() => {
      res.writeHead(200, { 'content-type': 'application/json' }).end(text);
    }, mode === 'slow' ? Number(arg) : 0);
  });
});
server.listen(Number(port), ip, () => console.log('ready'));
