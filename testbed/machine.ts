// What this machine has and lacks, one finding per thing roadbed can use. Read by `roadbed doctor`.
// Must not: print, change or download anything; a check that fails is a finding, never an exception.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExitReason, messageOf } from '../base/errors.ts';
import type { EngineAttempt } from '../learning/training/engine.ts';
import type { EngineName } from '../learning/training/engine-names.ts';
import { cacheDirectory } from './prepare.ts';

/** `absent` is for things a run can do without; `bad` prevents every run. */
export type FindingState = 'ok' | 'absent' | 'bad';

export interface Finding {
  readonly name: string;
  readonly state: FindingState;
  /** What was found: a version, a path, a number. */
  readonly found: string;
  /** What roadbed needs it for. */
  readonly purpose: string;
  /** What to do, where something is to be done. */
  readonly remedy?: string;
  /** Decides the exit code when the state is `bad`. */
  readonly reason?: ExitReason;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Programs that roadbed can use, and how they tell their version. */
const programs = [
  {
    name: 'chromium',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    versionFlag: '--version',
    purpose: 'browser tests of the map; any browser shows it',
    debian: 'chromium',
  },
  {
    name: 'mosquitto',
    commands: ['mosquitto'],
    versionFlag: '-h',
    purpose: 'an external MQTT broker; runs have aedes built in',
    debian: 'mosquitto',
  },
  {
    name: 'sumo',
    commands: ['sumo'],
    versionFlag: '--version',
    purpose: 'comparing our traffic with SUMO, and scenarios that a live SUMO drives',
    debian: 'sumo',
  },
  {
    name: 'gpsd',
    commands: ['gpsd'],
    versionFlag: '-V',
    purpose: 'positions of real cars; not needed for simulation',
    debian: 'gpsd',
  },
] as const;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Daemons live in sbin, which is not on every user's path. */
function findProgram(commands: readonly string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.flatMap((folder) => commands.map((command) => join(folder, command))).find(isExecutable);
}

function versionOf(path: string, flag: string): string {
  const { stdout, stderr } = spawnSync(path, [flag], { encoding: 'utf8', timeout: 5000 });
  const lines = `${stdout ?? ''}\n${stderr ?? ''}`.split('\n');
  return lines.find((line) => /\d+\.\d+/.test(line))?.trim() ?? 'version unknown';
}

function checkProgram(program: (typeof programs)[number]): Finding {
  const path = findProgram(program.commands);
  if (path === undefined)
    return {
      name: program.name,
      state: 'absent',
      found: 'not found',
      purpose: program.purpose,
      remedy: `Debian: apt-get install ${program.debian}`,
    };
  return {
    name: program.name,
    state: 'ok',
    found: `${versionOf(path, program.versionFlag)} at ${path}`,
    purpose: program.purpose,
  };
}

function checkNode(): Finding {
  const purpose = 'runs everything; 20.19 or newer';
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const base = { name: 'node', found: process.versions.node, purpose };
  if (major > 20 || (major === 20 && minor >= 19)) return { ...base, state: 'ok' };
  return { ...base, state: 'bad', reason: 'nodeVersion', remedy: 'install Node 20.19 or newer' };
}

function checkPackages(): Finding {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageJson;
  const names = Object.keys(dependencies);
  const missing = names.filter((name) => !existsSync(join(root, 'node_modules', name)));
  const base = { name: 'packages', purpose: 'libraries named in package.json' };
  if (missing.length === 0) return { ...base, state: 'ok', found: `all ${names.length} present` };
  return {
    ...base,
    state: 'bad',
    reason: 'internal',
    found: `missing: ${missing.join(', ')}`,
    remedy: 'npm ci',
  };
}

/** The constructor of better-sqlite3, as little of it as is needed to see that it works. */
type SqliteConstructor = new (
  path: string,
) => {
  prepare(sql: string): { pluck(): { get(): unknown } };
  close(): void;
};

function checkSqlite(): Finding {
  const base = { name: 'better-sqlite3', purpose: 'the event log and its tables' };
  try {
    // Opened by name here and nowhere else outside the store: this asks whether the package loads, not for data.
    const Database = require('better-sqlite3') as SqliteConstructor;
    const database = new Database(':memory:');
    const version = database.prepare('select sqlite_version()').pluck().get();
    database.close();
    return { ...base, state: 'ok', found: `SQLite ${version}` };
  } catch (error) {
    return {
      ...base,
      state: 'bad',
      reason: 'store',
      found: messageOf(error).split('\n')[0]!,
      remedy:
        'remove node_modules, then npm ci (needs python3, make and a C++ compiler where no prebuilt binary exists)',
    };
  }
}

/** What each engine is good for. */
const enginePurposes: Readonly<Record<EngineName, string>> = {
  wasm: 'trains the models; the same bytes on any machine',
  'wasm-relaxed':
    'the same, a little faster, last bits depend on the machine; taken only by --engine wasm-relaxed',
  tensorflow: 'native TensorFlow; taken only by --engine tensorflow',
  webgpu: 'a GPU, experimental; taken only by --engine webgpu',
  cpu: 'the slow reference; taken only by --engine cpu',
};

function engineFinding({ engine, description, refusal }: EngineAttempt): Finding {
  const isUsual = engine === 'wasm';
  const base = {
    name: isUsual ? 'training engine' : `engine ${engine}`,
    found: refusal ?? description,
    purpose: enginePurposes[engine],
  };
  if (refusal === undefined) return { ...base, state: 'ok' };
  return isUsual
    ? { ...base, state: 'bad', reason: 'engine', remedy: 'npm ci' }
    : { ...base, state: 'absent' };
}

/** Every engine: whether it works here, and why not. */
async function checkEngines(): Promise<Finding[]> {
  try {
    // Imported late: tfjs takes a second to load, and a broken one is a finding.
    const { tryEngines } = await import('../learning/training/engine.ts');
    return (await tryEngines()).map(engineFinding);
  } catch (error) {
    return [engineFinding({ engine: 'wasm', description: 'wasm', refusal: messageOf(error) })];
  }
}

/** Whether `port` of the local machine is free, by listening on it for a moment. */
function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}

