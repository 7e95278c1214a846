// SPDX-License-Identifier: Apache-2.0
// The npm compiler (soljson) with the two command-line forms that forge uses.
// It is looked for in $WICK_CHAIN_DIR, then below build/deps/chain*.
"use strict";
const fs = require("fs");
const path = require("path");

const deps = path.join(__dirname, "..", "..", "build", "deps");

function roots() {
  const found = process.env.WICK_CHAIN_DIR ? [process.env.WICK_CHAIN_DIR] : [];
  try {
    for (const name of fs.readdirSync(deps)) {
      if (name === "chain" || name.startsWith("chain-")) {
        found.push(path.join(deps, name));
      }
    }
  } catch (error) {
    // No dependencies yet: reported below.
  }
  return found;
}

function compiler() {
  for (const root of roots()) {
    const at = path.join(root, "node_modules", "solc");
    if (fs.existsSync(at)) {
      return require(at);
    }
  }
  process.stderr.write("solc: npm package solc is missing; run toolchain/bootstrap.sh --chain\n");
  process.exit(2);
}

const args = process.argv.slice(2);
if (args.includes("--version")) {
  const version = compiler().version().replace("Emscripten.clang", "Linux.g++");
  process.stdout.write("solc, the solidity compiler commandline interface\nVersion: " + version + "\n");
} else if (args.includes("--standard-json")) {
  process.stdout.write(compiler().compile(fs.readFileSync(0, "utf8")));
} else {
  process.stderr.write("solc: only --version and --standard-json are answered here\n");
  process.exit(2);
}
