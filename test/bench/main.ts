// `npm run bench -- <what> [--json] [--rounds n] [--seconds s] [--task name ...]`: measures, prints a table or JSON.
// Must not: be part of the test suite. Numbers say something only on a quiet machine.

import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { benchFederated } from './federated.ts';
import { benchTraining } from './training.ts';

const usage = 'npm run bench -- training|fl [--json] [--rounds 5] [--seconds 0.5] [--task mlp]';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.5' },
    task: { type: 'string', multiple: true, default: [] },
  },
});

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
const machine = { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, loadBefore: loadavg()[0] };

if (positionals[0] === 'training') {
  const report = await benchTraining(options, (rows) => rows.forEach(show));
  if (values.json) out(JSON.stringify({ ...report, machine }));
  else for (const note of report.notes) out(`note: ${note}`);
} else if (positionals[0] === 'fl') {
  const report = await benchFederated(options, show);
  if (values.json) out(JSON.stringify({ ...report, machine }));
  else for (const note of report.notes) out(`note: ${note}`);
} else {
  process.stderr.write(`unknown benchmark: ${positionals[0] ?? '(none)'}. Use: ${usage}\n`);
  process.exitCode = 2;
}
