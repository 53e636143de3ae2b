// The report of `roadbed reproduce mavfl`: every figure of it worked out by hand from a few made-up runs.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CellResult, Experiment } from '../../roadside/store/experiment.ts';
import { main } from '../../testbed/cli.ts';
import { writePages } from '../../testbed/commands/report.ts';
import type { Observation } from '../../testbed/experiments/observations.ts';
import { mavflReport, soonerBy } from '../../testbed/reproduce/mavfl.ts';
import { mavflPage } from '../../testbed/reproduce/mavfl-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-mavfl-'));
afterAll(() => rmSync(folder, { recursive: true }));

const resultOf = (seconds: number, changes: Partial<CellResult> = {}): CellResult => ({
  status: 'reached',
  secondsToTarget: seconds,
  censoredAtSeconds: null,
  virtualSeconds: seconds,
  rounds: 10,
  finalAccuracy: 0.8,
  selected: 50,
  committed: 40,
  left: 10,
  late: 0,
  refused: 0,
  failed: 0,
  participationRatio: 0.8,
  lostShare: 0.25,
  bytesUp: 100,
  bytesDown: 200,
  joules: 40,
  wastedJoules: 10,
  engine: 'test',
  dataFingerprint: 'd',
  eventLogSha256: 'e'.repeat(64),
  modelSha256: 'f'.repeat(64),
  curve: [{ round: 10, at: seconds, accuracy: 0.8, loss: 1 }],
  ...changes,
});

const censored = (seconds: number): CellResult =>
  resultOf(seconds, { status: 'censored', secondsToTarget: null, censoredAtSeconds: seconds });

const seen = (policy: string, speed: number, results: readonly CellResult[]): Observation[] =>
  results.map((result, i) => ({
    settings: { 'traffic.desiredSpeedKmh': speed, 'selection.policy': policy },
    seed: i + 1,
    result,
  }));

const policies = ['mavfl', 'random', 'nearest', 'longest-stay', 'fedcs', 'foresight'];

/** Every policy at both speeds, three seeds; MAVFL's geometric mean is 200 at 60 km/h. */
const observations: readonly Observation[] = [
  ...seen('mavfl', 60, [resultOf(100), resultOf(200), resultOf(400)]),
  ...seen('random', 60, [resultOf(200), resultOf(300), resultOf(400)]),
  ...seen('nearest', 60, [resultOf(350), resultOf(350), resultOf(350)]),
  ...seen('longest-stay', 60, [resultOf(280), resultOf(280), resultOf(280)]),
  ...seen('fedcs', 60, [resultOf(100), resultOf(160), resultOf(200)]),
  ...seen('foresight', 60, [resultOf(50), resultOf(100), resultOf(200)]),
  ...seen('mavfl', 80, [resultOf(400), resultOf(500), resultOf(600)]),
  ...seen('random', 80, [resultOf(900), censored(1000), resultOf(1200)]),
  ...seen('nearest', 80, [resultOf(600), resultOf(600), resultOf(600)]),
  ...seen('longest-stay', 80, [resultOf(400), resultOf(400), resultOf(400)]),
  ...seen('fedcs', 80, [resultOf(200), resultOf(250), resultOf(300)]),
  ...seen('foresight', 80, [resultOf(200), resultOf(250)]),
];

const report = mavflReport('signs-lenet', policies, observations);
const cellOf = (policy: string, speed: number) =>
  report.cells.find((cell) => cell.policy === policy && cell.speed === speed)!;
const soonerOf = (policy: string, than: string, speed: number) =>
  report.comparisons.find((one) => one.policy === policy && one.than === than && one.speed === speed)!;

