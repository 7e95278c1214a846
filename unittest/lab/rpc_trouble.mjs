// SPDX-License-Identifier: Apache-2.0
// A node with one trouble at a time, in front of a good one: prints each method that it is asked for. The trouble is in
// a file, read at each question: empty, "long" (its answers are too long for anybody), or the method which it takes
// and never answers.
//   node rpc_trouble.mjs IP:PORT UPSTREAM_URL FILE
import { readFileSync } from 'node:fs';
import { ask, serve } from './jsonrpc.mjs';

const [listen, upstream, file] = process.argv.slice(2);
await serve(listen, (method, params) => {
  const trouble = readFileSync(file, 'utf8').trim();
  console.log(method);
  if (trouble === method) {
    return new Promise(() => {});
  }
  return trouble === 'long' ? 'x'.repeat(1 << 20) : ask(upstream, method, params);
});
console.log('ready');
