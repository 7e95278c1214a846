#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Deploys DeviceRegistry, RelayRegistry and ReleaseIndex from the committed artifacts and prints their addresses
// as wick.conf lines.
//
//   node deploy.mjs --rpc URL --org NAME --manager 0x.. [--admin 0x..]
//        [--from 0x..]                              an account that the node itself unlocks, or
//        [--keystore FILE --password-file FILE]     an encrypted key file, used through cast
//        [--relay IPV4:PORT ...]                    register and approve these
//        [--relay-manager 0x..]                     approves relays (with --relay: from)
//        [--registrar 0x..]                         creates products of firmware; zero: anybody
//        [--json]
//
// Without --from and --keystore the node's first account pays; without --admin and --manager it is
// both, which is for laboratories only. No key is ever taken from the command line.
// Exit: 0 good, 1 refused, 2 usage, 3 the node does not answer.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const chainDir =
  process.env.WICK_CHAIN_DIR || path.join(here, "..", "build", "deps", "chain");

class Refusal extends Error {
  constructor(exit, text) {
    super(text);
    this.exit = exit;
  }
}

const known = [
  "rpc",
  "org",
  "manager",
  "relay-manager",
  "registrar",
  "admin",
  "from",
  "keystore",
  "password-file",
  "relay",
];

function parse(argv) {
  const opt = { relay: [] };
  for (let i = 0; i < argv.length; i++) {
    const name = argv[i].replace(/^--/, "");
    if (argv[i] === "--json") {
      opt.json = true;
    } else if (argv[i].startsWith("--") && known.includes(name) && i + 1 < argv.length) {
      if (name === "relay") {
        opt.relay.push(argv[++i]);
      } else {
        opt[name] = argv[++i];
      }
    } else {
      throw new Refusal(2, `usage: unknown or incomplete option ${argv[i]}; see the file's head`);
    }
  }
  if (!opt.rpc || !opt.org) {
    throw new Refusal(2, "usage: deploy.mjs --rpc URL --org NAME [...]; see the file's head");
  }
  if (!/^[a-z0-9._-]{1,63}$/.test(opt.org)) {
    throw new Refusal(2, "organisation: use 1 to 63 of a-z 0-9 . _ -");
  }
  if (!opt.keystore !== !opt["password-file"]) {
    throw new Refusal(2, "--keystore and --password-file belong together");
  }
  for (const name of ["manager", "relay-manager", "registrar", "admin", "from"]) {
    if (opt[name] !== undefined && !/^0x[0-9a-fA-F]{40}$/.test(opt[name])) {
      throw new Refusal(2, `--${name}: not an address`);
    }
  }
  opt.relay = opt.relay.map(endpointWord);
  return opt;
}

function endpointWord(text) {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3}):(\d{1,5})$/.exec(text);
  const n = m ? m.slice(1).map(Number) : [];
  if (!m || n.slice(0, 4).some((b) => b > 255) || n[4] < 1 || n[4] > 65535) {
    throw new Refusal(2, `--relay ${text}: not IPV4:PORT`);
  }
  const ip = (0xffffn << 32n) | BigInt(((n[0] << 24) | (n[1] << 16) | (n[2] << 8) | n[3]) >>> 0);
  return (3n << 152n) | (17n << 144n) | (BigInt(n[4]) << 128n) | ip;
}

function cast(args) {
  try {
    return execFileSync(path.join(chainDir, "bin", "cast"), args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1" },
    }).trim();
  } catch (error) {
    const why = String(error.stderr || error.message).trim().split("\n").pop();
    throw new Refusal(error.code === "ENOENT" ? 2 : 1, `cast: ${why}`);
  }
}

let calls = 0;

