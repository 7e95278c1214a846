// SPDX-License-Identifier: Apache-2.0
// A trustless IPFS gateway over HTTP that lies when it is told to. Files are added with the importer
// libraries of toolchain/ipfs; blocks are kept in memory, by their digest.
//
//   node unittest/lab/ipfs/gateway.mjs [--host 127.0.0.1] [--port 0] [--chunk 262144] [--links 174]
//        [--version 1] [--lie KIND[:COUNT]] [FILE...]
//
// prints {"port": ..., "files": [{"name", "cid", "size", "blocks"}]} when it serves, and a line for each
// request on standard error. Serves
//   GET  /ipfs/CID?format=raw        one block        GET /ipfs/CID?format=car   all below, dfs
//   GET  /files/NAME                 a plain mirror, with ranges
//   POST /add?name=NAME[&chunk=...]  adds the body    POST /car  takes blocks of a CAR, checked
//   PUT  /lie/KIND[/COUNT]           the next COUNT answers (all, without one) lie; /lie/none ends it
// A lie: wrong (a flipped bit), short (its end is missing), cut (closed before the announced length),
// endless, slow (a byte a second), late (after two seconds), stall (no answer), redirect (to itself), order
// (another block), error (500), html (a page), type (right bytes under a wrong Content-Type), whole (ranges
// are ignored).
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createHash } from 'node:crypto';
import { add, CarBufferReader, CarWriter, CID, dagPb } from './load.mjs';

const LIES = new Set('wrong short cut endless slow late stall redirect order error html type whole none'.split(' '));
const { values: option, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    chunk: { type: 'string', default: '262144' },
    links: { type: 'string', default: '174' },
    version: { type: 'string', default: '1' },
    lie: { type: 'string', default: 'none' },
  },
});

const blocks = new Map(); // digest in hex: bytes
const files = new Map(); // name: bytes
let lie = 'none';
let lies = 0; // that are left

function tell(kind, count) {
  if (!LIES.has(kind)) {
    throw new Error(`no such lie: ${kind}`);
  }
  lie = kind;
  lies = kind === 'none' ? 0 : count === undefined ? Infinity : Number(count);
}

const keyOf = (cid) => Buffer.from(cid.multihash.digest).toString('hex');

