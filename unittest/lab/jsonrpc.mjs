// SPDX-License-Identifier: Apache-2.0
// JSON-RPC in front of a node: what the sealing proxy and the devnet's front share.
import http from 'node:http';

export class RpcError extends Error {
  constructor(error) {
    super(error.message);
    this.error = error;
  }
}

/** One call of the node behind. */
export async function ask(url, method, params) {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { error, result } = await reply.json();
  if (error) {
    throw new RpcError(error);
  }
  return result;
}

export const call = (url, method, ...params) => ask(url, method, params);

export const quantity = (n) => '0x' + n.toString(16);
export const unknownBlock = () => new RpcError({ code: -32001, message: 'unknown block' });

/** Methods that read at a block: the index of that parameter. */
export const blockParameter = {
  eth_getProof: 2, eth_getBalance: 1, eth_getCode: 1, eth_getStorageAt: 2, eth_call: 1,
  eth_getTransactionCount: 1, eth_estimateGas: 1, eth_getBlockReceipts: 0,
  eth_getBlockTransactionCountByNumber: 0,
};

/** Listens on "IP:PORT"; `answer(method, params)` gives the result or throws. Resolves to the port. */
export function serve(listen, answer) {
  const respond = async ({ id, method, params = [] }) => {
    try {
      return { jsonrpc: '2.0', id, result: await answer(method, params) };
    } catch (e) {
      return { jsonrpc: '2.0', id, error: e.error || { code: -32603, message: e.message } };
    }
  };
  const server = http.createServer((req, res) => {
    const parts = [];
    req.on('data', (part) => parts.push(part));
    req.on('end', async () => {
      let reply;
      try {
        const body = JSON.parse(Buffer.concat(parts).toString());
        reply = Array.isArray(body) ? await Promise.all(body.map(respond)) : await respond(body);
      } catch {
        reply = { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'no JSON' } };
      }
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    });
  });
  const [ip, port] = listen.split(':');
  return new Promise((done, failed) => {
    server.on('error', failed);
    server.listen(Number(port), ip, () => done(server.address().port));
  });
}
