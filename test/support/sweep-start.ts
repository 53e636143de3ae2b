// One start of a sweep whose cells are answered at once (quick-hand.mjs), as a process that can be killed from outside, or that
// kills itself at a step: `sweep-start.ts OUT CELLS HAND [STEP]`. Steps are the plan, each cell's beginning and each cell's end.

import { pathToFileURL } from 'node:url';
import { runSweep } from '../../testbed/experiments/run-sweep.ts';
import { wholeSweep } from '../../testbed/experiments/shards.ts';
import { planCells } from '../../testbed/experiments/sweep-file.ts';
import { loadScenario } from '../../testbed/scenario-file.ts';

const [scenario, outDirectory, cells, hand, step] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];

const loaded = loadScenario(scenario, { sets: ['stop.rounds=1'], seed: 1 });
const drafts = Array.from({ length: Number(cells) }, (_, i) => {
  const seed = i + 1;
  return {
    settings: { policy: 'random' },
    seed,
    loaded: { ...loaded, scenario: { ...loaded.scenario, seed } },
  };
});
const about = { name: 'kills', description: '', baseline: null, sweepText: '', scenarioText: '' };

let left = Number(step ?? Number.POSITIVE_INFINITY);
let ended = 0;
function reach(): void {
  if (--left === 0) process.kill(process.pid, 'SIGKILL');
}

await runSweep(planCells(about, drafts), {
  outDirectory,
  shard: wholeSweep,
  workers: 2,
  engine: 'auto',
  keepRuns: false,
  argv: [],
  program: pathToFileURL(hand),
  onPlan: () => {
    process.stderr.write('planned\n');
    reach();
  },
  onBegin: reach,
  onCell: () => {
    process.stderr.write(`cell ${++ended}.\n`);
    reach();
  },
});
