// Comparing, sharding and merging of sweeps, with numbers small enough to check by eye; no run is carried out.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { policyNames } from '../../roadside/selection/policies.ts';
import {
  type CellResult,
  ExperimentStore,
  type PlannedCell,
  type SweepIdentity,
} from '../../roadside/store/experiment.ts';
import { experimentDocument } from '../../roadside/store/experiment-schema.ts';
import { main } from '../../testbed/cli.ts';
import { compare } from '../../testbed/experiments/compare.ts';
import { metricByName } from '../../testbed/experiments/metrics.ts';
import type { Observation } from '../../testbed/experiments/observations.ts';
import { ofShard, parseShard, shardFile, shardFromEnvironment } from '../../testbed/experiments/shards.ts';
import { loadSweep } from '../../testbed/experiments/sweep-file.ts';
import { durationText, SweepProgress } from '../../testbed/experiments/sweep-progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-experiments-'));
afterAll(() => rmSync(folder, { recursive: true }));

const resultOf = (seconds: number, isCensored = false): CellResult => ({
  status: isCensored ? 'censored' : 'reached',
  secondsToTarget: isCensored ? null : seconds,
  censoredAtSeconds: isCensored ? seconds : null,
  virtualSeconds: seconds,
  rounds: 4,
  finalAccuracy: 0.5,
  selected: 8,
  committed: 6,
  left: 2,
  late: 0,
  refused: 0,
  failed: 0,
  participationRatio: 0.75,
  lostShare: 0.25,
  bytesUp: 100,
  bytesDown: 200,
  joules: 40,
  wastedJoules: 10,
  engine: 'test',
  dataFingerprint: 'd',
  eventLogSha256: 'e',
  modelSha256: 'm',
  curve: [{ round: 4, at: seconds, accuracy: 0.5, loss: 1.5 }],
});

const seen = (policy: string, speed: number, seed: number, result: CellResult): Observation => ({
  settings: { 'selection.policy': policy, speed },
  seed,
  result,
});

