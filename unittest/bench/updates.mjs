// SPDX-License-Identifier: Apache-2.0
// The measurements of updates.sh, which prepares chain, gateway and keys; rows of tab-separated values on standard
// output, progress on standard error.
//
//   updates.mjs sizes WICK DIR GATEWAY
//       KB of new content, bytes of the patch, seconds: make, upload, publish and approve, fetch, apply, verify
//   updates.mjs detection WICK DIR CHAIN BLOCK_S "POLL_S..." "ENDPOINTS..." RELEASES CAST RPC INDEX
//       chain, block_s, poll_s, endpoints, release; seconds from the approval until the first endpoint, on the
//       mean, and the last one say that there is a release; milliseconds that a check takes on the mean
import fs from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';

const [, , verb, wick, dir, ...rest] = process.argv;
const seconds = () => Number(process.hrtime.bigint()) / 1e9;
const wait = (s) => new Promise((done) => setTimeout(done, 1000 * s));
const sum = (list) => list.reduce((a, b) => a + b, 0);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Runs a program. `line` is called with each line of its output, when it comes. @return all of it */
function run(program, args, line = () => {}) {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let rest = '';
    const take = (data) => {
      const at = seconds();
      text += data;
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      lines.forEach((one) => line(one, at));
    };
    child.stdout.on('data', take);
    child.stderr.on('data', (data) => (text += data));
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? done(text) : fail(new Error(`${args.join(' ')}: ${text}`))));
  });
}
const hub = (config, ...args) => run(wick, ['--config', `${config}.conf`, ...args]);
const as = (who, ...args) => hub('lab', 'release', ...args, '--key', `${who}.key`, '--timeout', '300');
async function timed(work) {
  const begin = seconds();
  await work();
  return seconds() - begin;
}

// ---- time against size ----

async function upload(gateway, file, ...options) {
  await hub('hub', 'cid', 'add', file, '--car', 'car', ...options);
  const answer = await fetch(`${gateway}/car`, { method: 'POST', body: fs.readFileSync(path.join(dir, 'car')) });
  if (!answer.ok) {
    throw new Error(await answer.text());
  }
}

/** One update of a device, whose new content is KB thousand bytes that no packing makes smaller. */
async function update(gateway, kb, version) {
  const old = randomBytes(200000);
  const image = Buffer.concat([old.subarray(0, 90000), randomBytes(1000 * kb), old.subarray(90000)]);
  fs.writeFileSync(path.join(dir, 'old'), old);
  fs.writeFileSync(path.join(dir, 'new'), image);
  fs.rmSync(path.join(dir, 'hub'), { recursive: true, force: true });
  await hub('hub', 'update', 'init', 'hub', 'old', '--slot', '4194304', '--staging', '3145728');
  await hub('hub', 'update', 'start', 'hub');
  const make = await timed(() => hub('hub', 'delta', 'make', 'old', 'new', '-o', 'patch'));
  const numbers = ['--version', String(version), '--counter', String(version)];
  await hub('hub', 'release', 'new', 'hub', 'new', ...numbers, '--patch', 'old=patch', '-o', 'manifest');
  const uploaded = await timed(async () => {
    await upload(gateway, 'patch');
    await upload(gateway, 'manifest');
  });
  const published = await timed(async () => {
    await as('publisher', 'publish', 'hub', 'manifest');
    await as('approver', 'approve', 'hub', String(version - 2), 'manifest');
  });
  const at = {};
  await run(wick, ['--config', 'hub.conf', 'update', 'run', 'hub'], (line, now) => {
    at[line.split(' ')[0]] ??= now;
  });
  if (!at.fetch || !at.apply || !at.verify || !at.ready) {
    throw new Error(`no update of ${kb} KB: ${Object.keys(at)}`);
  }
  const bytes = fs.statSync(path.join(dir, 'patch')).size;
  return [bytes, make, uploaded, published, at.apply - at.fetch, at.verify - at.apply, at.ready - at.verify];
}

async function sizes(gateway) {
  let version = 2;
  for (const kb of [1, 10, 50, 100, 250, 500, 1000, 1500, 2000]) {
    const rows = [];
    for (let i = 0; i < 3; i++) {
      rows.push(await update(gateway, kb, version++));
    }
    const row = rows[0].map((_, i) => median(rows.map((r) => r[i])));
    console.log([kb, row[0], ...row.slice(1).map((s) => s.toFixed(4))].join('\t'));
    console.error(`${kb} KB: patch ${row[0]}`);
  }
}

