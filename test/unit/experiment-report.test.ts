// The report of a sweep: what it says of censored runs, that its data are in it, and that it asks nobody for anything.

import { describe, expect, it } from 'vitest';
import type { CellResult, Experiment } from '../../roadside/store/experiment.ts';
import { reportOf } from '../../testbed/experiments/report.ts';
import { htmlPage, markdownPage } from '../../testbed/experiments/report-pages.ts';
import { ticks } from '../../testbed/experiments/svg.ts';

const resultOf = (seconds: number, status: 'reached' | 'censored'): CellResult => ({
  status,
  secondsToTarget: status === 'reached' ? seconds : null,
  censoredAtSeconds: status === 'censored' ? seconds : null,
  virtualSeconds: seconds,
  rounds: 2,
  finalAccuracy: 0.5,
  selected: 4,
  committed: 3,
  left: 1,
  late: 0,
  refused: 0,
  failed: 0,
  participationRatio: 0.75,
  lostShare: 0.25,
  bytesUp: 100,
  bytesDown: 200,
  joules: 40,
  wastedJoules: 10,
  engine: 'test engine',
  dataFingerprint: 'd',
  eventLogSha256: 'e'.repeat(64),
  modelSha256: 'f'.repeat(64),
  curve: [
    { round: 1, at: seconds / 2, accuracy: 0.25, loss: 2 },
    { round: 2, at: seconds, accuracy: 0.5, loss: 1 },
  ],
});

const cell = (number: number, policy: string, seed: number) => ({
  cell: number,
  id: String(number),
  settings: { 'selection.policy': policy },
  seed,
});
const cells = [
  cell(0, 'random', 1),
  cell(1, '<b>"best" & fast</b>', 1),
  cell(2, 'random', 2),
  cell(3, '<b>"best" & fast</b>', 2),
];

const experiment: Experiment = {
  path: 'results/sweep.sqlite',
  sweep: {
    name: 'two',
    description: 'two policies',
    sha256: 'abc',
    keys: ['selection.policy'],
    baseline: 'policy=random',
    sweepText: 'name: two # <script>alert(1)</script>\n',
    scenarioText: 'name: highway # [paper]\n',
  },
  cells,
  finished: [
    { cell: cells[0]!, result: resultOf(100, 'reached') },
    { cell: cells[1]!, result: resultOf(80, 'reached') },
    { cell: cells[2]!, result: resultOf(120, 'censored') },
  ],
  attempts: [
    {
      cell: 0,
      finishedAt: '2026-01-01T00:00:00.000Z',
      machine: '{"roadbed":"0.1.0","node":"v20","platform":"linux","cpu":"2 x test"}',
      wallSeconds: 3,
      error: null,
    },
  ],
};

describe('a report', () => {
  const report = reportOf(experiment);
  const page = htmlPage(report);
  const text = markdownPage(report);

  it('counts what is finished, censored and missing', () => {
    expect(report.sections[0]!.sentences.slice(0, 3)).toEqual([
      '4 cells: every combination of selection.policy, at 2 seeds.',
      '3 are finished; 1 of them ended before their target accuracy (censored) and are kept as such.',
      '1 are missing from every figure below.',
    ]);
  });

  it('asks nobody for anything, and cannot be made to run what a name says', () => {
    const addresses = [...page.matchAll(/(?:src|href|url)\s*[=(]\s*"?([a-z]+:)/g)].map((match) => match[1]);
    expect(new Set(addresses)).toEqual(new Set(['data:']));
    expect(page).not.toMatch(/<script|<b>/);
    expect(page).toContain('&lt;script&gt;alert(1)');
  });

  it('holds the data of each plot and table, to be downloaded, and marks the censored run', () => {
    const downloads = [...page.matchAll(/download="([^"]+)"/g)].map((match) => match[1]);
    expect(downloads).toContain('time-to-target.csv');
    expect(downloads).toContain('accuracy.svg');
    expect(downloads).toContain('compare-secondsToTarget.csv');
    const times = report.sections.find(({ plot }) => plot?.name === 'time-to-target')!.plot!;
    expect(times.table.rows[1]).toEqual(['policy=random', 2, 'censored', null, 120]);
    expect(times.svg.match(/class="censored"/g)).toHaveLength(1);
  });

  it('says the same in Markdown, with versions, machine, scenario and marks', () => {
    for (const page of [text, htmlPage(report)])
      for (const part of [
        'test engine',
        '2 x test',
        'name: highway # [paper]',
        'Times are restricted to 120 simulated s.',
      ])
        expect(page).toContain(part);
    expect(text).toMatch(/^## Compared: time to the target accuracy .* \[computed\]$/m);
  });

  it('has the same bytes each time', () => {
    expect(htmlPage(reportOf(experiment))).toBe(page);
  });
});

describe('ticks', () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 165, [0, 50, 100, 150]],
    [0, 0.31, [0, 0.1, 0.2, 0.3]],
  ])('from %d to %d are round', (low, high, wanted) => {
    expect(ticks(low, high)).toEqual(wanted);
  });
});
