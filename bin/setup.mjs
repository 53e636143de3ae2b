// Makes a fresh clone ready to run: checks Node, installs packages when they are missing or out of date, and checks that
// SQLite loads. Plain JavaScript without packages, because it runs before any is there.
// Must not: do work that was done before (a stamp in node_modules remembers), or print anything when there is none to do.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSqliteApart, lockOfSqlite } from './native.mjs';

/** The oldest Node that runs roadbed: `engines` in package.json. */
const oldestNode = [20, 19];

/** Exit codes of base/errors.ts, which cannot be imported before Node's version is known. */
const exitCodes = { install: 1, nodeVersion: 7, store: 9 };

/** A fault with one sentence for the user and the exit code that belongs to it. */
export class SetupError extends Error {
  name = 'SetupError';

  constructor(exitCode, message) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Throws SetupError when `version` (such as `20.19.0`) is too old. */
export function checkNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetupError(
    exitCodes.nodeVersion,
    `roadbed needs Node ${oldestNode.join('.')} or newer, this is Node ${version}: install a newer one from https://nodejs.org`,
  );
}

/** What an installation depends on: the lock file, and the machine that native packages were built for. */
function fingerprint(root) {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const machine = `${process.platform} ${process.arch} ${process.versions.modules}`;
  return createHash('sha256').update(lock).update(machine).digest('hex');
}

const stampPath = (root) => join(root, 'node_modules', '.roadbed-setup');

/** Why packages must be installed, or undefined when those there will do. */
export function reasonToInstall(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return 'node_modules is missing';
  const stamp = stampPath(root);
  if (existsSync(stamp))
    return readFileSync(stamp, 'utf8') === fingerprint(root) ? undefined : 'packages are out of date';
  // Someone ran `npm ci` by hand: its record is newer than the lock file it followed.
  if (statSync(record).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs)
    return 'node_modules is older than package-lock.json';
  return undefined;
}

/**
 * The environment of `npm ci`; what the user has set stays.
 * better-sqlite3 compiles SQLite where no prebuilt binary can be fetched: 76 s with its default flags, 28 s with -O1.
 */
export function installEnvironment(env) {
  return { CFLAGS: '-O1', CXXFLAGS: '-O1', JOBS: 'max', ...env };
}

/** npm as a program and its first arguments: the npm that runs us, else the one on the path. */
function npmCommand(env) {
  const path = env.npm_execpath;
  return path?.endsWith('npm-cli.js')
    ? { program: process.execPath, first: [path], shell: false }
    : { program: 'npm', first: [], shell: process.platform === 'win32' };
}

/** Shows on a terminal how long the work has taken; returns a function that ends the line. */
function showElapsed(what) {
  if (!process.stderr.isTTY) return () => {};
  const begun = Date.now();
  const draw = () => process.stderr.write(`\r${what} ${Math.round((Date.now() - begun) / 1000)} s `);
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\n');
  };
}

/** Runs a program quietly; resolves to its exit code and the end of what it said. */
function runQuietly(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const keep = (chunk) => {
      said = (said + chunk).slice(-8000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward);
    process.on('SIGTERM', forward);
    const finish = (code, words) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve({ code, said: words });
    };
    child.on('error', (error) => finish(1, error.message));
    child.on('close', (code) => finish(code ?? 130, said));
  });
}

/** Throws SetupError with what npm said unless it ended well. */
function expectGood({ code, said }, what) {
  if (code === 0) return;
  throw new SetupError(
    code === 130 ? 130 : exitCodes.install,
    `${said.trimEnd()}\nroadbed: ${what} ended with exit code ${code}; mend what npm says above and start again`,
  );
}

/** Lays out all packages without their install scripts and meanwhile builds the only one that needs its script. */
async function installSideBySide(root, npm, sqlite) {
  const flags = ['--no-audit', '--no-fund'];
  const [packages, place] = await Promise.all([
    npm(['ci', '--ignore-scripts', ...flags], root),
    buildSqliteApart(sqlite, npm),
  ]);
  const isPlaced = packages.code === 0 && place(root);
  expectGood(packages, 'npm ci');
  if (!isPlaced) expectGood(await npm(['rebuild', 'better-sqlite3'], root), 'npm rebuild better-sqlite3');
}

async function install(root, reason) {
  process.stderr.write(
    `roadbed: ${reason}; installing packages with npm ci (under a minute; SQLite may be compiled)\n`,
  );
  const done = showElapsed('roadbed: installing');
  const { program, first, shell } = npmCommand(process.env);
  const env = installEnvironment(process.env);
  const npm = (args, cwd) => runQuietly(program, [...first, ...args], { cwd, env, shell });
  const sqlite = lockOfSqlite(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  try {
    if (sqlite) await installSideBySide(root, npm, sqlite);
    else expectGood(await npm(['ci', '--no-audit', '--no-fund'], root), 'npm ci');
  } finally {
    done();
  }
}

/** Throws SetupError unless the native SQLite package loads in a process of its own. */
function checkSqlite(root) {
  const program = "new (require('better-sqlite3'))(':memory:').close()";
  const { status, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  const cause = stderr.split('\n').find((line) => /^\s*\w*Error\b/.test(line)) ?? stderr.slice(0, 200);
  throw new SetupError(
    exitCodes.store,
    `better-sqlite3 does not load (${cause.trim()}): where no prebuilt binary can be fetched it needs python3, make and a C++ compiler (Debian: apt-get install build-essential python3); install those, remove node_modules and start again`,
  );
}

/** Makes the clone at `root` ready. Throws SetupError. Costs a few milliseconds when nothing is to be done. */
export async function setup(root = fileURLToPath(new URL('..', import.meta.url))) {
  checkNode(process.versions.node);
  const reason = reasonToInstall(root);
  if (reason === undefined && existsSync(stampPath(root))) return;
  if (reason !== undefined) await install(root, reason);
  checkSqlite(root);
  writeFileSync(stampPath(root), fingerprint(root));
}

/** Runs `work` and turns its result into the exit code of this process: a number, or a SetupError's sentence and code. */
export async function exitWith(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await exitWith(async () => {
    await setup();
    return 0;
  });
}
