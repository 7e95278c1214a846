#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Makes the gas table (gas.md) and the figure of gas against the length of a name (gas.svg) from what
// forge measured (snapshots/), the papers' own figures and a few stated assumptions.
//
//   node gas.mjs            print the table
//   node gas.mjs --write    write gas.md and gas.svg
//   node gas.mjs --check    fail if the committed ones are not what the snapshots give
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const snapshot = (name) =>
  JSON.parse(fs.readFileSync(path.join(here, "snapshots", `${name}.json`), "utf8"));
const ours = snapshot("GasTest");
const peers = snapshot("Peers");
const own = (name) => Number(ours[name]);
const peer = (name) => Number(peers[name]);
const n = (value) => Math.round(value).toLocaleString("en-US");

// What the papers print (table 1: |DevID| = 30): the oracle's two answers are billed at their limit.
const paper = {
  addClient: 265047,
  addMapping: 200500,
  validate: 200907,
  callback: 200000,
  mapping: 801407,
  update: 89070,
};
// Measured once with ENS's published contracts (registry and resolver profiles), Osaka rules; not run
// again here.
const ens = { name: 75629, key: 76759, keyNext: 42559, endpoint: 57616, endpointNext: 40516 };

const perBatch = own("batch of 50 renewals") / 50;
const paperFlow = (first, validate) =>
  peer(first) + peer("callback with N1") + peer(validate) + peer("callback with the page");
const mapping = paperFlow("addMapping", "validatePCPMapping");
const rows = [
  ["register a device with its key", own("register with voucher"), `${n(paper.addClient)} (+ approve)`,
    `${n(peer("addClient"))}; ${n(peer("addClient with token") + peer("approveClient"))} with approval`,
    n(peer("ERC-1056 setAttribute key")), n(ens.name + ens.key)],
  ["publish an endpoint, validated (1 of 1)", own("endpoint fresh, validated by 1 of 1"),
    `${n(paper.mapping)}, 4 transactions`, `${n(mapping)}, 4 transactions`, "-", "-"],
  ["... by 2 of 3", own("endpoint fresh, validated by 2 of 3"), "-", "-", "-", "-"],
  ["publish an endpoint, not validated", own("endpoint fresh"), n(paper.addMapping),
    n(peer("addMapping")), n(peer("ERC-1056 setAttribute endpoint")), n(ens.endpoint)],
  ["renew or move it", own("endpoint renew"), "as above", n(peer("addMapping, again")),
    n(peer("ERC-1056 setAttribute endpoint")), n(ens.endpointNext)],
  ["... validated (1 of 1)", own("endpoint renew, validated by 1 of 1"), "as above", "as above", "-", "-"],
  ["... sent by another (the device has no Ether)", own("endpoint renew, relayed"), "-", "-",
    n(peer("ERC-1056 signed, next")), "-"],
  ["... 50 of them in a batch, each", perBatch, "-", "-", "-", "-"],
  ["rotate the key", own("rotate"), n(paper.update), n(peer("updatePublicKey")),
    n(peer("ERC-1056 setAttribute key")), n(ens.keyNext)],
  ["revoke", own("revoke"), "-", "-", n(peer("ERC-1056 changeOwner")), "-"],
  ["move a relayed address", own("endpoint renew"), "-", n(peer("updateAllocation")), "-", "-"],
];

// A year of a device. A relayed address moves when the relay does; a mapping or an address of its own
// is shown to the attestors again every 18 hours.
const hours = 365 * 24;
const years = [
  ["behind a relay, 12 moves a year", own("register with voucher") + own("endpoint fresh") + 11 * own("endpoint renew")],
  ["behind a relay, 12 moves, sponsored in batches of 50",
    own("register, relayed") + own("endpoint fresh, relayed") + 11 * perBatch],
  ["direct, attested every 18 h",
    own("register with voucher") + own("endpoint fresh, validated by 1 of 1") +
      (hours / 18 - 1) * own("endpoint renew, validated by 1 of 1")],
  ["the papers' mapping (our re-run), 12 moves",
    peer("addClient") + mapping + 11 * paperFlow("addMapping, again", "validatePCPMapping")],
];
const chains = [
  ["mainnet", 1, 3000],
  ["cheap proof-of-stake chain", 0.01, 3000],
];
const dollars = (gas, [, gwei, ether]) => {
  const value = gas * gwei * 1e-9 * ether;
  return `$${value < 1 ? value.toFixed(4) : value.toFixed(2)}`;
};

const table = (head, lines) =>
  [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines]
    .map((line) => `| ${line.join(" | ")} |`)
    .join("\n");

