// SPDX-License-Identifier: Apache-2.0
// The IPFS importer: packages of toolchain/ipfs, which lie in build/deps/ipfs (or $WICK_IPFS_DIR).
import { packages } from './packages.mjs';

const load = packages('ipfs', process.env.WICK_IPFS_DIR);

export const { importer } = await load('ipfs-unixfs-importer');
export const { fixedSize } = await load('ipfs-unixfs-importer', './chunker');
export const { balanced, trickle } = await load('ipfs-unixfs-importer', './layout');
export const { MemoryBlockstore } = await load('blockstore-core');
export const { CID } = await load('multiformats', './cid');
export const dagPb = await load('@ipld/dag-pb');
export const { CarWriter } = await load('@ipld/car', './writer');
export const { CarBufferReader } = await load('@ipld/car', './buffer-reader');

/** Adds a file. @return its CID, and its blocks in the order of the file: [{cid, bytes}] */
export async function add(bytes, { version = 1, rawLeaves = true, chunk, links = 174, layout = balanced, ...more }) {
  const store = new MemoryBlockstore();
  let last;
  const entries = importer([{ path: 'file', content: bytes, ...more }], store, {
    cidVersion: version,
    rawLeaves,
    reduceSingleLeafToSelf: true,
    wrapWithDirectory: false,
    chunker: fixedSize({ chunkSize: chunk }),
    layout: layout({ maxChildrenPerNode: links }),
  });
  for await (const entry of entries) {
    last = entry;
  }
  const blocks = [];
  await walk(store, last.cid, blocks);
  return { cid: last.cid, blocks };
}

async function bytesOf(store, cid) {
  const got = await store.get(cid);
  if (got instanceof Uint8Array) {
    return got;
  }
  const parts = [];
  for await (const part of got) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function walk(store, cid, blocks) {
  const bytes = await bytesOf(store, cid);
  blocks.push({ cid, bytes });
  if (cid.code === dagPb.code) {
    for (const link of dagPb.decode(bytes).Links) {
      await walk(store, link.Hash, blocks);
    }
  }
}
