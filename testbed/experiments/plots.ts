// Plots of a sweep, each with the table it shows: accuracy over simulated seconds, time to the target with censored runs
// marked, shares. Pure. Must not: read files, or show what is not in its table.

import type { Table } from '../../roadside/store/table.ts';
import { settingsText } from './compare.ts';
import type { Observation } from './observations.ts';
import { meanInterval, meanOf } from './statistics.ts';
import {
  type Axis,
  axisX,
  axisY,
  colourOf,
  type Frame,
  round,
  scaleX,
  scaleY,
  svgOf,
  textAt,
} from './svg.ts';

export interface Plot {
  /** Names the download: letters and dashes. */
  readonly name: string;
  readonly title: string;
  /** How to read it. */
  readonly caption: string;
  readonly svg: string;
  readonly table: Table;
}

/** Runs of equal settings, one a seed. */
interface Series {
  readonly label: string;
  readonly runs: readonly Observation[];
}

function seriesOf(observations: readonly Observation[]): Series[] {
  const groups = new Map<string, Observation[]>();
  for (const one of observations) {
    const label = settingsText(one.settings);
    groups.set(label, [...(groups.get(label) ?? []), one]);
  }
  return [...groups].map(([label, runs]) => ({ label, runs }));
}

const most = (values: readonly number[], least: number): number =>
  values.reduce((a, b) => Math.max(a, b), least);

/** Accuracy of a run at an instant: that of its last evaluation; null before the first and after the run. */
function accuracyAt({ result }: Observation, at: number): number | null {
  if (at > result.virtualSeconds) return null;
  return result.curve.findLast((point) => point.at <= at)?.accuracy ?? null;
}

const instants = 60;

/** Mean and range of the seeds that still run, at instants of equal distance. */
function bandOf(
  { runs }: Series,
  end: number,
): { at: number; mean: number; low: number; high: number; runs: number }[] {
  return Array.from({ length: instants + 1 }, (_, index) => (end * index) / instants).flatMap((at) => {
    const values = runs.map((run) => accuracyAt(run, at)).filter((value) => value !== null);
    if (values.length === 0) return [];
    const [low, high] = [
      most(
        values.map((v) => -v),
        -1,
      ) * -1,
      most(values, 0),
    ];
    return [{ at, mean: meanOf(values), low, high, runs: values.length }];
  });
}

/** Accuracy over simulated seconds: a line for the mean of seeds, a band for their range. */
export function curvesPlot(observations: readonly Observation[]): Plot {
  const all = seriesOf(observations);
  const end = most(
    observations.map(({ result }) => result.virtualSeconds),
    1,
  );
  const top = most(
    observations.flatMap(({ result }) => result.curve.map(({ accuracy }) => accuracy)),
    0.01,
  );
  const frame: Frame = {
    width: 900,
    height: Math.max(380, 70 + all.length * 15),
    margin: { left: 56, right: 250, top: 16, bottom: 44 },
  };
  const [ax, ay]: [Axis, Axis] = [
    { title: 'simulated seconds', low: 0, high: end },
    { title: 'test accuracy', low: 0, high: top },
  ];
  const [x, y] = [scaleX(frame, ax), scaleY(frame, ay)];
  const bands = all.map((series) => bandOf(series, end));
  const marks = bands.flatMap((band, index) => {
    const colour = colourOf(index);
    const upper = band.map((p) => `${round(x(p.at))},${round(y(p.high))}`);
    const lower = band.map((p) => `${round(x(p.at))},${round(y(p.low))}`).reverse();
    const line = band.map((p) => `${round(x(p.at))},${round(y(p.mean))}`).join(' ');
    const key = frame.margin.top + 8 + index * 15;
    const left = frame.width - frame.margin.right + 14;
    return [
      `<polygon points="${[...upper, ...lower].join(' ')}" fill="${colour}" opacity="0.12"/>`,
      `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="1.8"/>`,
      `<rect x="${left}" y="${key - 8}" width="10" height="10" fill="${colour}"/>`,
      textAt(left + 16, key + 1, all[index]!.label),
    ];
  });
  const rows = bands.flatMap((band, index) =>
    band.map((p) => [all[index]!.label, p.at, p.mean, p.low, p.high, p.runs]),
  );
  const title = 'Test accuracy over simulated seconds';
  return {
    name: 'accuracy',
    title,
    caption:
      'Line: mean of the seeds that still run. Band: from the lowest to the highest of them. A run ends when it reaches its target.',
    svg: svgOf(frame, title, [...axisX(frame, ax), ...axisY(frame, ay), ...marks]),
    table: { columns: ['setting', 'seconds', 'mean_accuracy', 'lowest', 'highest', 'runs'], rows },
  };
}

const rowHeight = 24;

function rowFrame(count: number): Frame {
  return {
    width: 900,
    height: 70 + count * rowHeight,
    margin: { left: 250, right: 24, top: 16, bottom: 44 },
  };
}