async function rpc(url, method, params) {
  let answer;
  try {
    const reply = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: ++calls, method, params }),
      signal: AbortSignal.timeout(20000),
    });
    answer = await reply.json();
  } catch (error) {
    throw new Refusal(3, `${url}: ${error.cause ? error.cause.message : error.message}`);
  }
  if (answer.error) {
    throw new Refusal(1, `${method}: ${answer.error.message}`);
  }
  return answer.result;
}

async function receipt(url, hash) {
  for (let tries = 0; tries < 300; tries++) {
    const found = await rpc(url, "eth_getTransactionReceipt", [hash]);
    if (found) {
      if (found.status !== "0x1") {
        throw new Refusal(1, `transaction ${hash} was reverted`);
      }
      return found;
    }
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Refusal(3, `transaction ${hash} was not included within a minute`);
}

// One transaction; `to` is null for a deployment.
async function send(opt, to, data) {
  if (opt.keystore) {
    const target = to ? [to, data] : ["--create", data];
    const keys = ["--keystore", opt.keystore, "--password-file", opt["password-file"]];
    const hash = cast(["send", "--async", "--rpc-url", opt.rpc, ...keys, ...target]);
    return receipt(opt.rpc, hash);
  }
  const call = { from: opt.from, data };
  if (to) {
    call.to = to;
  }
  return receipt(opt.rpc, await rpc(opt.rpc, "eth_sendTransaction", [call]));
}

const artifact = (name) =>
  JSON.parse(fs.readFileSync(path.join(here, "artifacts", `${name}.json`), "utf8"));
const word = (value) => BigInt(value).toString(16).padStart(64, "0");

async function main() {
  const opt = parse(process.argv.slice(2));
  if (opt.keystore) {
    const keys = ["--keystore", opt.keystore, "--password-file", opt["password-file"]];
    opt.from = cast(["wallet", "address", ...keys]);
  } else if (!opt.from) {
    opt.from = (await rpc(opt.rpc, "eth_accounts", []))[0];
    if (!opt.from) {
      throw new Refusal(1, "the node unlocks no account; use --keystore and --password-file");
    }
  }
  const admin = opt.admin || opt.from;
  const manager = opt.manager || opt.from;
  const relayManager = opt["relay-manager"] || (opt.relay.length > 0 ? opt.from : manager);
  const org = cast(["keccak", opt.org]);
  const chainId = Number(await rpc(opt.rpc, "eth_chainId", []));

  const devices = artifact("DeviceRegistry");
  const relays = artifact("RelayRegistry");
  const registrar = opt.registrar || admin;
  const made = [];
  for (const [contract, args] of [
    [devices, [org, admin, manager]],
    [relays, [admin, relayManager]],
    [artifact("ReleaseIndex"), [registrar]],
  ]) {
    const data = contract.bytecode + args.map(word).join("");
    const done = await send(opt, null, data);
    made.push({ address: done.contractAddress, gas: Number(done.gasUsed) });
  }
  const id = relays.methodIdentifiers;
  for (const [index, endpoint] of opt.relay.entries()) {
    const at = made[1].address;
    await send(opt, at, "0x" + id["register(uint256)"] + word(endpoint));
    const pending = BigInt(opt.from) | (1n << 160n); // its info word, as it was registered above
    const approve = id["approve(uint256,uint256,uint256,bytes32)"];
    await send(opt, at, "0x" + approve + [index, endpoint, pending, 0n].map(word).join(""));
  }
  if (opt.json) {
    console.log(
      JSON.stringify({
        ok: true,
        chain_id: chainId,
        device_registry: made[0].address,
        relay_registry: made[1].address,
        release_index: made[2].address,
        org,
        admin,
        manager,
        gas: made[0].gas + made[1].gas + made[2].gas,
      }),
    );
  } else {
    console.log(`device_registry=${made[0].address}`);
    console.log(`relay_registry=${made[1].address}`);
    console.log(`release_index=${made[2].address}`);
  }
}

main().catch((error) => {
  console.error(`deploy: ${error.message}`);
  process.exit(error.exit || 1);
});
