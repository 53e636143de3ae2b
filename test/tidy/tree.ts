// The files of the house, for the tidy test: found by walking, so a file counts before it is committed.
// Must not: follow links, or look at what is installed or generated.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsOf, threadsOf } from './scan.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const skipped = new Set(['node_modules', 'runs', 'coverage']);

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    if (
      entry.isDirectory() &&
      !skipped.has(entry.name) &&
      (entry.name === '.ci' || !entry.name.startsWith('.'))
    )
      yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

/** Paths of all files, relative to the root, sorted. */
export const allFiles: readonly string[] = [...walk('')].sort();

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');
export const exists = (path: string): boolean => existsSync(join(root, path));

/** Source that people write: no generated code, no AssemblyScript (another language in the same suffix). */
export const sources: readonly string[] = allFiles.filter(
  (path) => /\.(?:ts|tsx|mts)$/.test(path) && !path.endsWith('.generated.ts') && !path.includes('/assembly/'),
);

/** The room a file is in: the first folder of its path, '' for files at the root. */
export const roomOf = (path: string): string => (path.includes('/') ? path.split('/')[0]! : '');

/** The file that a relative import names, relative to the root. */
export function targetOf(from: string, specifier: string): string {
  return posix.normalize(posix.join(dirname(from), specifier));
}

function namedBy(modulesOf: (text: string) => string[]): ReadonlyMap<string, readonly string[]> {
  const resolved = (path: string, name: string): string =>
    name.startsWith('.') ? `./${targetOf(path, name)}` : name;
  return new Map(sources.map((path) => [path, modulesOf(read(path)).map((name) => resolved(path, name))]));
}

/** Modules a file imports, by file; relative ones resolved to paths from the root. */
export const imports = namedBy(importsOf);
/** Files a file starts as threads, likewise. */
export const threads = namedBy(threadsOf);
