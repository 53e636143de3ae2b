// Kills a sweep again and again and looks after each kill at what its database says and at what was really run. Finished cells
// must stay as they are and never be run again; at the end none may be missing. Must not: decide when to kill.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert } from '../../base/assert.ts';
import { readExperiment } from '../../roadside/store/experiment.ts';
import { bundleInto } from './bundle.ts';
import { Running } from './processes.ts';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface KillReport {
  readonly kills: number;
  readonly cells: number;
  /** Starts that were really killed, not over before. */
  readonly killed: number;
  /** Cells newly finished at each kill. */
  readonly finishedBetween: readonly number[];
  /** Orders given over all starts; more than cells, as those under way at a kill are given again. */
  readonly orders: number;
  readonly attempts: number;
  readonly finished: number;
}

/** Seeds that each start ordered, by the number of the start. */
function ordersIn(log: string): Map<number, number[]> {
  const byStart = new Map<number, number[]>();
  let text = '';
  try {
    text = readFileSync(log, 'utf8');
  } catch {
    return byStart;
  }
  for (const line of text.trimEnd().split('\n')) {
    const [start, seed] = line.split(' ').map(Number) as [number, number];
    byStart.set(start, [...(byStart.get(start) ?? []), seed]);
  }
  return byStart;
}

/** What the database holds of each finished seed; nothing where there is none yet. */
function finishedIn(out: string): Map<number, string> {
  try {
    const { finished } = readExperiment(join(out, 'sweep.sqlite'));
    return new Map(finished.map(({ cell, result }) => [cell.seed, JSON.stringify(result)]));
  } catch {
    return new Map();
  }
}

/** How a start is killed: at one of its own steps, or by `outside`, which is handed the process. */
export type Kill = { readonly step: number } | { readonly outside: (start: Running) => Promise<void> };

/** Kills `kills.length` starts of a sweep of `cells`, lets a last one finish, and asserts what must hold after each. */
export async function killSweep(
  kills: readonly Kill[],
  { cells, milliseconds = 0 }: { readonly cells: number; readonly milliseconds?: number },
): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'roadbed-kills-'));
  try {
    const program = await bundleInto(folder, fileOf('./sweep-start.ts'));
    const [out, log] = [join(folder, 'out'), join(folder, 'orders.log')];
    const begin = (start: number, step: readonly string[]): Running =>
      new Running(
        process.execPath,
        [program, fileOf('./tiny.yaml'), out, String(cells), fileOf('./quick-hand.mjs'), ...step],
        {
          ROADBED_HAND_LOG: log,
          ROADBED_HAND_START: String(start),
          ROADBED_HAND_MILLISECONDS: String(milliseconds),
        },
      );
    let before = finishedIn(out);
    const finishedBetween: number[] = [];
    const finishedBefore: ReadonlyMap<number, string>[] = [];
    let killed = 0;
    for (const [start, kill] of kills.entries()) {
      finishedBefore.push(before);
      const running = begin(start, 'step' in kill ? [String(kill.step)] : []);
      if ('outside' in kill) await kill.outside(running);
      const code = await running.ended;
      assert(code === -1 || code === 0, `a start ended with ${code}: ${running.err}`);
      if (code === -1) killed++;
      const now = finishedIn(out);
      for (const [seed, text] of before)
        assert(now.get(seed) === text, `the cell of seed ${seed} changed or vanished`);
      finishedBetween.push(now.size - before.size);
      before = now;
    }
    finishedBefore.push(before);
    const last = begin(kills.length, []);
    assert((await last.ended) === 0, `the last start failed: ${last.err}`);
    const orders = ordersIn(log);
    for (const [start, seeds] of orders)
      for (const seed of seeds)
        assert(
          !finishedBefore[start]!.has(seed),
          `start ${start} ran the finished cell of seed ${seed} again`,
        );
    const { attempts, finished } = readExperiment(join(out, 'sweep.sqlite'));
    return {
      ...{ kills: kills.length, cells, killed, finishedBetween },
      orders: [...orders.values()].reduce((sum, seeds) => sum + seeds.length, 0),
      ...{ attempts: attempts.length, finished: finished.length },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
