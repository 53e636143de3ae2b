// A process that carries out cells, one after the other, as its sweep orders them. It ends with its sweep, however that
// ends. Impure: a child process; removes the folder of a run whose figures it has. Must not: choose cells or keep results.

import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { DataShelf } from '../prepare.ts';
import { runVirtual } from '../run-virtual.ts';
import { processSeconds } from '../system.ts';
import { CellFold } from './cell-fold.ts';
import type { CellAnswer, CellOrder } from './cell-messages.ts';

/** Cells of a sweep mostly train on the same data. */
const shelf = new DataShelf();

async function carryOut({ loaded, engine, runsDirectory, keepRun, argv }: CellOrder): Promise<CellAnswer> {
  const start = processSeconds();
  const fold = new CellFold();
  try {
    const summary = await runVirtual({
      loaded,
      runsDirectory,
      link: 'memory',
      workers: 1,
      engine,
      argv,
      isKept: keepRun,
      shelf,
      note: () => undefined,
      onEvents: (events) => fold.hear(events),
    });
    const { targetAccuracy } = loaded.scenario.stop;
    const result = fold.result({ ...summary, targetAccuracy });
    if (!keepRun) rmSync(dirname(summary.database), { recursive: true, force: true });
    return { ok: true, result, wallSeconds: processSeconds() - start };
  } catch (error) {
    return { ok: false, error: messageOf(error), wallSeconds: processSeconds() - start };
  }
}

// A terminal sends Ctrl-C to the whole group: the sweep decides what it means.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (order: CellOrder) => {
  void carryOut(order).then((answer) => process.send?.(answer));
});