async function addFile(name, bytes, chunk, links, version) {
  const dag = await add(bytes, { chunk, links, version, rawLeaves: version === 1 });
  for (const block of dag.blocks) {
    blocks.set(keyOf(block.cid), Buffer.from(block.bytes));
  }
  files.set(name, bytes);
  return { name, cid: dag.cid.toString(), size: bytes.length, blocks: dag.blocks.length };
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Bytes, or those of the range asked for. */
function serve(request, response, bytes, type) {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!range || lie === 'whole') {
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
    return response.end(bytes);
  }
  const from = Number(range[1]);
  const end = range[2] === '' ? bytes.length : Math.min(bytes.length, Number(range[2]) + 1);
  if (from >= end) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` });
    return response.end();
  }
  response.writeHead(206, {
    'content-type': type,
    'content-length': end - from,
    'content-range': `bytes ${from}-${end - 1}/${bytes.length}`,
  });
  return response.end(bytes.subarray(from, end));
}

const liars = {
  wrong(request, response, bytes, type) {
    const other = Buffer.from(bytes);
    other[other.length >> 1] ^= 1;
    serve(request, response, other, type);
  },
  short(request, response, bytes, type) {
    serve(request, response, bytes.subarray(0, bytes.length - 1), type);
  },
  cut(request, response, bytes, type) {
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
  },
  endless(request, response, bytes, type) {
    response.writeHead(200, { 'content-type': type });
    const more = () => {
      while (!response.destroyed && response.write(bytes)) {}
    };
    response.on('drain', more);
    more();
  },
  slow(request, response, bytes, type) {
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
    let at = 0;
    const timer = setInterval(() => response.write(bytes.subarray(at, ++at)), 1000);
    response.on('close', () => clearInterval(timer));
    response.write(bytes.subarray(at, ++at));
  },
  late(...call) {
    setTimeout(() => serve(...call), 2000);
  },
  stall() {},
  redirect(request, response) {
    response.writeHead(302, { location: request.url, 'content-length': 0 });
    response.end();
  },
  order(request, response, bytes, type) {
    const all = [...blocks.values()];
    serve(request, response, all[(all.indexOf(bytes) + 1) % all.length], type);
  },
  error(request, response) {
    response.writeHead(500, { 'content-length': 4 });
    response.end('no\r\n');
  },
  html(request, response) {
    serve(request, response, Buffer.from('<html><body>Sign in to this network</body></html>'), 'text/html');
  },
  type(request, response, bytes) {
    serve(request, response, bytes, 'text/html; charset=utf-8');
  },
  whole: serve,
  none: serve,
};

async function car(response, root) {
  const { writer, out } = CarWriter.create([root]);
  const seen = new Set();
  const walk = async (cid) => {
    const bytes = blocks.get(keyOf(cid));
    if (!bytes || seen.has(cid.toString())) {
      return;
    }
    seen.add(cid.toString());
    await writer.put({ cid, bytes });
    if (cid.code === dagPb.code) {
      for (const link of dagPb.decode(bytes).Links) {
        await walk(link.Hash);
      }
    }
  };
  response.writeHead(200, { 'content-type': 'application/vnd.ipld.car; version=1; order=dfs; dups=n' });
  walk(root).then(() => writer.close());
  for await (const part of out) {
    response.write(part);
  }
  response.end();
}

function json(response, value) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value) + '\n');
}

/** Blocks of a CAR, each checked against its CID. */
function takeCar(bytes) {
  const reader = CarBufferReader.fromBytes(bytes);
  let count = 0;
  for (const block of reader.blocks()) {
    const digest = createHash('sha256').update(block.bytes).digest('hex');
    if (block.cid.multihash.code !== 0x12 || digest !== keyOf(block.cid)) {
      throw new Error(`a block of the CAR is not ${block.cid}`);
    }
    blocks.set(digest, Buffer.from(block.bytes));
    count++;
  }
  return { roots: reader.getRoots().map(String), blocks: count };
}

async function answer(request, response) {
  const url = new URL(request.url, 'http://gateway');
  const part = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const call = `${request.method} ${part[0]}`;
  if (call === 'PUT lie') {
    tell(part[1], part[2]);
    return json(response, { lie, lies: String(lies) });
  }
  if (call === 'POST add') {
    const asked = (name) => Number(url.searchParams.get(name) ?? option[name]);
    const name = url.searchParams.get('name') ?? 'file';
    return json(response, await addFile(name, await bodyOf(request), asked('chunk'), asked('links'), asked('version')));
  }
  if (call === 'POST car') {
    return json(response, takeCar(await bodyOf(request)));
  }
  let bytes;
  let type = 'application/octet-stream';
  if (call === 'GET ipfs') {
    const cid = CID.parse(part[1]);
    bytes = blocks.get(keyOf(cid));
    if (bytes && url.searchParams.get('format') === 'car') {
      return car(response, cid);
    }
    type = 'application/vnd.ipld.raw';
  } else if (call === 'GET files') {
    bytes = files.get(part[1]);
  }
  if (!bytes) {
    response.writeHead(404, { 'content-length': 0 });
    return response.end();
  }
  const kind = lies > 0 ? lie : 'none';
  lies -= kind === 'none' ? 0 : 1;
  console.error(`${kind} ${request.url} ${request.headers.range ?? ''}`);
  return liars[kind](request, response, bytes, type);
}

tell(...option.lie.split(':'));
const added = [];
for (const file of positionals) {
  const bytes = fs.readFileSync(file);
  added.push(await addFile(path.basename(file), bytes, Number(option.chunk), Number(option.links), Number(option.version)));
}
const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.writeHead(400, { 'content-type': 'text/plain' });
    response.end(`${error.message}\n`);
  });
});
server.listen(Number(option.port), option.host, () => {
  console.log(JSON.stringify({ port: server.address().port, files: added }));
});
