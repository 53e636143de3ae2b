// Sweeps as users start them: killed and started again, sharded and merged, stopped by what is wrong with them. Cells are
// runs of two cars and one round with real training, in real processes.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { readExperiment } from '../../roadside/store/experiment.ts';
import { mergeExperiments } from '../../roadside/store/experiment-merge.ts';
import { main } from '../../testbed/cli.ts';
import { runSweep, type SweepOptions, type SweepOutcome } from '../../testbed/experiments/run-sweep.ts';
import { wholeSweep } from '../../testbed/experiments/shards.ts';
import { loadSweep, type SweepPlan } from '../../testbed/experiments/sweep-file.ts';
import { roadbed } from '../support/processes.ts';
import { killSweep } from '../support/sweep-kills.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-sweep-'));
afterAll(() => rmSync(folder, { recursive: true }));
const tiny = new URL('../support/tiny.yaml', import.meta.url).pathname;

const text = `name: small-sweep
scenario: ${tiny}
set: { stop.rounds: 1, data.samplesPerVehicle: 16, stop.targetAccuracy: 0.9 }
grid: { selection.policy: [random, nearest] }
seeds: [1, 2]
`;
const file = join(folder, 'small.yaml');
writeFileSync(file, text);
const plan = loadSweep(file);

const run = (out: string, options: Partial<SweepOptions> = {}, of: SweepPlan = plan): Promise<SweepOutcome> =>
  runSweep(of, {
    outDirectory: join(folder, out),
    shard: wholeSweep,
    workers: 2,
    engine: 'auto',
    keepRuns: false,
    argv: [],
    ...options,
  });

describe('a sweep', () => {
  it('runs each cell once, equal in any process and order, and keeps a censored one with its end', async () => {
    const whole = await run('whole');
    expect(whole).toMatchObject({ cells: 4, before: 0, ran: 4, failed: [] });
    const { finished, attempts, cells } = readExperiment(whole.database);
    expect(cells.map(({ settings, seed }) => [settings['selection.policy'], seed])).toEqual([
      ['random', 1],
      ['nearest', 1],
      ['random', 2],
      ['nearest', 2],
    ]);
    for (const { result } of finished) {
      expect(result).toMatchObject({ status: 'censored', secondsToTarget: null, rounds: 1 });
      expect(result.censoredAtSeconds).toBe(result.virtualSeconds);
      expect(result.curve.at(-1)?.accuracy).toBe(result.finalAccuracy);
    }
    expect(attempts.map(({ cell, error }) => [cell, error])).toEqual(
      [0, 1, 2, 3].map((cell) => [cell, null]),
    );
    // One process for all cells gives what two gave.
    const alone = await run('alone', { workers: 1 });
    expect(readExperiment(alone.database).finished).toEqual(finished);
    // Nothing is left to do.
    expect(await run('whole')).toMatchObject({ before: 4, ran: 0 });
    expect(readExperiment(whole.database).attempts).toHaveLength(4);
  });

  it('survives the death of its processes: a cell is tried again, and fails alone when it dies twice', async () => {
    const killed: number[] = [];
    const kill = (cell: { cell: number }, pid: number | undefined): void => {
      const times = killed.filter((one) => one === cell.cell).length;
      // Cell 1 dies once, cell 2 twice.
      if ((cell.cell === 1 && times < 1) || (cell.cell === 2 && times < 2)) {
        killed.push(cell.cell);
        process.kill(pid!, 'SIGKILL');
      }
    };
    const outcome = await run('deaths', { onBegin: kill });
    expect(outcome).toMatchObject({ ran: 3, failed: [{ cell: 2, seed: 2 }] });
    expect(outcome.failed[0]?.error).toBe('its process was ended by SIGKILL, 2 times');
    expect(await run('deaths')).toMatchObject({ before: 3, ran: 1, failed: [] });
    expect(readExperiment(outcome.database).finished).toHaveLength(4);
  });

  it('killed at ten of its steps and started again, runs no finished cell twice and leaves none out', async () => {
    const rng = Rng.root(5);
    const kills = Array.from({ length: 10 }, () => ({ step: 1 + rng.integer(9) }));
    const report = await killSweep(kills, { cells: 40 });
    expect(report).toMatchObject({ killed: 10, cells: 40, finished: 40, attempts: 40 });
    // Each kill may cost the two cells under way, which are ordered again.
    expect(report.orders).toBeLessThanOrEqual(40 + 2 * 10);
  });

  it('killed while cells are real runs, finishes with the results of an undisturbed one', async () => {
    const out = join(folder, 'killed');
    const args = ['sweep', file, '--out', out, '--workers', '1', '--json'];
    const first = roadbed(args);
    await first.said('1/4 cells');
    first.kill('SIGKILL');
    await first.ended;
    const database = join(out, 'sweep.sqlite');
    const finished = readExperiment(database).finished.length;
    const last = roadbed(args);
    expect(await last.ended).toBe(0);
    expect(JSON.parse(last.out)).toMatchObject({ before: finished, ran: 4 - finished, failed: [] });
    expect(readExperiment(database).attempts).toHaveLength(4);
    expect(readExperiment(database).finished).toEqual(readExperiment((await run('whole')).database).finished);
  });

  it('is the same in shards, whose merged database has the same bytes however often it is merged', async () => {
    const parts = await Promise.all([
      run('a', { shard: { index: 1, count: 2 }, workers: 1 }),
      run('b', { shard: { index: 2, count: 2 }, workers: 1 }),
    ]);
    expect(parts.map(({ cells, ran }) => [cells, ran])).toEqual([
      [2, 2],
      [2, 2],
    ]);
    const [a, b] = parts.map(({ database }) => database) as [string, string];
    const merged = join(folder, 'merged.sqlite');
    const { finished } = mergeExperiments([a, b], merged);
    expect(finished).toEqual(readExperiment((await run('whole')).database).finished);
    const bytes = readFileSync(merged);
    for (const sources of [[b, a], [merged, a], [merged], [a, b, merged, b]]) {
      mergeExperiments(sources, merged);
      expect(readFileSync(merged).equals(bytes)).toBe(true);
    }
  });
});

