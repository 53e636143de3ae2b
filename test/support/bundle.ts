// A program of the repository as a single JavaScript file in a folder elsewhere, so that it starts in a fraction of a second
// and holds no compiler. Must not: bundle packages; the file finds them where the repository has them.

import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './compose.ts';

/** Bundles the TypeScript file `entry` into `folder`, which must be new; returns the path of the program. */
export async function bundleInto(folder: string, entry: string): Promise<string> {
  // As deep below its packages and the version of roadbed as the folder testbed is.
  const outfile = join(folder, 'testbed', basename(entry).replace(/\.ts$/, '.mjs'));
  await build({
    ...{ entryPoints: [entry], outfile, bundle: true, packages: 'external' },
    ...{ platform: 'node', format: 'esm', target: 'node20', logLevel: 'silent' },
  });
  for (const name of ['node_modules', 'package.json']) symlinkSync(join(root, name), join(folder, name));
  return outfile;
}
