// The scripts of a fresh clone, run for real in a folder of their own with a stand-in for npm.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface SetupModule {
  checkNode(version: string): void;
  reasonToInstall(root: string): string | undefined;
  installEnvironment(env: Record<string, string>): Record<string, string>;
}

const setupUrl = new URL('../../bin/setup.mjs', import.meta.url);
const nativeUrl = new URL('../../bin/native.mjs', import.meta.url);
const { lockOfSqlite }: { lockOfSqlite(lock: unknown): { lock: { packages: object } } | undefined } =
  await import(nativeUrl.href);
const { checkNode, reasonToInstall, installEnvironment }: SetupModule = await import(setupUrl.href);

/** A stand-in for npm-cli.js: notes how it was called, and installs a better-sqlite3 that does what `sqlite` says. */
const fakeNpm = (sqlite: string, exitCode: number): string => `
const fs = require('node:fs');
fs.appendFileSync('npm-calls', process.argv.slice(2).join(' ') + ' ' + process.env.CFLAGS + '\\n');
fs.mkdirSync('node_modules/better-sqlite3', { recursive: true });
fs.writeFileSync('node_modules/.package-lock.json', '{}');
fs.writeFileSync('node_modules/better-sqlite3/index.js', ${JSON.stringify(sqlite)});
if (${exitCode}) console.error('npm error from the stand-in');
process.exit(${exitCode});
`;
const workingSqlite = 'module.exports = class { close() {} };';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'roadbed-setup-'));
  mkdirSync(join(root, 'bin'));
  copyFileSync(setupUrl, join(root, 'bin', 'setup.mjs'));
  copyFileSync(nativeUrl, join(root, 'bin', 'native.mjs'));
  writeFileSync(join(root, 'package-lock.json'), '{"lockfileVersion":3}');
});
afterEach(() => rmSync(root, { recursive: true }));

function runSetup(sqlite = workingSqlite, npmExitCode = 0): { status: number | null; stderr: string } {
  const npm = join(root, 'npm-cli.js');
  writeFileSync(npm, fakeNpm(sqlite, npmExitCode));
  chmodSync(npm, 0o755);
  const { CFLAGS: _, ...env } = process.env;
  const options = { cwd: root, encoding: 'utf8', env: { ...env, npm_execpath: npm } } as const;
  return spawnSync(process.execPath, [join(root, 'bin', 'setup.mjs')], options);
}

const npmCalls = (): string[] =>
  existsSync(join(root, 'npm-calls'))
    ? readFileSync(join(root, 'npm-calls'), 'utf8').trimEnd().split('\n')
    : [];

describe('the Node version', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '26.10.0'])('%s will do', (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });

  it.each(['18.20.4', '20.18.3', '20.9.0'])('%s is refused with exit code 7 and one sentence', (version) => {
    expect(() => checkNode(version)).toThrow(
      expect.objectContaining({
        exitCode: 7,
        message: `roadbed needs Node 20.19 or newer, this is Node ${version}: install a newer one from https://nodejs.org`,
      }),
    );
  });
});

describe('the environment of npm ci', () => {
  it('compiles with little optimisation unless the user says otherwise', () => {
    expect(installEnvironment({ CFLAGS: '-O3' })).toMatchObject({
      CFLAGS: '-O3',
      CXXFLAGS: '-O1',
      JOBS: 'max',
    });
  });
});

describe('the lock of SQLite alone', () => {
  it('holds better-sqlite3 and what it needs, nested packages first', () => {
    const packages = {
      '': {},
      'node_modules/better-sqlite3': { version: '12.11.1', dependencies: { bindings: '^1', tar: '^2' } },
      'node_modules/better-sqlite3/node_modules/tar': { version: '2.0.0', dependencies: { bl: '4' } },
      'node_modules/bindings': { version: '1.5.0' },
      'node_modules/bl': { version: '4.0.0', dependencies: { bindings: '*' } },
      'node_modules/tar': { version: '7.0.0' },
    };
    const names = Object.keys(lockOfSqlite({ packages })?.lock.packages ?? {});
    expect(names).toEqual([
      '',
      'node_modules/better-sqlite3',
      'node_modules/better-sqlite3/node_modules/tar',
      'node_modules/bindings',
      'node_modules/bl',
    ]);
    expect(lockOfSqlite({ packages: {} })).toBeUndefined();
  });
});

describe('setup', () => {
  it('installs once, and is silent the second time', () => {
    const first = runSetup();
    expect(first.stderr).toContain('roadbed: node_modules is missing; installing');
    expect(first.status).toBe(0);
    const second = runSetup();
    expect([second.status, second.stderr]).toEqual([0, '']);
    expect(npmCalls()).toEqual(['ci --no-audit --no-fund -O1']);
  });

  it('lays packages out while SQLite is built apart, and builds it in place where that brought nothing', () => {
    const packages = { 'node_modules/better-sqlite3': { version: '12.11.1' } };
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
    expect(runSetup().status).toBe(0);
    expect(npmCalls()).toEqual([
      'ci --ignore-scripts --no-audit --no-fund -O1',
      'rebuild better-sqlite3 -O1',
    ]);
  });

  it('installs again when the lock file has changed', () => {
    runSetup();
    writeFileSync(join(root, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}');
    expect(runSetup().stderr).toContain('packages are out of date');
    expect(npmCalls()).toHaveLength(2);
  });

  it('takes packages that someone installed by hand, if they are newer than the lock file', () => {
    mkdirSync(join(root, 'node_modules', 'better-sqlite3'), { recursive: true });
    writeFileSync(join(root, 'node_modules', 'better-sqlite3', 'index.js'), workingSqlite);
    const record = join(root, 'node_modules', '.package-lock.json');
    writeFileSync(record, '{}');
    utimesSync(join(root, 'package-lock.json'), 1000, 1000);
    expect(runSetup().status).toBe(0);
    expect(npmCalls()).toEqual([]);
    rmSync(join(root, 'node_modules', '.roadbed-setup'));
    utimesSync(record, 500, 500);
    expect(reasonToInstall(root)).toBe('node_modules is older than package-lock.json');
  });

  it('ends with exit code 9 and a remedy when SQLite does not load', () => {
    const { status, stderr } = runSetup("throw new Error('wrong ELF class');");
    expect(status).toBe(9);
    expect(stderr).toContain('better-sqlite3 does not load (Error: wrong ELF class)');
    expect(stderr).toContain('apt-get install build-essential python3');
  });

  it('shows what npm said when npm fails, and tries again next time', () => {
    const { status, stderr } = runSetup(workingSqlite, 5);
    expect(status).toBe(1);
    expect(stderr).toContain('npm error from the stand-in\nroadbed: npm ci ended with exit code 5');
    expect(runSetup().status).toBe(0);
  });
});
