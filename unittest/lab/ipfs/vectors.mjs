// SPDX-License-Identifier: Apache-2.0
// Writes unittest/unit/unixfs_vectors.h: small files as the IPFS importer makes DAGs of them.
//   node unittest/lab/ipfs/vectors.mjs >unittest/unit/unixfs_vectors.h
import { add, trickle } from './load.mjs';

/** The bytes of a generated file: no two chunks of it are alike. */
export const generated = (size) => Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 4) * 13) & 0xff);

const files = [
  ['raw', 20, { chunk: 64 }],
  ['empty_v1', 0, { chunk: 64 }],
  ['empty_v0', 0, { chunk: 64, version: 0, rawLeaves: false }],
  ['one_v0', 20, { chunk: 64, version: 0, rawLeaves: false }],
  ['flat', 100, { chunk: 16, links: 8 }],
  ['two_levels', 100, { chunk: 16, links: 3 }],
  ['four_levels', 64, { chunk: 4, links: 2 }],
  ['five_levels', 68, { chunk: 4, links: 2 }],
  ['two_levels_v0', 100, { chunk: 16, links: 3, version: 0, rawLeaves: false }],
  ['trickle', 120, { chunk: 4, links: 2, layout: trickle, rawLeaves: false, leafType: 'raw' }],
  ['mode_and_time', 40, { chunk: 16, links: 8, mode: 0o755, mtime: { secs: 1700000000n, nsecs: 5 } }],
];

const lines = (hex) => hex.match(/.{1,80}/g)?.map((l) => `     "${l}"`).join('\n') ?? '     ""';

console.log(`/* SPDX-License-Identifier: Apache-2.0 */
/* Made by unittest/lab/ipfs/vectors.mjs with ipfs-unixfs-importer: files of bytes (i * 7 + (i >> 4) * 13)
 * and the blocks of their DAGs in the order of the file. */
static const struct dag_block {
    const char *cid, *hex;
} dag_blocks[] = {`);
const index = [];
let at = 0;
for (const [name, size, options] of files) {
  const { cid, blocks } = await add(generated(size), options);
  index.push(`    {"${name}", ${size}, "${cid}", ${at}, ${blocks.length}},`);
  at += blocks.length;
  console.log(`    /* ${name} */`);
  for (const block of blocks) {
    console.log(`    {"${block.cid}",\n${lines(Buffer.from(block.bytes).toString('hex'))}},`);
  }
}
console.log(`};

static const struct dag {
    const char *name;
    uint32_t size;
    const char *root;
    unsigned first, count;
} dags[] = {
${index.join('\n')}
};`);