const text = `<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Made by contracts/gas.mjs from contracts/snapshots; checked by contracts/test.sh. -->
# Gas

Whole transactions, calldata included, every check in. Ours and the re-runs: forge, rules of London (a name
of 30 characters where names count, an RSA-2048 modulus as the papers' key). The papers' column is what they
print: they bill the oracle's two answers at their limit of 200,000. ENS was measured once with its published
contracts, under the rules of Osaka, and is not run again here. ERC-1056 keeps what is said of a device in
events: cheap to write, but a reader without a full node must walk through the logs of many blocks.

\`sh examples/demo.sh --paper\` (test lab.paper) runs the papers' flow live, with an oracle that fetches the page over
HTTPS, and ours beside it on the same chain: its figures are within 3 % of those below.

${table(
  ["operation", "wick", "papers", "the papers' contracts, our re-run", "ERC-1056, our re-run", "ENS"],
  rows.map(([what, mine, ...rest]) => [what, n(mine), ...rest]),
)}

![Gas against the length of the device's name](gas.svg)

The chain sees the hash of a name, so its length costs nothing here.

## A year of a device

${table(
  ["device", "gas a year", ...chains.map(([name, gwei, ether]) => `${name} (${gwei} gwei, $${n(ether)})`), "consortium"],
  years.map(([what, gas]) => [what, n(gas), ...chains.map((c) => dollars(gas, c)), "no fee"]),
)}

Assumed, and to be put in anew by whoever counts: the price of gas and of Ether above; the first year, with the
registration. A consortium chain takes no fee, there gas is capacity: one block of 30,000,000 gas each second
renews ${n(30e6 / perBatch)} devices.
`;

// ---- figure ----

const lengths = [10, 20, 30, 40, 50, 60, 70, 80, 90];
const lines = [
  ["addClient, papers' contract", "#b03a2e", lengths.map((l) => peer(`name of ${l}: addClient`))],
  ["addMapping, papers' contract", "#ca6f1e", lengths.map((l) => peer(`name of ${l}: addMapping`))],
  ["validatePCPMapping, papers' contract", "#9a7d0a", lengths.map((l) => peer(`name of ${l}: validatePCPMapping`))],
  ["updatePublicKey, papers' contract", "#7d6608", lengths.map((l) => peer(`name of ${l}: updatePublicKey`))],
  ["register, wick", "#1a5276", lengths.map(() => own("register with voucher"))],
  ["publish validated, wick", "#2874a6", lengths.map(() => own("endpoint fresh, validated by 1 of 1"))],
  ["publish, wick", "#148f77", lengths.map(() => own("endpoint fresh"))],
  ["rotate, wick", "#1e8449", lengths.map(() => own("rotate"))],
];
const [width, height, left, bottom, top] = [900, 440, 80, 390, 40];
const right = 560;
const most = 400000;
const x = (length) => left + ((length - 10) / 80) * (right - left);
const y = (gas) => bottom - (gas / most) * (bottom - top);
const label = (at, down, what, extra = "") =>
  `<text x="${at.toFixed(1)}" y="${down.toFixed(1)}" ${extra}>${what}</text>`;
const svg = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
  "<!-- SPDX-License-Identifier: Apache-2.0. Made by contracts/gas.mjs. -->",
  `<rect width="${width}" height="${height}" fill="white"/>`,
  label(left, 22, "Gas against the length of the device's name", 'font-size="14"'),
];
for (let gas = 0; gas <= most; gas += 100000) {
  svg.push(`<line x1="${left}" y1="${y(gas)}" x2="${right}" y2="${y(gas)}" stroke="#ddd"/>`);
  svg.push(label(left - 8, y(gas) + 4, n(gas), 'text-anchor="end"'));
}
for (const length of lengths) {
  svg.push(label(x(length), bottom + 18, String(length), 'text-anchor="middle"'));
}
svg.push(label((left + right) / 2, bottom + 38, "characters", 'text-anchor="middle"'));
let last = -20;
for (const [name, colour, values] of [...lines].sort((a, b) => b[2].at(-1) - a[2].at(-1))) {
  const points = values.map((gas, i) => `${x(lengths[i]).toFixed(1)},${y(gas).toFixed(1)}`).join(" ");
  svg.push(`<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`);
  last = Math.max(y(values.at(-1)) + 4, last + 15);
  svg.push(label(right + 10, last, `${name}: ${n(values.at(-1))}`, `fill="${colour}"`));
}
svg.push("</svg>", "");

const files = { "gas.md": text, "gas.svg": svg.join("\n") };
if (process.argv.includes("--check")) {
  for (const [name, want] of Object.entries(files)) {
    const file = path.join(here, name);
    if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== want) {
      console.error(`contracts/${name} is not what the snapshots give; run contracts/test.sh --update`);
      process.exitCode = 1;
    }
  }
} else if (process.argv.includes("--write")) {
  for (const [name, want] of Object.entries(files)) {
    fs.writeFileSync(path.join(here, name), want);
  }
} else {
  process.stdout.write(text);
}
