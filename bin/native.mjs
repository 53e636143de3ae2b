// Builds better-sqlite3 in a folder of its own while npm lays out the other packages: where SQLite must be compiled, that
// takes 28 s of one core, in which the rest of the installation used to wait. The versions and hashes are those of the
// lock file. Must not: touch the clone (the caller copies the result).

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const name = 'better-sqlite3';
const built = join('build', 'Release', 'better_sqlite3.node');

/** Where the lock file keeps `dependency` as seen from the package at `from`: nested first, then further up. */
function placeOf(packages, from, dependency) {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    const place = `${base === '' ? '' : `${base}/`}node_modules/${dependency}`;
    if (packages[place] !== undefined) return place;
    if (base === '') return undefined;
  }
}

/** The part of `lock` that better-sqlite3 needs, as a package.json and a lock of its own; undefined where it has none. */
export function lockOfSqlite(lock) {
  const packages = lock.packages ?? {};
  const root = `node_modules/${name}`;
  if (packages[root] === undefined) return undefined;
  const wanted = new Set([root]);
  for (const place of wanted) {
    for (const dependency of Object.keys(packages[place].dependencies ?? {})) {
      const found = placeOf(packages, place, dependency);
      if (found !== undefined) wanted.add(found);
    }
  }
  const manifest = {
    name: 'roadbed-native',
    private: true,
    dependencies: { [name]: packages[root].version },
  };
  const entries = Object.fromEntries([...wanted].sort().map((place) => [place, packages[place]]));
  return {
    manifest,
    lock: { name: manifest.name, lockfileVersion: 3, requires: true, packages: { '': manifest, ...entries } },
  };
}

/**
 * Builds better-sqlite3 apart with `npm(args, cwd)`. Resolves to a function that copies the binary into a clone and says
 * whether there was one, and removes the folder either way.
 */
export async function buildSqliteApart({ manifest, lock }, npm) {
  const folder = mkdtempSync(join(tmpdir(), 'roadbed-native-'));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ ...manifest, allowScripts: { [name]: true } }),
  );
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const { code } = await npm(['ci', '--no-audit', '--no-fund'], folder);
  return (root) => {
    const from = join(folder, 'node_modules', name, built);
    const found = code === 0 && existsSync(from);
    if (found) {
      const to = join(root, 'node_modules', name, built);
      mkdirSync(join(to, '..'), { recursive: true });
      cpSync(from, to);
    }
    rmSync(folder, { recursive: true, force: true });
    return found;
  };
}
