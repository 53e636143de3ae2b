// `npm run bench -- <what> [--json] [--rounds n] [--seconds s] [--task name ...] [--steps n] [--out regret.svg]`: measures, prints a table or JSON.
// Must not: be part of the test suite. Numbers say something only on a quiet machine.

import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { roadbedVersion } from '../../testbed/version.ts';
import { benchCuts } from './cuts.ts';
import { benchFederated } from './federated.ts';
import { benchHalves } from './halves.ts';
import { benchMemory } from './memory.ts';
import { benchMobility } from './mobility.ts';
import { benchRegret } from './regret.ts';
import { benchSelection } from './selection.ts';
import { benchTraining } from './training.ts';

const usage =
  'npm run bench -- training|fl|mobility|memory|cuts|halves|selection|regret [--json] [--rounds 5] [--seconds 0.5] [--task mlp] [--steps 100000] [--out regret.svg]';

/** The options, or the end of the process with one sentence and the usage. */
function readOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        out: { type: 'string' },
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '0.5' },
        steps: { type: 'string', default: '100000' },
        task: { type: 'string', multiple: true, default: [] },
      },
    });
  } catch (error) {
    process.stderr.write(`${(error as Error).message.split('\n')[0]}\n${usage}\n`);
    process.exit(2);
  }
}

const { values, positionals } = readOptions();
if (values.help) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}

const out = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** A row as one line; nothing while JSON is wanted. */
function show(row: object): void {
  if (values.json) return;
  out(
    Object.entries(row)
      .map(([key, value]) => `${key} ${value}`)
      .join('  '),
  );
}

const options = { rounds: Number(values.rounds), seconds: Number(values.seconds), tasks: values.task };
const machine = {
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  loadBefore: loadavg()[0],
  node: process.version,
  roadbed: roadbedVersion,
};

function print(report: { readonly notes: readonly string[] }): void {
  if (values.json) out(JSON.stringify({ ...report, machine }));
  else for (const note of report.notes) out(`note: ${note}`);
}

const benchmarks: Readonly<Record<string, () => Promise<{ readonly notes: readonly string[] }>>> = {
  training: () => benchTraining(options, (rows) => rows.forEach(show)),
  fl: () => benchFederated(options, show),
  mobility: () => benchMobility(options, show),
  cuts: () => benchCuts(options, show),
  halves: () => benchHalves(values.task, show),
  regret: () => benchRegret(show, values.out),
  selection: () => benchSelection(values.task, show),
  memory: () => benchMemory({ steps: Number(values.steps) }, show),
};

const benchmark = benchmarks[positionals[0] ?? ''];
if (benchmark) print(await benchmark());
else {
  process.stderr.write(`unknown benchmark: ${positionals[0] ?? '(none)'}. Use: ${usage}\n`);
  process.exitCode = 2;
}