const rowAt = (frame: Frame, index: number): number => frame.margin.top + (index + 0.5) * rowHeight;

/** Time to the target: a dot for each run, hollow with an arrow where it is censored: the true time is longer. */
export function timesPlot(observations: readonly Observation[]): Plot {
  const all = seriesOf(observations);
  const timeOf = ({ result }: Observation): number => result.secondsToTarget ?? result.virtualSeconds;
  const frame = rowFrame(all.length);
  const ax: Axis = {
    title: 'simulated seconds to the target accuracy',
    low: 0,
    high: most(observations.map(timeOf), 1) * 1.04,
  };
  const x = scaleX(frame, ax);
  const marks = all.flatMap(({ label, runs }, index) => {
    const [cy, colour] = [rowAt(frame, index), colourOf(index)];
    const dots = runs.map((run) => {
      const cx = x(timeOf(run));
      const hint = `<title>seed ${run.seed}: ${round(timeOf(run))} s${run.result.status === 'reached' ? '' : ', not reached'}</title>`;
      return run.result.status === 'reached'
        ? `<circle cx="${round(cx)}" cy="${round(cy)}" r="4" fill="${colour}">${hint}</circle>`
        : `<g stroke="${colour}" fill="#fff" stroke-width="1.5" class="censored"><circle cx="${round(cx)}" cy="${round(cy)}" r="4"/><path d="M${round(cx + 5)} ${round(cy)}h10m-4 -3l4 3l-4 3" fill="none"/>${hint}</g>`;
    });
    return [textAt(frame.margin.left - 8, cy + 4, label, ' text-anchor="end"'), ...dots];
  });
  const rows = all.flatMap(({ label, runs }) =>
    runs.map((run) => [
      label,
      run.seed,
      run.result.status,
      run.result.secondsToTarget,
      run.result.censoredAtSeconds,
    ]),
  );
  const title = 'Time to the target accuracy';
  return {
    name: 'time-to-target',
    title,
    caption:
      'Full dot: a run that reached the target. Hollow dot with an arrow: a run that ended before it (censored); its time is longer than where the dot stands.',
    svg: svgOf(frame, title, [...axisX(frame, ax), ...marks]),
    table: { columns: ['setting', 'seed', 'status', 'seconds_to_target', 'censored_at_seconds'], rows },
  };
}

/** Participation ratio and lost share: means of seeds with 95 % intervals. */
export function sharesPlot(observations: readonly Observation[]): Plot {
  const all = seriesOf(observations);
  const frame = rowFrame(all.length);
  const ax: Axis = { title: 'share', low: 0, high: 1 };
  const x = scaleX(frame, ax);
  const kinds = [
    {
      name: 'participation ratio',
      colour: 'hsl(210 60% 42%)',
      of: (o: Observation) => o.result.participationRatio,
    },
    { name: 'lost share', colour: 'hsl(15 70% 50%)', of: (o: Observation) => o.result.lostShare },
  ];
  const rows: (string | number | null)[][] = [];
  const marks = all.flatMap(({ label, runs }, index) => {
    const bars = kinds.flatMap(({ name, colour, of }, kind) => {
      const values = runs.map(of).filter((value) => value !== null);
      if (values.length === 0) return [];
      const [mean, interval] = [meanOf(values), meanInterval(values)];
      rows.push([label, name, mean, interval?.low ?? null, interval?.high ?? null, values.length]);
      const top = rowAt(frame, index) - 9 + kind * 9;
      const bar = `<rect x="${frame.margin.left}" y="${round(top)}" width="${round(x(mean) - frame.margin.left)}" height="8" fill="${colour}"><title>${name}: ${round(mean)}</title></rect>`;
      if (!interval) return [bar];
      const [low, high] = [x(Math.max(0, interval.low)), x(Math.min(1, interval.high))];
      return [
        bar,
        `<line x1="${round(low)}" x2="${round(high)}" y1="${round(top + 4)}" y2="${round(top + 4)}" class="axis"/>`,
      ];
    });
    return [textAt(frame.margin.left - 8, rowAt(frame, index) + 4, label, ' text-anchor="end"'), ...bars];
  });
  const key = kinds.flatMap(({ name, colour }, index) => [
    `<rect x="${frame.margin.left + index * 150}" y="2" width="10" height="10" fill="${colour}"/>`,
    textAt(frame.margin.left + index * 150 + 15, 11, name),
  ]);
  const title = 'Participation ratio and lost share of the work';
  return {
    name: 'shares',
    title,
    caption:
      'Participation ratio: tasks whose update counts, of all tasks. Lost share: seconds of work that do not count, of all seconds vehicles worked. Lines: 95 % intervals of the mean (Student t), cut off at 0 and 1.',
    svg: svgOf(frame, title, [...axisX(frame, ax), ...marks, ...key]),
    table: { columns: ['setting', 'share', 'mean', 'low', 'high', 'runs'], rows },
  };
}