describe('a cell of the report', () => {
  it('has the mean of its seconds with its interval by Student', () => {
    // 100, 200, 400: mean 233.333, deviation 152.753; t at two degrees 4.3027; half width 379.459.
    expect(cellOf('mavfl', 60)).toMatchObject({
      task: 'signs-lenet',
      seeds: 3,
      secondsToTarget: { mean: 233.3, low: -146.1, high: 612.8 },
      censored: 0,
      rounds: 10,
    });
    expect(cellOf('nearest', 60).secondsToTarget).toEqual({ mean: 350, low: 350, high: 350 });
  });

  it('cuts its times at its first censored run, and counts that', () => {
    // 900, 1000 (censored) and 1200 become 900, 1000 and 1000.
    expect(cellOf('random', 80)).toMatchObject({ censored: 1, secondsToTarget: { mean: 966.7 } });
  });

  it('has no interval of one run', () => {
    const [cell] = mavflReport('t', ['mavfl'], seen('mavfl', 60, [resultOf(100)])).cells;
    expect(cell!.secondsToTarget).toEqual({ mean: 100, low: null, high: null });
  });

  it('pools tasks over its runs for the share lost, and averages the share of seconds', () => {
    const runs = [
      resultOf(100, { selected: 10, committed: 5, lostShare: 0.5 }),
      resultOf(100, { selected: 30, committed: 30, lostShare: 0 }),
      resultOf(100, { selected: 0, committed: 0, lostShare: null }),
    ];
    const [cell] = mavflReport('t', ['mavfl'], seen('mavfl', 60, runs)).cells;
    // 35 of 40 tasks; seconds (0.5 + 0 + 0) / 3.
    expect(cell!.lostShare).toBe(0.125);
    expect(cell!.lostSecondsShare).toBeCloseTo(1 / 6, 15);
  });

  it('is left out where no run of it is finished', () => {
    const { cells, comparisons } = mavflReport('t', policies, seen('mavfl', 60, [resultOf(100)]));
    expect(cells.map(({ policy, speed }) => [policy, speed])).toEqual([['mavfl', 60]]);
    expect(comparisons).toEqual([]);
  });
});

describe('a comparison of the report', () => {
  it('is the geometric mean of the ratios at equal seeds', () => {
    // Ratios 0.5, 0.5, 0.5 against MAVFL; 0.5, 0.625 and 1 against fedcs: geometric mean 0.6786.
    expect(soonerOf('foresight', 'mavfl', 60)).toEqual({
      ...{ speed: 60, policy: 'foresight', than: 'mavfl', seeds: 3 },
      ...{ percent: 50, low: 50, high: 50 },
    });
    expect(soonerOf('foresight', 'fedcs', 60).percent).toBe(32.1);
    // The logarithms -0.6931, -0.4700, 0: deviation 0.3538, half width 0.8789; exp(-0.3877 +- 0.8789).
    expect(soonerOf('foresight', 'fedcs', 60)).toMatchObject({ low: -63.4, high: 71.8 });
  });

  it('takes only seeds that both have', () => {
    expect(soonerOf('foresight', 'fedcs', 80)).toMatchObject({ seeds: 2, percent: 0, low: 0, high: 0 });
  });

  it('cuts both alike at the first censoring of either', () => {
    // Horizon 1000: MAVFL 400, 500, 600 against 900, 1000, 1000: ratios 0.4444, 0.5, 0.6, geometric mean 0.5109.
    expect(soonerOf('mavfl', 'random', 80).percent).toBe(48.9);
    // A censored run at 300 hides that MAVFL's 400 is later: both are 300 there.
    const [first, second] = [new Map([[1, resultOf(400)]]), new Map([[1, censored(300)]])];
    expect(soonerBy(first, second, { speed: 60, policy: 'mavfl', than: 'x' })!.percent).toBe(0);
  });

  it('sets ours against each, and the published policy against each but ours', () => {
    const pairs = report.comparisons.filter(({ speed }) => speed === 60);
    expect(pairs.map(({ policy, than }) => `${policy} ${than}`)).toEqual([
      ...['mavfl', 'random', 'nearest', 'longest-stay', 'fedcs'].map((than) => `foresight ${than}`),
      ...['random', 'nearest', 'longest-stay', 'fedcs'].map((than) => `mavfl ${than}`),
    ]);
  });
});

