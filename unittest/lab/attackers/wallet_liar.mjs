// SPDX-License-Identifier: Apache-2.0
// A wallet manager gone bad: it has the device's PSK, so TLS comes up, and then it talks nonsense.
// It shares no code with wick.
//   node wallet_liar.mjs LISTEN_IP PORT PSK_HEX MODE
// MODE silent     says nothing
//      close      closes before the challenge
//      text       greets with what is not JSON
//      long       greets with a line without end
//      bare       greets with an object that has no challenge
//      shape      answers the voucher with fields of the wrong kind
//      forged     answers with a voucher that nobody signed
//      behind     answers with more text behind the line
import crypto from 'node:crypto';
import tls from 'node:tls';

const [ip, port, psk, mode] = process.argv.slice(2);
const hex = (n) => '0x' + crypto.randomBytes(n).toString('hex');
const line = (o) => JSON.stringify(o) + '\n';

function greet(socket) {
  if (mode === 'close') {
    socket.end();
  } else if (mode === 'text') {
    socket.write('220 ready\n');
  } else if (mode === 'long') {
    socket.write('{"challenge":"' + '0'.repeat(8192));
  } else if (mode === 'bare') {
    socket.write(line({ hello: 'wick' }));
  } else if (mode !== 'silent') {
    socket.write(line({ challenge: hex(32) }));
  }
}

function answer(socket) {
  const voucher = {
    ok: true, org: hex(32), epoch: 0, managerEpoch: 1,
    deadline: Math.floor(Date.now() / 1000) + 3600, r: hex(32), vs: '0x1' + hex(32).slice(3),
  };
  if (mode === 'shape') {
    socket.write(line({ ...voucher, epoch: 'zero', r: '0x00' }));
  } else if (mode === 'behind') {
    socket.write(line(voucher) + line(voucher));
  } else {
    socket.write(line(voucher));
  }
}

const server = tls.createServer({
  minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2',
  ciphers: 'PSK-CHACHA20-POLY1305:PSK-AES128-GCM-SHA256',
  pskCallback: () => Buffer.from(psk, 'hex'),
}, (socket) => {
  socket.on('error', () => {});
  socket.once('data', () => answer(socket));
  greet(socket);
});
server.on('tlsClientError', () => {});
server.listen(Number(port), ip, () => console.log('ready'));
