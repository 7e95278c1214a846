// SPDX-License-Identifier: Apache-2.0
// Helia as the other side of `wick cid`: nodes without a network, each with a store of its own, so that a block
// which a CAR file lacks is had from nowhere. Packages of toolchain/interop; node 22 or newer.
//
//   node helia.mjs add DIR     for each "FILE CHUNK LINKS VERSION RAW(yes|no)" on standard input, or "FILE default"
//                              for what Helia does unasked: the line, the CID, the blocks and a hash of all their
//                              CIDs; the CAR file of it is DIR/car.N, N counted from 1
//   node helia.mjs read DIR    for each "FILE CID CAR": the line, "same" if what is read back from the CAR file is
//                              the file, else "differs", and blocks and hash as above; or the line and the error
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { packages } from './packages.mjs';

const load = packages('interop', process.env.WICK_INTEROP_DIR);
const { createHeliaLight } = await load('helia');
const { unixfs } = await load('@helia/unixfs');
const { car } = await load('@helia/car');
const { fixedSize } = await load('ipfs-unixfs-importer', './chunker');
const { balanced } = await load('ipfs-unixfs-importer', './layout');
const { MemoryBlockstore } = await load('blockstore-core');
const { MemoryDatastore } = await load('datastore-core');
const { CarBufferReader } = await load('@ipld/car', './buffer-reader');
const { CID } = await load('multiformats', './cid');

const [, , verb, dir] = process.argv;
const node = () => createHeliaLight({ blockstore: new MemoryBlockstore(), datastore: new MemoryDatastore() });

async function joined(parts) {
  const all = [];
  for await (const part of parts) {
    all.push(part);
  }
  return Buffer.concat(all);
}

const sha256 = (bytes) => createHash('sha256').update(bytes);

/** How many blocks a node has, and a hash of all their digests. Helia takes the blocks of a CAR file as they
 * come, so each is compared with its CID here. */
async function account(helia) {
  const digests = new Set();
  for await (const { cid, bytes } of helia.blockstore.getAll()) {
    const digest = sha256(bytes instanceof Uint8Array ? bytes : await joined(bytes)).digest('hex');
    if (digest !== Buffer.from(cid.multihash.digest).toString('hex')) {
      throw new Error(`a block is not ${cid}`);
    }
    digests.add(digest);
  }
  return `${digests.size} ${sha256([...digests].sort().join('\n')).digest('hex')}`;
}

const verbs = {
  async add([file, chunk, links, version, raw], at) {
    const helia = node();
    const cid = await unixfs(helia).addBytes(fs.readFileSync(path.join(dir, file)), chunk === 'default' ? {} : {
      chunker: fixedSize({ chunkSize: Number(chunk) }),
      layout: balanced({ maxChildrenPerNode: Number(links) }),
      cidVersion: Number(version),
      rawLeaves: raw === 'yes',
      reduceSingleLeafToSelf: true,
    });
    fs.writeFileSync(path.join(dir, `car.${at}`), await joined(car(helia).export(cid)));
    return `${cid} ${await account(helia)}`;
  },
  async read([file, cid, archive]) {
    const helia = node();
    await car(helia).import(CarBufferReader.fromBytes(fs.readFileSync(path.join(dir, archive))));
    const got = await joined(unixfs(helia).cat(CID.parse(cid), { offline: true }));
    const same = got.equals(fs.readFileSync(path.join(dir, file)));
    return `${same ? 'same' : 'differs'} ${await account(helia)}`;
  },
};

const lines = fs.readFileSync(0, 'utf8').trim().split('\n');
for (const [i, line] of lines.entries()) {
  try {
    console.log(`${line} ${await verbs[verb](line.split(' '), i + 1)}`);
  } catch (error) {
    console.log(`${line} refused ${error.name}: ${error.message}`);
  }
}