describe('the three readings of 28 %', () => {
  const percentOf = (of: typeof report): (number | null)[] => of.readings.map((one) => one.herePercent);

  it('leave out what a censored run makes uncertain', () => {
    // Random at 60 km/h: 300 / 233.3 - 1 = 28.6 %.
    // Reductions: 60 km/h 1 - 233.3/300 = 22.2, 1 - 233.3/350 = 33.3, 1 - 233.3/280 = 16.7; 80 km/h 1 - 500/600 = 16.7,
    // 1 - 500/400 = -25; random at 80 km/h has a censored run. Mean 12.8 %.
    // Excess: 350/233.3 - 1 = 50.0, 280/233.3 - 1 = 20.0, 20 and -20. Mean 17.5 %.
    expect(percentOf(report)).toEqual([28.6, 12.8, 17.5]);
    expect(report.readings.map((one) => one.paperPercent)).toEqual([27.9, 28.7, 29]);
  });

  it('follow from the published table itself as the paper has it', () => {
    const table = report.published.map(({ policy, speed, seconds }) =>
      seen(policy, speed, [resultOf(seconds)]),
    );
    const ofPaper = mavflReport('gtsrb-lenet', policies, table.flat());
    // The GTSRB half of Table II alone, so not the percents of the whole: 666.14 / 320.24 - 1 = 108.0 %.
    expect(percentOf(ofPaper)).toEqual([108, 36.3, 31.4]);
  });

  it('are null where nothing is finished', () => {
    expect(percentOf(mavflReport('t', policies, []))).toEqual([null, null, null]);
  });
});

describe('the page of a reproduction', () => {
  const experiment: Experiment = {
    path: 'x/sweep.sqlite',
    sweep: {
      name: 'reproduce-mavfl-signs-lenet-quick',
      description: 'Table II',
      sha256: 'abc',
      keys: ['traffic.desiredSpeedKmh', 'selection.policy'],
      baseline: 'policy=mavfl',
      sweepText: '',
      scenarioText: '',
    },
    cells: observations.map(({ settings, seed }, cell) => ({ cell, id: String(cell), settings, seed })),
    finished: observations.map(({ settings, seed, result }, cell) => ({
      cell: { cell, id: String(cell), settings, seed },
      result,
    })),
    attempts: [],
  };

  it('is written as HTML and Markdown with every figure, its data, and nothing from elsewhere', async () => {
    const [html, markdown] = [join(folder, 'a.html'), join(folder, 'a.md')];
    await writePages(mavflPage(report, experiment), [html, markdown]);
    const text = readFileSync(markdown, 'utf8');
    expect(text).toContain('| mavfl | 60 | 3 | 233.3 | -146.1 | 612.8 | 0 | 0.2 | 0.25 | 10 |');
    expect(text).toContain('| foresight | mavfl | 60 | 3 | 50 | 50 | 50 |');
    expect(text).toContain('| random at 60 km/h |');
    expect(text).toContain('[ours] target accuracy 0.8');
    const page = readFileSync(html, 'utf8');
    for (const name of ['cells.csv', 'sooner.csv', 'readings.csv', 'published.csv', 'time-to-target.csv'])
      expect(page).toContain(`download="${name}"`);
    const addresses = [...page.matchAll(/(?:src|href|url)\s*[=(]\s*"?([a-z]+:)/g)].map((match) => match[1]);
    expect(new Set(addresses)).toEqual(new Set(['data:']));
  });

  it('is refused another kind of file before anything runs', async () => {
    const err: string[] = [];
    const io = {
      out: () => undefined,
      err: (line: string) => void err.push(line),
      isTerminal: false,
      colour: false,
    };
    expect(await main(['reproduce', 'mavfl', '--report', 'report.pdf'], io)).toBe(2);
    expect(err).toEqual(['--report report.pdf: expected a name that ends in .html or .md']);
  });
});
