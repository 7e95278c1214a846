// SPDX-License-Identifier: Apache-2.0
// Makes artifacts/<name>.json from what forge compiled, or with --check compares them. Refuses
// bytecode with opcodes newer than London: the contracts must run on consortium chains, too.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const names = ["DeviceRegistry", "RelayRegistry", "ReleaseIndex"];
const newer = {
  0x49: "BLOBHASH",
  0x4a: "BLOBBASEFEE",
  0x5c: "TLOAD",
  0x5d: "TSTORE",
  0x5e: "MCOPY",
  0x5f: "PUSH0",
};

// Walks code and skips the data of PUSH; what follows the last instruction that can be reached is
// not data here, because metadata is left out.
function scan(name, hex) {
  const code = Buffer.from(hex.replace(/^0x/, ""), "hex");
  for (let at = 0; at < code.length; at++) {
    const op = code[at];
    if (newer[op]) {
      throw new Error(`${name}: opcode ${newer[op]} at ${at} is newer than London`);
    }
    if (op >= 0x60 && op <= 0x7f) {
      at += op - 0x5f;
    }
  }
}

function artifact(name) {
  const file = path.join(here, "..", "build", "contracts", "out", `${name}.sol`, `${name}.json`);
  const out = JSON.parse(fs.readFileSync(file, "utf8"));
  const settings = out.metadata.settings;
  scan(name, out.deployedBytecode.object);
  return {
    contractName: name,
    license: "Apache-2.0",
    compiler: out.metadata.compiler.version.split("+")[0],
    evmVersion: settings.evmVersion,
    optimizerRuns: settings.optimizer.runs,
    viaIR: settings.viaIR,
    abi: out.abi,
    methodIdentifiers: out.methodIdentifiers,
    storageLayout: out.storageLayout.storage.map((s) => ({ slot: Number(s.slot), label: s.label })),
    bytecode: out.bytecode.object,
    deployedBytecode: out.deployedBytecode.object,
  };
}

let stale = 0;
for (const name of names) {
  const file = path.join(here, "artifacts", `${name}.json`);
  const text = JSON.stringify(artifact(name), null, 1) + "\n";
  if (process.argv.includes("--check")) {
    const committed = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    if (committed !== text) {
      console.error(`artifacts/${name}.json is not what the sources give; run contracts/build.sh`);
      stale++;
    }
  } else {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    console.log(`artifacts/${name}.json`);
  }
}
process.exit(stale ? 1 : 0);
