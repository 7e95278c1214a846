#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Makes the figures of updates (figures/*.svg) and the page that explains them (figures/README.md) from what
// patches.sh, decode_m4.sh and updates.sh have measured (figures/*.tsv).
//
//   node figures.mjs --take     takes the newest measurements from build/run, then as --write
//   node figures.mjs --write    makes figures and page from the committed measurements
//   node figures.mjs --check    fails if the committed ones are not what the measurements give
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(here, 'figures');
const tables = ['patches', 'sizes', 'decode-m4', 'updates', 'detection-anvil', 'detection-pos'];
if (process.argv.includes('--take')) {
  for (const name of tables) {
    const from = path.join(here, '..', '..', 'build', 'run', `${name}.tsv`);
    if (fs.existsSync(from)) {
      fs.copyFileSync(from, path.join(folder, `${name}.tsv`));
    }
  }
}
/** Rows of a table; numbers are numbers. */
const read = (name) => {
  const file = path.join(folder, `${name}.tsv`);
  return !fs.existsSync(file) ? [] : fs.readFileSync(file, 'utf8').trim().split('\n')
    .map((line) => line.split('\t').map((cell) => (cell !== '' && !Number.isNaN(Number(cell)) ? Number(cell) : cell)));
};
const [patches, sizes, m4, updates, anvil, pos] = tables.map(read);
const n = (value) => Math.round(value).toLocaleString('en-US');
const unique = (list) => [...new Set(list)];
const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;

// ---- a figure ----

const colours = ['#1a5276', '#b03a2e', '#1e8449', '#7d3c98', '#ca6f1e', '#6e2c00', '#148f77'];
const [width, height, left, right, top, bottom] = [820, 420, 80, 600, 40, 360];

/** Values at the lines of an axis: powers of `base` if it is logarithmic, else ten steps at most. */
function ticks(low, high, base) {
  const at = [];
  if (base) {
    const first = Math.floor(Math.log(low) / Math.log(base) + 1e-9);
    const last = Math.ceil(Math.log(high) / Math.log(base) - 1e-9);
    for (let i = first; i <= Math.max(last, first + 1); i++) {
      at.push(base ** i);
    }
    return at;
  }
  const step = [1, 2, 5].flatMap((k) => [-3, -2, -1, 0, 1, 2, 3, 4].map((e) => k * 10 ** e)).sort((a, b) => a - b)
    .find((s) => high / s <= 10);
  for (let i = 0; (i - 1) * step < high; i++) {
    at.push(i * step);
  }
  return at;
}

/**
 * @param series [{name, points: [[x, y, low, high]]}]: low and high are drawn as a bar, if they are there
 * @param axis {x, y}: their names; {log_x, log_y}: base of a logarithmic one; {lines}: joined points
 */