/** Whether a port that runs take by default is free; one in use is no obstacle, another can be chosen. */
export async function checkPort(port: number, purpose: string, remedy: string): Promise<Finding> {
  const free = await isPortFree(port);
  const base = { name: `port ${port}`, purpose };
  return free
    ? { ...base, state: 'ok', found: 'free' }
    : { ...base, state: 'absent', found: 'in use', remedy };
}

function checkCache(): Finding {
  const folder = cacheDirectory();
  const base = { name: 'data cache', purpose: 'generated data sets, made once' };
  return existsSync(folder)
    ? { ...base, state: 'ok', found: folder }
    : { ...base, state: 'absent', found: `${folder} is not there yet; a run makes it` };
}

function checkRevision(): Finding {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty'], {
    cwd: root,
    encoding: 'utf8',
    timeout: 5000,
  });
  const base = { name: 'git revision', purpose: "named in every run's manifest" };
  return status === 0
    ? { ...base, state: 'ok', found: stdout.trim() }
    : { ...base, state: 'absent', found: 'not a git checkout' };
}

function checkHardware(): Finding {
  const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = `${gibibytes(freemem())} free of ${gibibytes(totalmem())}`;
  return {
    name: 'hardware',
    state: 'ok',
    found: `${availableParallelism()} cores (${model}), ${memory}`,
    purpose: 'one training worker a core, about 100 MB each',
  };
}

/** Every finding, in the order a reader needs them: what prevents a run first. */
export async function checkMachine(): Promise<Finding[]> {
  return [
    checkNode(),
    checkPackages(),
    checkSqlite(),
    ...(await checkEngines()),
    checkHardware(),
    checkRevision(),
    checkCache(),
    await checkPort(8080, 'the live map', 'stop what listens there, or choose another port'),
    await checkPort(1883, 'the MQTT broker of live runs', 'stop what listens there, or choose another port'),
    ...programs.map(checkProgram),
  ];
}
