// SPDX-License-Identifier: Apache-2.0
// https in front of a node that speaks http, one port for each certificate.
//   node tls_proxy.mjs LISTEN_IP UPSTREAM_URL FOLDER NAME=PORT ...
// NAME.pem and NAME.key are in FOLDER.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const [ip, upstream, folder, ...servers] = process.argv.slice(2);
const { hostname, port: upstreamPort } = new URL(upstream);

function pass(req, res) {
  const { method, url, headers } = req;
  const there = http.request({ hostname, port: upstreamPort, method, path: url, headers }, (reply) => {
    res.writeHead(reply.statusCode, reply.headers);
    reply.pipe(res);
  });
  there.on('error', () => res.destroy());
  req.pipe(there);
}

let left = servers.length;
for (const server of servers) {
  const [name, port] = server.split('=');
  const cert = fs.readFileSync(`${folder}/${name}.pem`);
  const key = fs.readFileSync(`${folder}/${name}.key`);
  https.createServer({ cert, key }, pass).on('tlsClientError', () => {})
    .listen(Number(port), ip, () => {
      left -= 1;
      if (left === 0) {
        console.log('ready');
      }
    });
}
