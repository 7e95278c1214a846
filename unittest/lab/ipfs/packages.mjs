// SPDX-License-Identifier: Apache-2.0
// npm packages below build/deps, wherever the importing file lies. They are modules without a form for
// require(), so their package.json is read here.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/** @return (name, part) => the module, of the packages in build/deps/GROUP, or in DIR */
export function packages(group, dir) {
  const modules = path.join(dir || path.join(here, '..', '..', '..', 'build', 'deps', group), 'node_modules');
  return async (name, part = '.') => {
    const own = path.join(modules, name);
    const { exports } = JSON.parse(fs.readFileSync(path.join(own, 'package.json'), 'utf8'));
    const entry = exports[part];
    return import(pathToFileURL(path.join(own, typeof entry === 'string' ? entry : entry.import)).href);
  };
}