/** A command line in this process: its exit code and what it says. */
async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    isTerminal: false,
    colour: false,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('roadbed sweep', () => {
  it.each([
    [
      'a misspelt key',
      text.replace('selection.policy', 'selection.polcy'),
      3,
      /:4: --set selection\.polcy="random": unknown key selection\.polcy .*did you mean selection\.policy\?/,
    ],
    [
      'a misspelt policy',
      text.replace('nearest', 'nearst'),
      3,
      /unknown selection\.policy: "nearst".*Did you mean "nearest"\?/,
    ],
    [
      'an empty grid',
      text.replace(/grid: .*/, 'grid: {}'),
      3,
      /:4: grid is empty \(expected a key with its values/,
    ],
    [
      'a key without values',
      text.replace('[random, nearest]', '[]'),
      3,
      /:4: grid\.selection\.policy is an empty list/,
    ],
    ['no seeds', text.replace('[1, 2]', '[]'), 3, /:5: seeds is an empty list/],
    [
      'a seed given twice',
      text.replace('[1, 2]', '[1, 1]'),
      3,
      /:5: seeds has 1 twice \(expected each seed once\)/,
    ],
    [
      'a key of no sweep',
      `${text}sedes: [1]\n`,
      3,
      /:6: unknown key sedes \(expected one of .*; did you mean seeds\?\)/,
    ],
    ['a scenario that is not there', text.replace(tiny, 'nowhere.yaml'), 3, /no scenario file nowhere\.yaml/],
  ])('refuses %s before anything runs', async (_, broken, code, message) => {
    const path = join(folder, 'broken.yaml');
    writeFileSync(path, broken);
    const seen = await command('sweep', path, '--out', join(folder, 'never'));
    expect(seen.code).toBe(code);
    expect(seen.err).toMatch(message);
  });

  it('refuses shard 3 of 2, and the folder of another sweep', async () => {
    const third = await command('sweep', file, '--out', join(folder, 'never'), '--shard', '3/2');
    expect(third.code).toBe(2);
    expect(third.err).toMatch(/--shard 3\/2: expected i\/n with i from 1 to n, such as 1\/2/);
    const other = join(folder, 'other.yaml');
    writeFileSync(other, text.replace('[1, 2]', '[1, 2, 3]'));
    const { database } = await run('whole');
    await expect(run('whole', {}, loadSweep(other))).rejects.toThrow(
      `${database} holds another sweep: its scenario, grid or seeds have changed since`,
    );
  });
});
