// SPDX-License-Identifier: Apache-2.0
// A beacon node that gives bootstraps and nothing that is newer: what is asked for with "update" in its
// path it does not have. It shares no code with wick.
//   node beacon_cut.mjs LISTEN_IP PORT UPSTREAM_URL
import http from 'node:http';

const [ip, port, upstream] = process.argv.slice(2);

http.createServer(async (req, res) => {
  if (req.url.includes('update')) {
    res.writeHead(404, { 'content-type': 'application/json' });
    res.end('{"code":404,"message":"not here"}');
    return;
  }
  try {
    const r = await fetch(upstream + req.url, { headers: { accept: req.headers.accept ?? '*/*' } });
    const headers = { 'content-type': r.headers.get('content-type') };
    const fork = r.headers.get('eth-consensus-version');
    res.writeHead(r.status, fork ? { ...headers, 'eth-consensus-version': fork } : headers);
    res.end(Buffer.from(await r.arrayBuffer()));
  } catch (e) {
    res.writeHead(502).end(String(e));
  }
}).listen(Number(port), ip, () => console.log('ready'));
