// SPDX-License-Identifier: Apache-2.0
// Packages that are imported by name come from build/deps/devnet (or $WICK_DEVNET_DIR), wherever the
// importing file lies.
import { registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const dir = process.env.WICK_DEVNET_DIR || path.join(here, '..', '..', 'build', 'deps', 'devnet');
const parentURL = pathToFileURL(path.join(dir, 'package.json')).href;

registerHooks({
  resolve(specifier, context, next) {
    const ours = context.parentURL?.startsWith(pathToFileURL(here).href);
    const named = /^@?[a-z]/.test(specifier) && !specifier.startsWith('node:');
    return next(specifier, ours && named && !specifier.includes('://') ? { ...context, parentURL } : context);
  },
});
