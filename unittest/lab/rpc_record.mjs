// SPDX-License-Identifier: Apache-2.0
// A node that forgets nothing: a JSON-RPC proxy that writes down each transaction which the node behind it has
// taken, whatever becomes of it, and of whoever has sent it: one in hexadecimal a line. Its dry runs know nothing of
// what waits for a block, as those of many nodes do.
//   node rpc_record.mjs IP:PORT UPSTREAM_URL FILE
import { appendFileSync } from 'node:fs';
import { ask, serve } from './jsonrpc.mjs';

const [listen, upstream, file] = process.argv.slice(2);
await serve(listen, async (method, params) => {
  const at = method === 'eth_estimateGas' && params.length === 1 ? ['latest'] : [];
  const result = await ask(upstream, method, [...params, ...at]);
  if (method === 'eth_sendRawTransaction') {
    appendFileSync(file, `${params[0]}\n`);
  }
  return result;
});
console.log('ready');
