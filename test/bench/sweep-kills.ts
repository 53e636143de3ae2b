// By hand: kills a sweep at random points, as often as asked, and checks that no finished cell runs again and none is
// missing at the end. `tsx test/bench/sweep-kills.ts 100` takes some ten seconds a kill. Prints what it saw as JSON.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assert } from '../../base/assert.ts';
import { Rng } from '../../base/rng.ts';
import { readExperiment } from '../../roadside/store/experiment.ts';
import { roadbed } from '../support/processes.ts';

const kills = Number(process.argv[2] ?? 100);
const folder = mkdtempSync(join(tmpdir(), 'roadbed-kills-'));
const seeds = Array.from({ length: Math.max(2, Math.ceil(kills / 2)) }, (_, index) => index + 1);
const file = join(folder, 'kills.yaml');
writeFileSync(
  file,
  `name: kills
scenario: ${fileURLToPath(new URL('../support/tiny.yaml', import.meta.url))}
set: { stop.rounds: 1, data.samplesPerVehicle: 16 }
grid: { selection.policy: [random, nearest] }
seeds: [${seeds.join(', ')}]
`,
);
const out = join(folder, 'out');
const database = join(out, 'sweep.sqlite');
const args = ['sweep', file, '--out', out, '--workers', '2', '--json'];

function finished(): Map<number, string> {
  try {
    return new Map(
      readExperiment(database).finished.map(({ cell, result }) => [cell.cell, JSON.stringify(result)]),
    );
  } catch {
    return new Map();
  }
}

const rng = Rng.root(1);
let before = new Map<number, string>();
const points: number[] = [];
for (let kill = 0; kill < kills; kill++) {
  const sweep = roadbed(args);
  // While it starts, or some time after a cell or two: a start takes seconds on a busy machine.
  const more = rng.integer(3);
  const said = more === 0 ? Promise.resolve() : sweep.said(`${before.size + more}/`).catch(() => undefined);
  await Promise.race([said.then(() => sleep(rng.between(0, 3000))), sweep.ended]);
  sweep.kill('SIGKILL');
  await sweep.ended;
  const now = finished();
  for (const [cell, text] of before) assert(now.get(cell) === text, `cell ${cell} changed or vanished`);
  points.push(now.size - before.size);
  before = now;
}
const last = roadbed(args);
assert((await last.ended) === 0, `the last start failed: ${last.err}`);
const { attempts, cells, finished: results } = readExperiment(database);
assert(results.length === cells.length, `${cells.length - results.length} cells are missing`);
assert(
  attempts.length === cells.length,
  `${attempts.length} attempts at ${cells.length} cells: some ran again`,
);
console.log(
  JSON.stringify({
    kills,
    cells: cells.length,
    finishedBetweenKills: points,
    ranAtTheEnd: JSON.parse(last.out).ran,
  }),
);