describe('compare', () => {
  const metric = metricByName('secondsToTarget');
  const observations = [
    seen('random', 60, 1, resultOf(100)),
    seen('random', 60, 2, resultOf(120)),
    seen('mavfl', 60, 1, resultOf(80)),
    seen('mavfl', 60, 2, resultOf(90)),
    seen('random', 80, 1, resultOf(200, true)),
    seen('random', 80, 2, resultOf(150)),
    seen('mavfl', 80, 1, resultOf(140)),
    seen('mavfl', 80, 3, resultOf(260, true)),
  ];

  it('pairs by seed within each stratum, and cuts times off at the first censored one', () => {
    const { rows, horizons, factor } = compare(observations, { metric, baseline: 'policy=random' });
    expect(factor).toBe('selection.policy');
    expect(horizons).toEqual([{ stratum: { speed: 80 }, seconds: 200 }]);
    const [random60, mavfl60, random80, mavfl80] = rows;
    expect(random60).toMatchObject({ isBaseline: true, runs: 2, mean: 110, difference: null, pHolm: null });
    expect(mavfl60).toMatchObject({ mean: 85, censored: 0, difference: { pairs: 2, meanDifference: -25 } });
    // Differences -20 and -30: t = -25 / (7.07 / 1.41) = -5 at one degree, p = 1 - 2 atan(5) / pi.
    expect(mavfl60!.difference!.t).toBeCloseTo(-5, 12);
    expect(mavfl60!.pHolm).toBeCloseTo(1 - (2 * Math.atan(5)) / Math.PI, 12);
    expect(mavfl60!.ratio!.ratio).toBeCloseTo(Math.sqrt(0.8 * 0.75), 12);
    expect(random80).toMatchObject({ runs: 2, censored: 1, mean: 175 });
    expect(mavfl80).toMatchObject({ runs: 2, censored: 1, mean: 170, unpairedSeeds: [2, 3] });
    expect(mavfl80!.difference).toMatchObject({ pairs: 1, meanDifference: -60, interval: null, p: null });
  });

  it('compares an unequal number of seeds by those both have, with times cut at the end of a run that has no pair', () => {
    const uneven = [
      ...[100, 120, 140, 160, 180].map((seconds, i) => seen('random', 60, i + 1, resultOf(seconds))),
      ...[90, 100, 110].map((seconds, i) => seen('mavfl', 60, i + 2, resultOf(seconds))),
      // Its seed has no pair, but its end says until when times are known of all runs.
      seen('mavfl', 60, 9, resultOf(150, true)),
    ];
    const { rows, horizons } = compare(uneven, { metric, baseline: 'policy=random' });
    const [random, mavfl] = rows;
    expect(horizons).toEqual([{ stratum: { speed: 60 }, seconds: 150 }]);
    // 100, 120, 140, 150, 150 and 90, 100, 110, 150.
    expect(random).toMatchObject({ runs: 5, censored: 0, mean: 132 });
    expect(mavfl).toMatchObject({ runs: 4, censored: 1, mean: 112.5, unpairedSeeds: [1, 5, 9] });
    // Seeds 2, 3, 4: 90 - 120, 100 - 140, 110 - 150.
    expect(mavfl!.difference).toMatchObject({ pairs: 3 });
    expect(mavfl!.difference!.meanDifference).toBeCloseTo(-110 / 3, 12);
    expect(mavfl!.ratio!.ratio).toBeCloseTo(((90 / 120) * (100 / 140) * (110 / 150)) ** (1 / 3), 12);
  });

  it('refuses a baseline or a metric there is not, by naming those there are', () => {
    const refusal = (baseline: string): string => {
      try {
        compare(observations, { metric, baseline });
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    expect(refusal('policy=radnom')).toBe(
      'baseline policy=radnom: no finished run has it (expected one of random, mavfl)',
    );
    expect(refusal('polcy=random')).toBe(
      'baseline polcy=random: expected KEY=VALUE with a key of selection.policy, speed',
    );
    expect(() => metricByName('secondsToTraget')).toThrow('did you mean secondsToTarget?');
    expect(() => compare([], { metric })).toThrow('no finished run has secondsToTarget');
  });

  it('bootstraps the same interval every time', () => {
    const once = compare(observations, { metric, method: 'bootstrap' });
    expect(compare(observations, { metric, method: 'bootstrap' })).toEqual(once);
    expect(once.rows[1]!.interval).toEqual({ low: 80, high: 90 });
  });
});

describe('a shard', () => {
  it('is read from the flag, from Kubernetes or from Slurm', () => {
    expect(parseShard('2/3')).toEqual({ index: 2, count: 3 });
    expect(shardFromEnvironment({ JOB_COMPLETION_INDEX: '0', JOB_COMPLETION_COUNT: '4' })).toEqual({
      index: 1,
      count: 4,
    });
    expect(
      shardFromEnvironment({
        SLURM_ARRAY_TASK_ID: '7',
        SLURM_ARRAY_TASK_MIN: '1',
        SLURM_ARRAY_TASK_STEP: '3',
        SLURM_ARRAY_TASK_COUNT: '4',
      }),
    ).toEqual({ index: 3, count: 4 });
    expect(shardFromEnvironment({})).toBeUndefined();
  });

  it.each(['0/2', '3/2', '1', 'a/b', '1/0', '-1/2'])('cannot be %s', (text) => {
    expect(() => parseShard(text)).toThrow(`--shard ${text}: expected i/n with i from 1 to n, such as 1/2`);
  });

  it('needs to know of how many it is one', () => {
    expect(() => shardFromEnvironment({ JOB_COMPLETION_INDEX: '1' })).toThrow(
      /set JOB_COMPLETION_COUNT in the manifest/,
    );
    expect(() => shardFromEnvironment({ JOB_COMPLETION_INDEX: '4', JOB_COMPLETION_COUNT: '4' })).toThrow(
      /below the count/,
    );
    expect(() => shardFromEnvironment({ SLURM_ARRAY_TASK_ID: '1' })).toThrow(/sbatch --array=0-9/);
  });

  it('takes every n-th item, and all shards together take each once', () => {
    const items = [0, 1, 2, 3, 4, 5, 6];
    const shards = [1, 2, 3].map((index) => ofShard(items, { index, count: 3 }));
    expect(shards).toEqual([
      [0, 3, 6],
      [1, 4],
      [2, 5],
    ]);
    expect(shardFile({ index: 2, count: 3 })).toBe('shard-2-of-3.sqlite');
  });
});

describe('roadbed runs merge', () => {
  const identity = (sha256: string): SweepIdentity => ({
    name: 'hand-made',
    description: '',
    sha256,
    keys: ['policy'],
    baseline: null,
    sweepText: '',
    scenarioText: '',
  });
  const cells: PlannedCell[] = ['random', 'mavfl'].map((policy, cell) => ({
    cell,
    id: policy,
    settings: { policy },
    seed: 1,
  }));

  function shard(
    name: string,
    sha: string,
    done: readonly (readonly [cell: number, seconds: number])[],
  ): string {
    const place = join(folder, name);
    const store = ExperimentStore.open(join(place, 'sweep.sqlite'), identity(sha), cells);
    for (const [cell, seconds] of done)
      store.record(resultOf(seconds), {
        cell,
        finishedAt: `2026-01-01T00:00:0${cell}.000Z`,
        machine: name,
        wallSeconds: 1,
        error: null,
      });
    store.close();
    return place;
  }

  async function merge(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err] = [[] as string[], [] as string[]];
    const io = {
      out: (line: string) => void out.push(line),
      err: (line: string) => void err.push(line),
      isTerminal: false,
      colour: false,
    };
    const code = await main(['runs', 'merge', ...args], io);
    return { code, out: out.join('\n'), err: err.join('\n') };
  }

  it('joins what shards finished, overlapping or not', async () => {
    const [a, b] = [
      shard('a', 's', [[0, 10]]),
      shard('b', 's', [
        [0, 10],
        [1, 20],
      ]),
    ];
    const { code, out } = await merge(a, b, '-o', join(folder, 'all'), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ sweep: 'hand-made', cells: 2, finished: 2, missing: 0 });
  });

  it('names the cells that two databases say different things of, and merges nothing', async () => {
    const [c, d] = [shard('c', 's', [[0, 10]]), shard('d', 's', [[0, 11]])];
    const { code, err } = await merge(c, d, '-o', join(folder, 'none'));
    expect(code).toBe(9);
    expect(err).toMatch(
      /^cell 0 \({"policy":"random"}, seed 1\) has different secondsToTarget, virtualSeconds, curve in .*c\/sweep\.sqlite and .*d\/sweep\.sqlite/,
    );
    expect(err).toMatch(/Nothing was merged/);
  });

  it('refuses another sweep, and a folder without one', async () => {
    const [e, f] = [shard('e', 's', []), shard('f', 't', [])];
    expect(await merge(e, f)).toMatchObject({
      code: 9,
      err: expect.stringMatching(/f\/sweep\.sqlite holds another sweep/),
    });
    expect(await merge(e, folder)).toMatchObject({
      code: 9,
      err: expect.stringMatching(/holds no sweep \(expected sweep\.sqlite/),
    });
  });
});

describe('the progress of a sweep', () => {
  it('tells cells, failures and the time left', () => {
    const lines: string[] = [];
    let now = 0;
    const progress = new SweepProgress(
      { write: (text) => lines.push(text) },
      { cells: 4, before: 2, now: () => now },
    );
    now = 30;
    progress.add('a', false);
    now = 50;
    progress.add('b', true);
    expect(lines).toEqual(['3/6 cells, 1 min 30 s left  a\n', '4/6 cells, 1 failed, 50 s left  b\n']);
    expect([9, 250, 3900].map(durationText)).toEqual(['9 s', '4 min 10 s', '1 h 05 min']);
  });
});

describe('scenarios/sweeps/policies.yaml', () => {
  it('tries every policy there is', () => {
    const { cells, sweep } = loadSweep('policies');
    const tried = new Set(cells.map(({ settings }) => settings['selection.policy']));
    expect([...tried].sort()).toEqual([...policyNames].sort());
    expect(sweep.baseline).toBe('policy=random');
  });
});

describe('docs/sweep-schema.md', () => {
  it('is what the tables say', () => {
    expect(readFileSync(new URL('../../docs/sweep-schema.md', import.meta.url), 'utf8')).toBe(
      experimentDocument(),
    );
  });
});

describe('deploy/', () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');

  it('tells each pod of as many shards as there are completions', () => {
    const manifest = read('sweep-job.yaml');
    const completions = /^ {2}completions: (\d+)$/m.exec(manifest)?.[1];
    expect(manifest).toContain('completionMode: Indexed');
    expect(/JOB_COMPLETION_COUNT, value: "(\d+)"/.exec(manifest)?.[1]).toBe(completions);
  });

  it('starts a Slurm array that roadbed can read', () => {
    expect(read('sweep.sbatch')).toMatch(/^#SBATCH --array=0-7$/m);
  });
});
