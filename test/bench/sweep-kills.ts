// By hand: kills a sweep at random moments, as often as asked, and checks that no finished cell runs again and none is
// missing at the end. `tsx test/bench/sweep-kills.ts 100` takes a minute or two. Prints what it saw as JSON.

import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '../../base/assert.ts';
import { Rng } from '../../base/rng.ts';
import { type Kill, killSweep } from '../support/sweep-kills.ts';

const kills = Number(process.argv[2] ?? 100);
/** A cell takes so long, so that kills fall before, amid and after cells and their transactions. */
const milliseconds = 5;
const cells = 8 * kills;
const rng = Rng.root(1);

/** While it starts, or some milliseconds after one of its first cells. */
function anyMoment(): Kill {
  const [cell, wait] = [rng.integer(12), rng.between(0, 25)];
  const isEarly = rng.integer(5) === 0;
  return {
    outside: async (start) => {
      const reached = cell === 0 ? 'planned' : `cell ${cell}.`;
      if (!isEarly) await start.said(reached).catch(() => undefined);
      await Promise.race([sleep(isEarly ? 40 * wait : wait), start.ended]);
      start.kill('SIGKILL');
    },
  };
}

const report = await killSweep(
  Array.from({ length: kills }, () => anyMoment()),
  { cells, milliseconds },
);
assert(report.finished === cells, `${cells - report.finished} cells are missing`);
assert(report.attempts === cells, `${report.attempts} attempts at ${cells} cells: some were stored twice`);
console.log(JSON.stringify(report));
