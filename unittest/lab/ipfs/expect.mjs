// SPDX-License-Identifier: Apache-2.0
// What the importer makes of files: for each "FILE CHUNK LINKS VERSION RAW(yes|no)" on standard input the
// same line with the CID and the number of blocks behind it.
//   node expect.mjs DIR <layouts
import fs from 'node:fs';
import path from 'node:path';
import { add } from './load.mjs';

for (const line of fs.readFileSync(0, 'utf8').trim().split('\n')) {
  const [file, chunk, links, version, raw] = line.split(' ');
  const { cid, blocks } = await add(fs.readFileSync(path.join(process.argv[2], file)), {
    chunk: Number(chunk),
    links: Number(links),
    version: Number(version),
    rawLeaves: raw === 'yes',
  });
  console.log(`${line} ${cid} ${new Set(blocks.map((b) => b.cid.toString())).size}`);
}
