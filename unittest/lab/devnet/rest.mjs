// SPDX-License-Identifier: Apache-2.0
// The part of the beacon API (github.com/ethereum/beacon-APIs) that light clients and their operators
// need, as JSON and, where the standard has it, as SSZ.
import http from 'node:http';
import * as params from '@lodestar/params';
import { ssz } from '@lodestar/types';

const hex = (bytes) => '0x' + Buffer.from(bytes).toString('hex');
const UPDATES_MAX = 128;

class Missing extends Error {}

function found(value) {
  if (!value) {
    throw new Missing('not found');
  }
  return value;
}

function spec(chain) {
  const text = (v) => (v instanceof Uint8Array ? hex(v) : v === Infinity ? String(2n ** 64n - 1n) : String(v));
  return Object.fromEntries(Object.entries({ ...params.activePreset, ...chain.config0 })
    .filter(([, v]) => !Array.isArray(v)).map(([k, v]) => [k, text(v)]));
}

function digest(chain, fork) {
  const { config } = chain;
  return config.forkBoundary2ForkDigest(config.getForkBoundaryAtEpoch(config.forks[fork].epoch));
}

// A list in SSZ: each entry after its length (8 bytes, little-endian) and its fork digest.
function chunks(chain, entries) {
  return Buffer.concat(entries.flatMap(({ fork, value }) => {
    const data = ssz[fork].LightClientUpdate.serialize(value);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(4 + data.length));
    return [length, digest(chain, fork), data];
  }));
}

function respond(chain, url, wantsSsz) {
  const { light } = chain;
  const path = url.pathname.replace(/^\/eth\/v1\//, '');
  const one = (type, { fork, value, ssz: data }) => {
    const t = ssz[fork][type];
    return wantsSsz
      ? { fork, body: Buffer.from(data ?? t.serialize(value)) }
      : { json: { version: fork, data: t.toJson(value ?? t.deserialize(data)) } };
  };
  const bootstrap = /^beacon\/light_client\/bootstrap\/(0x[0-9a-f]{64})$/.exec(path);
  if (bootstrap) {
    return one('LightClientBootstrap', found(light.bootstraps.get(bootstrap[1])));
  }
  const header = /^beacon\/headers\/(head|finalized|[0-9]+)$/.exec(path);
  if (header) {
    const [root, beacon] = found(light.headerAt(header[1]));
    const message = ssz.phase0.BeaconBlockHeader.toJson(beacon);
    return { json: { data: { root, canonical: true, header: { message } } } };
  }
  switch (path) {
    case 'beacon/genesis':
      return { json: { data: {
        genesis_time: String(chain.genesisTime),
        genesis_validators_root: hex(chain.genesisValidatorsRoot),
        genesis_fork_version: hex(chain.config0.GENESIS_FORK_VERSION),
      } } };
    case 'config/spec':
      return { json: { data: spec(chain) } };
    case 'beacon/states/head/finality_checkpoints': {
      const point = (name) => ssz.phase0.Checkpoint.toJson(chain.head[name].toValue());
      return { json: { data: {
        previous_justified: point('previousJustifiedCheckpoint'),
        current_justified: point('currentJustifiedCheckpoint'),
        finalized: point('finalizedCheckpoint'),
      } } };
    }
    case 'beacon/light_client/updates': {
      const start = Number(url.searchParams.get('start_period'));
      const count = Math.min(UPDATES_MAX, Number(url.searchParams.get('count')));
      const entries = [];
      for (let period = start; period < start + count && light.best.has(period); period++) {
        entries.push(light.best.get(period));
      }
      return wantsSsz
        ? { body: chunks(chain, entries) }
        : { json: entries.map((entry) => one('LightClientUpdate', entry).json) };
    }
    case 'beacon/light_client/finality_update':
      return one('LightClientFinalityUpdate', found(light.finality));
    case 'beacon/light_client/optimistic_update':
      return one('LightClientOptimisticUpdate', found(light.optimistic));
    default:
      throw new Missing(`no ${url.pathname}`);
  }
}

export function serve(chain, listen) {
  const [ip, port] = listen.split(':');
  const server = http.createServer((req, res) => {
    const wantsSsz = (req.headers.accept || '').includes('application/octet-stream');
    let answer;
    let code = 200;
    try {
      answer = respond(chain, new URL(req.url, 'http://devnet'), wantsSsz);
    } catch (error) {
      code = error instanceof Missing ? 404 : 500;
      answer = { json: { code, message: error.message } };
    }
    const headers = answer.fork ? { 'eth-consensus-version': answer.fork } : {};
    if (answer.body) {
      res.writeHead(code, { ...headers, 'content-type': 'application/octet-stream' }).end(answer.body);
    } else {
      res.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(answer.json));
    }
  });
  return new Promise((done, failed) => {
    server.on('error', failed);
    server.listen(Number(port), ip, done);
  });
}
