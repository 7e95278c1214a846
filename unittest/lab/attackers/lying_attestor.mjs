// SPDX-License-Identifier: Apache-2.0
// An attestor whose key is in the wrong hands, and strangers who ask honest ones: prints "<name> ok" or
// "<name> bad <why>" for each attempt. Nothing here uses the library: cast signs and calls.
//   node lying_attestor.mjs CAST RPC REGISTRY NAME OWNER-KEY LIST LIAR-KEY LIAR-POSITION HONEST-KEY
//       HONEST-POSITION ATTESTOR-ADDRESS NOBODY-THERE VICTIM
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import { caster, coap as request, hex, message, placeAt, question, signer, wanted } from './attestor_client.mjs';

const [cast, rpc, registry, name, ownerKey, list, liarKey, liarAt, honestKey, honestAt, attestor,
  nobody, victim] = process.argv.slice(2);
const run = caster(cast);
const keccak = (text) => run('keccak', text);

const chain = async (method, params) => {
  const reply = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return reply.json();
};
const word = async (slot) => (await chain('eth_getStorageAt', [registry, `0x${hex(slot, 32)}`, 'latest'])).result;

const id = keccak(name);
const service = keccak('default');
const separator = run('call', '--rpc-url', rpc, registry, 'domainSeparator()(bytes32)');
const device = BigInt(run('index', 'bytes32', id, '0'));
const record = BigInt(await word(device));
const key = await word(device + 1n);
const owner = `0x${hex(record & ((1n << 160n) - 1n), 20)}`;
const epoch = (record >> 216n) & 0xffffffffn;
const now = Number(BigInt((await chain('eth_getBlockByNumber', ['latest', false])).result.timestamp));

const place = (ip, seq) => placeAt(ip, seq, now + 3600);
const sign = signer(run, separator);
const attest = (file, position, endpoint, checkedAt = now) => ({
  position: Number(position),
  bytes: hex(checkedAt, 5) + sign(file,
    'Attest(bytes32 id,uint32 epoch,bytes32 key,bytes32 service,uint256 endpoint,uint64 checkedAt)',
    'bytes32,uint32,bytes32,bytes32,uint256,uint64', id, epoch, key, service, endpoint, checkedAt),
});

// What the contract says to the owner, who is in it with the liar.
const publish = async (endpoint, ...attestations) => {
  const signed = new Map(attestations.map((a) => [a.position, a.bytes]));
  const bits = [...signed.keys()].reduce((sum, at) => sum + 2 ** at, 0);
  const data = run('calldata', 'publishAttested(uint256,uint256,bytes32,bytes32)',
    String(epoch << 64n), String(endpoint), id, service) + hex(bits, 4)
    + list.match(/.{40}/g).map((member, at) => signed.get(at) ?? member).join('');
  const answer = await chain('eth_call', [{ from: owner, to: registry, data }, 'latest']);
  return answer.error === undefined ? 'taken' : String(answer.error.data ?? answer.error.message).slice(0, 10);
};
const error = (signature) => run('sig', signature);
const say = (what, got, want) => console.log(got === want ? `${what} ok` : `${what} bad ${got}, not ${want}`);

const dead = place(nobody, 9);
const lie = attest(liarKey, liarAt, dead);
say('one_lie_is_not_enough', await publish(dead, lie), error('BadAttestation()'));
say('the_same_lie_twice', await publish(dead, lie, { ...lie, position: Number(honestAt) }), error('WrongAttestors()'));
const forged = attest(liarKey, honestAt, dead);
say('the_lie_in_the_name_of_another', await publish(dead, lie, forged), error('WrongAttestors()'));
const other = attest(honestKey, honestAt, place(victim, 9));
say('an_honest_word_about_another_place', await publish(dead, lie, other), error('WrongAttestors()'));
const old = attest(honestKey, honestAt, dead, now - 700);
say('an_honest_word_of_long_ago', await publish(dead, lie, old), error('AttestationExpired()'));
say('two_words_are_enough', await publish(dead, lie, attest(honestKey, honestAt, dead)), 'taken');

// ---- honest attestors, and what they are asked ----

const ask = (file, endpoint, at = now, how = 1, nonce = 0) => question(sign, file, id, service, endpoint, at, how, nonce);
const coap = (body, given) => request(attestor, body, given);
const paced = async (body) => { // an address may ask once a second
  await new Promise((resolve) => setTimeout(resolve, 1100));
  return coap(body);
};

const aimed = place(victim, 9);
say('a_stranger_aims_at_a_victim', await coap(ask(liarKey, aimed)), '4.03 NOT_OWNER');
const altered = ask(ownerKey, dead);
altered[97] ^= 2; // the address, after it was signed
say('an_altered_question', await paced(altered), '4.03 NOT_OWNER');
say('an_old_question', await coap(ask(ownerKey, aimed, now - 700)), '4.00 EXPIRED');
say('a_private_address', await coap(ask(ownerKey, place('10.10.1.10', 9))), '4.03 NAT_DOUBLE');
say('a_piece_of_a_question', await coap(ask(ownerKey, aimed).subarray(0, 100)), '4.00 TRUNCATED');
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const [gone, beside] = await Promise.all([paced(ask(ownerKey, dead)),
  later(1100).then(() => paced(ask(ownerKey, place('20.0.0.99', 9))))]);
say('nobody_is_there', gone, '4.03 NSL_NO_ANSWER');
say('one_question_about_a_record_at_a_time', beside, '4.29 LIMIT');
// Within ten seconds of the last datagram nobody hears another one; a question that comes later is lawful.
let again = gone, probes = 0;
for (; again === '4.03 NSL_NO_ANSWER' && probes < 9; probes++) {
  again = await coap(ask(ownerKey, dead));
}
say('asked_again_at_once', again, '4.29 NSL_RATE');
console.error(`probes ${probes}`);
// Who has not shown that he is there is asked to, by less than he has sent, and nothing else happens.
const raw = (bytes) => new Promise((resolve) => {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (m) => { socket.close(); resolve(m); });
  socket.send(bytes, 5683, attestor);
});
const blunt = await raw(message(ask(ownerKey, aimed)));
say('an_address_is_shown_first', `${blunt[1] >> 5}.0${blunt[1] & 31} ${blunt.length < 64}`, '4.01 true');
const [foreign, invented] = [wanted(blunt), crypto.randomBytes(16)];
say('the_echo_of_another_port', (await coap(ask(ownerKey, aimed), foreign)).slice(0, 4), '4.01');
say('an_invented_echo', (await coap(ask(ownerKey, aimed), invented)).slice(0, 4), '4.01');
// A service on TCP: gw-a has no TLS key in its record, so nothing is fetched from anybody.
const web = place(victim, 9) ^ (17n << 144n) ^ (6n << 144n);
say('n1_for_the_asking', (await coap(ask(ownerKey, web, now, 2, 5))).slice(0, 4), '2.04');
say('a_service_without_a_key', await paced(ask(ownerKey, web, now, 3, 5)), '4.04 RECORD_ABSENT');
say('https_for_udp', await coap(ask(ownerKey, aimed, now, 3, 5)), '4.00 UNSUPPORTED');
process.exit(0);