// ---- detection ----

const polls = []; // endpoints at work
let seen = () => {};
let checks = [];

async function endpoint(name, poll_s) {
  const own = { stop: false };
  own.ended = (async () => {
    await wait(Math.random() * poll_s);
    while (!own.stop) {
      const begin = seconds();
      await run(wick, ['--config', `${name}.conf`, 'update', 'check', 'hub'], (line, at) => {
        const version = /^index .* version=(\d+) .* usable=yes/.exec(line);
        if (version) {
          seen(name, Number(version[1]), at);
        }
      }).catch((error) => console.error(`${name}: ${error.message}`));
      checks.push(seconds() - begin);
      await wait(Math.max(0, poll_s - (seconds() - begin)));
    }
  })();
  polls.push(own);
}

async function detection(chain, block_s, intervals, counts, releases, cast, rpc, index) {
  const pairs = intervals.split(' ').flatMap((p) => counts.split(' ').map((n) => [Number(p), Number(n)]));
  const digest = (version) => Buffer.alloc(32, version + 1).toString('hex');
  let version = 1;
  const product = (await run(cast, ['keccak', 'hub'])).trim();
  const key = fs.readFileSync(path.join(dir, 'publisher.key'), 'utf8').trim();
  const proposed = pairs.length * Number(releases);
  for (let nonce = 0; nonce < proposed; nonce++) {
    const args = [product, `0x${digest(nonce + 2)}`, nonce + 2, nonce + 2, 700, 'false'].map(String);
    // A node's answer may fail while a block is made: then nothing was sent.
    for (let tries = 60; ; tries--) {
      const sent = await run(cast, ['send', '--async', '--rpc-url', rpc, '--private-key', `0x${key}`, '--nonce',
        String(nonce), '--gas-limit', '200000', '--gas-price', '10gwei', '--priority-gas-price', '1gwei', index,
        'publish(bytes32,bytes32,uint64,uint32,uint32,bool)', ...args])
        .catch((error) => (tries > 0 ? undefined : Promise.reject(error)));
      if (sent !== undefined) {
        break;
      }
      await wait(0.5);
    }
  }
  const there = () => hub('lab', 'release', 'list', 'hub', '--timeout', '300')
    .then((text) => / releases=(\d+)/.exec(text)?.[1], () => 0); // no head yet
  while (Number(await there()) !== proposed) {
    await wait(1);
  }
  for (const [poll_s, count] of pairs) {
    checks = [];
    for (let i = 1; i <= count; i++) {
      await endpoint(`e${i}`, poll_s);
    }
    await wait(poll_s + Math.random()); // all have begun
    for (let release = 1; release <= Number(releases); release++) {
      version++;
      let sent;
      const said = new Map();
      const all = new Promise((done) => {
        seen = (name, what, at) => {
          if (what === version && !said.has(name)) {
            said.set(name, at);
            if (said.size === count) {
              done();
            }
          }
        };
      });
      await wait(Math.random() * Math.max(poll_s, Number(block_s)));
      const approval = run(wick, ['--config', 'lab.conf', 'release', 'approve', 'hub', String(version - 2), '--digest',
        digest(version), '--version', String(version), '--counter', String(version), '--bytes', '700', '--key',
        'approver.key', '--timeout', '300'], (line, at) => {
        sent ??= line.startsWith('costs') ? at : undefined;
      });
      await Promise.all([approval, all]);
      const late = [...said.values()].map((at) => at - sent);
      const row = [Math.min(...late), sum(late) / count, Math.max(...late)].map((s) => s.toFixed(3));
      const check_ms = ((1000 * sum(checks)) / Math.max(1, checks.length)).toFixed(0);
      console.log([chain, block_s, poll_s, count, release, ...row, check_ms].join('\t'));
      console.error(`${chain}: ${count} endpoints, every ${poll_s} s: ${row.join(' ')} s, a check ${check_ms} ms`);
    }
    polls.forEach((own) => (own.stop = true));
    await Promise.all(polls.splice(0).map((own) => own.ended));
  }
}

await { sizes, detection }[verb](...rest);
