// This package's version, read from package.json. Must not: hold anything else.

import { readFileSync } from 'node:fs';

/** E.g. `0.1.0`. */
export const roadbedVersion: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