function figure(title, series, axis) {
  const all = series.flatMap((one) => one.points);
  const xs = ticks(Math.min(...all.map((p) => p[0])), Math.max(...all.map((p) => p[0])), axis.log_x);
  const ys = ticks(Math.min(...all.map((p) => p[2] ?? p[1])), Math.max(...all.map((p) => p[3] ?? p[1])), axis.log_y);
  const on = (list, log, value) => {
    const f = log ? Math.log : (v) => v;
    return (f(Math.max(value, log ? list[0] : -Infinity)) - f(list[0])) / (f(list.at(-1)) - f(list[0]));
  };
  const x = (value) => (left + on(xs, axis.log_x, value) * (right - left)).toFixed(1);
  const y = (value) => (bottom - on(ys, axis.log_y, value) * (bottom - top)).toFixed(1);
  const text = (at, down, what, extra = '') => `<text x="${at}" y="${down}" ${extra}>${what}</text>`;
  const number = (value) => String(Number(value.toPrecision(3)));
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<!-- SPDX-License-Identifier: Apache-2.0. Made by unittest/bench/figures.mjs. -->',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(left, 22, title, 'font-size="14"'),
  ];
  for (const v of xs) {
    svg.push(`<line x1="${x(v)}" y1="${top}" x2="${x(v)}" y2="${bottom}" stroke="#ddd"/>`);
    svg.push(text(x(v), bottom + 18, number(v), 'text-anchor="middle"'));
  }
  for (const v of ys) {
    svg.push(`<line x1="${left}" y1="${y(v)}" x2="${right}" y2="${y(v)}" stroke="#ddd"/>`);
    svg.push(text(left - 8, Number(y(v)) + 4, number(v), 'text-anchor="end"'));
  }
  svg.push(text((left + right) / 2, bottom + 40, axis.x, 'text-anchor="middle"'));
  svg.push(`<text transform="translate(22,${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${axis.y}</text>`);
  series.forEach((one, k) => {
    const colour = colours[k % colours.length];
    if (axis.lines) {
      const points = one.points.map((p) => `${x(p[0])},${y(p[1])}`).join(' ');
      svg.push(`<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    }
    for (const [px, py, low, high] of one.points) {
      if (low !== undefined) {
        const beside = (Number(x(px)) + 4 * k).toFixed(1); // where the bars of others are seen as well
        svg.push(`<line x1="${beside}" y1="${y(low)}" x2="${beside}" y2="${y(high)}" stroke="${colour}"/>`);
      }
      svg.push(`<circle cx="${x(px)}" cy="${y(py)}" r="3.5" fill="${colour}"/>`);
    }
    svg.push(`<circle cx="${right + 18}" cy="${top + 12 + 20 * k}" r="4" fill="${colour}"/>`);
    svg.push(text(right + 28, top + 16 + 20 * k, one.name));
  });
  return [...svg, '</svg>', ''].join('\n');
}

// ---- what was measured ----

const files = {};
const table = (head, lines) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');

// Patches: image, method, bytes of the image, bytes of the patch, seconds to make and to apply (or "fails").
const methods = unique(patches.map((r) => r[1]));
files['patches.svg'] = figure('Four pairs of armhf images: time to apply against size of the patch',
  methods.map((name) => ({ name, points: patches.filter((r) => r[1] === name && r[5] !== 'fails').map((r) => [r[3] / 1000, r[5]]) })),
  { x: 'patch, KB', y: 'seconds', log_x: 10, log_y: 10 });
const images = unique(patches.map((r) => r[0]));
const patch_table = table(
  ['method', ...images.map((i) => `${i}, ${n(patches.find((r) => r[0] === i)[2])} bytes`)],
  methods.map((m) => [m, ...images.map((i) => {
    const [, , whole, bytes, make, apply] = patches.find((r) => r[0] === i && r[1] === m);
    return `${n(bytes)} (${((100 * bytes) / whole).toFixed(1)} %), ${make} s, ${apply}${apply === 'fails' ? '' : ' s'}`;
  })]));
// On a Cortex-M4: image, its bytes, bytes of the patch, instructions, stack.
const m4_table = table(['image', 'bytes', 'patch', 'instructions', 'a byte of the image', 's at 100 MHz, 1 cycle each', '2 cycles each', 'stack'],
  m4.map(([name, bytes, patch, count, stack]) => [name, n(bytes), n(patch), n(count), (count / bytes).toFixed(1),
    (count / 1e8).toFixed(2), (count / 5e7).toFixed(2), stack]));
// Beginnings of libcrypto: KB, bytes of the patch, seconds to make and to apply.
files['images.svg'] = figure('libcrypto 3.0, armhf, the first KB of it: time against size of the image',
  [{ name: 'make', points: sizes.map((r) => [r[0], r[2]]) }, { name: 'apply', points: sizes.map((r) => [r[0], r[3]]) }],
  { x: 'image, KB', y: 'seconds', log_x: 10, log_y: 10, lines: true });

// Updates: KB, bytes of the patch, seconds: make, upload, publish, fetch, apply, verify.
const steps = ['make the patch', 'upload', 'publish and approve', 'fetch', 'apply', 'verify'];
files['updates.svg'] = figure('Time against size of the update (the paper\'s figure 3)',
  [1, 2, 3, 4, 5].map((k) => ({ name: steps[k], points: updates.map((r) => [r[0], r[2 + k]]) })),
  { x: 'size of the update, KB', y: 'seconds', lines: true });
const update_table = table(['KB', 'patch, bytes', ...steps.map((s) => `${s}, s`)],
  updates.map((r) => [n(r[0]), n(r[1]), ...r.slice(2).map((s) => s.toFixed(3))]));

// Detection: chain, block_s, poll_s, endpoints, release, first, mean, last, ms of a check.
const late = (rows, poll) => unique(rows.filter((r) => r[2] === poll).map((r) => r[3])).map((count) => {
  const mine = rows.filter((r) => r[2] === poll && r[3] === count);
  return [count, mean(mine.map((r) => r[6])), Math.min(...mine.map((r) => r[5])), Math.max(...mine.map((r) => r[7]))];
});
// Where a check takes longer, the one machine that plays all endpoints was busy, and what it says is its own delay,
// also in reading the clock: such rows are in the table, marked, and not in the figures.
const BUSY_MS = 1000;
const check_ms = (rows, poll, count) => mean(rows.filter((r) => r[2] === poll && r[3] === count).map((r) => r[8]));
const by_poll = (rows, name = (p) => `polls every ${p} s`) =>
  unique(rows.map((r) => r[2])).map((p) => ({ name: name(p), points: late(rows, p).filter(([count]) => check_ms(rows, p, count) <= BUSY_MS) }));
const axis = { x: 'endpoints', y: 'seconds from the approval, mean, first to last', log_x: 2, lines: true };
const chains = [
  ['anvil', anvil, 'one node of one\'s own, a block every 2 s', 'figure 4'],
  ['pos', pos, 'light client, finalised headers, slots of 1 s', 'figure 5'],
].filter(([, rows]) => rows.length);
for (const [name, rows, what, of] of chains) {
  files[`detection-${name}.svg`] = figure(`Detection against endpoints: ${what} (the paper's ${of})`, by_poll(rows), axis);
}
if (pos.length) {
  files['detection.svg'] = figure('Both chains (the paper\'s figure 6)',
  chains.flatMap(([name, rows]) => by_poll(rows, (p) => `${name === 'pos' ? 'light client' : 'own node'}, ${p} s`)), axis);
}
const detection_table = table(
  ['chain', 'poll, s', 'endpoints', 'first, s', 'mean, s', 'last, s', 'a check, ms'],
  chains.flatMap(([, rows, what]) => unique(rows.map((r) => r[2])).flatMap((poll) => late(rows, poll)
    .map(([count, middle, first, last]) => [what, poll, count, first.toFixed(2), middle.toFixed(2), last.toFixed(2),
      n(check_ms(rows, poll, count)) + (check_ms(rows, poll, count) > BUSY_MS ? ' (busy)' : '')]))));

files['README.md'] = `<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Made by unittest/bench/figures.mjs from the .tsv files here. -->
# Updates, measured

On a machine with two processors, by \`unittest/bench/patches.sh\` and
\`unittest/bench/updates.sh\`: times are for comparison with each other. The .tsv files are what was measured,
\`node unittest/bench/figures.mjs --take\` makes this page of a new run.

## Patches between real versions
Two versions each of a library, a kernel module, busybox and a boot loader from Debian's archive, all armhf: bytes
(of the new image), time to make, time to apply. \`diff -ruN\` is what the paper measures; on binaries, with \`-a\`.

${patch_table}

![Time to apply against size of the patch](patches.svg)

![Time against size of the image](images.svg)

On an emulated Cortex-M4 (\`unittest/bench/decode_m4.sh\`; dictionary 4 KiB, -Os), where reading the old image and
writing the new one cost a copy in RAM:

${m4_table}

## Time against size: the paper's figure 3
An update of so many KB that no packing makes smaller. Upload: CIDs and CAR file computed here, blocks sent to a
gateway which checks them. Publish and approve: two transactions, each proven to be included, on a chain that makes
a block for each. Fetch: block by block from the gateway, each verified as it comes. Apply: patch and old image to
the other slot, a journal entry for each sector. Verify: SHA-256 of the new slot.

![Time against size of the update](updates.svg)

${update_table}

## Detection: the paper's figures 4 to 6
From the moment in which the last approval of a release is sent until an endpoint says that there is a release: each
endpoint is a \`wick update check\` of its own that begins anew, asks, verifies header and proof, and ends, at every
poll. The bars go from the first endpoint to the last. What is to be expected is the wait for a block, for the header
to be believed, and on the mean half a poll interval, for the last of many endpoints a whole one; it does not grow
with the number of endpoints. One machine plays them all: a row in which a check took more than a second would be
marked busy and left out of the figure. The operator's own node is believed at its head. A light client believes finalised headers alone, which ${pos.length
  ? 'on this devnet\n(minimal preset, 8 slots an epoch) come two to three epochs, 16 to 24 s, later;'
  : 'come two to three epochs\nlater (\`updates.sh --only pos\` measures it on the devnet; no figures of that are here yet):'} on the public network that is 12.8
minutes and more. The paper's hosts are subscribed to events of a whole node: they have no poll interval, and believe
a block that may yet be replaced.

${chains.map(([name]) => `![Detection against endpoints](detection-${name}.svg)`).join('\n\n')}

${pos.length ? '![Both chains](detection.svg)\n\n' : ''}${detection_table}
`;

for (const [name, want] of Object.entries(files)) {
  const file = path.join(folder, name);
  if (!process.argv.includes('--check')) {
    fs.writeFileSync(file, want);
  } else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== want) {
    console.error(`unittest/bench/figures/${name} is not what the measurements give; run node figures.mjs --write`);
    process.exitCode = 1;
  }
}
