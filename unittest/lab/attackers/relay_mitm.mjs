// SPDX-License-Identifier: Apache-2.0
// A man in the middle between a gateway and its relay: a UDP proxy that alters what is relayed.
// Indications carry no integrity check of their own, so a relay passes altered payload on. It
// shares no code with wick.
//   node relay_mitm.mjs LISTEN_IP PORT RELAY_IP RELAY_PORT MODE
// MODE off         passes everything on
//      handshake   flips one bit in each handshake answer (payload octets 0, 1 = 1, 2)
//      data        flips one bit in each DTLS application record
//      replay      sends each relayed datagram three times
import dgram from 'node:dgram';

const [ip, port, relayIp, relayPort, mode] = process.argv.slice(2);
const clients = new Map();
let altered = 0;

function alterPayload(p) {
  const hit = (mode === 'handshake' && p.length > 12 && p[0] === 1 && p[1] === 2)
    || (mode === 'data' && p.length > 13 && (p[0] === 23 || p[0] === 25));
  if (hit) {
    p[p.length - 1] ^= 1;
    altered += 1;
    if (altered === 1) {
      console.log('altered');
    }
  }
}

// Finds the relayed payload of a datagram and alters it in place.
function alter(m) {
  if (m.length >= 4 && (m[0] & 0xc0) === 0x40) { // ChannelData (RFC 8656 12.4)
    alterPayload(m.subarray(4, 4 + m.readUInt16BE(2)));
    return true;
  }
  if (m.length >= 20 && m.readUInt32BE(4) === 0x2112a442 && (m.readUInt16BE(0) & 0x0110) === 0x0010) {
    for (let at = 20; at + 4 <= m.length;) { // an indication: find DATA
      const type = m.readUInt16BE(at);
      const len = m.readUInt16BE(at + 2);
      if (type === 0x0013) {
        alterPayload(m.subarray(at + 4, at + 4 + len));
      }
      at += 4 + ((len + 3) & ~3);
    }
    return true;
  }
  return false;
}

const front = dgram.createSocket('udp4');
front.on('message', (m, from) => {
  const key = `${from.address}:${from.port}`;
  let back = clients.get(key);
  if (!back) {
    back = dgram.createSocket('udp4');
    back.on('message', (r) => {
      const relayed = alter(r);
      for (let i = 0; i < (mode === 'replay' && relayed ? 3 : 1); i += 1) {
        front.send(r, from.port, from.address);
      }
    });
    clients.set(key, back);
  }
  const relayed = alter(m);
  for (let i = 0; i < (mode === 'replay' && relayed ? 3 : 1); i += 1) {
    back.send(m, Number(relayPort), relayIp);
  }
});
front.bind(Number(port), ip, () => console.log('ready'));
