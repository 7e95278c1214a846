// SPDX-License-Identifier: Apache-2.0
// One question about an endpoint of a record, under anybody's key: prints "taken" when the answer takes time, and the
// answer.
//   node ask_attestor.mjs CAST RPC REGISTRY NAME KEY FROM ATTESTOR ENDPOINT
import { caster, coap, placeAt, question, signer } from './attestor_client.mjs';

const [cast, rpc, registry, name, key, from, attestor, endpoint] = process.argv.slice(2);
const run = caster(cast);
const now = Math.floor(Date.now() / 1000);
const sign = signer(run, run('call', '--rpc-url', rpc, registry, 'domainSeparator()(bytes32)'));
const body = question(sign, key, run('keccak', name), run('keccak', 'default'), placeAt(endpoint, 9, now + 3600), now);
let told = false;
const taken = () => {
  if (!told) {
    console.log('taken');
  }
  told = true;
};
console.log(await coap(attestor, body, undefined, { from, taken }));
process.exit(0);
