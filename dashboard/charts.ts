// Accuracy and loss over rounds, seconds or bytes. The bold line goes up to the cursor, the pale one over the whole run, so
// that a replay shows what is still to come. A click on a point goes to its instant. The one file that knows uPlot.
// Must not: smooth or resample what the log says.

import uPlot from 'uplot';
import { h, setText } from './dom.ts';
import { bytes, clock, loss, percent } from './format.ts';
import type { Theme } from './palette.ts';
import { themes } from './palette.ts';
import type { Actions, PageState, Panel } from './panel.ts';
import type { LearningPoint } from './view.ts';

export const axes = ['round', 'seconds', 'bytes'] as const;
export type Axis = (typeof axes)[number];

const axisText: Readonly<Record<Axis, (value: number) => string>> = {
  round: (value) => (Number.isInteger(value) ? String(value) : ''),
  seconds: (value) => clock(value).replace(/\.0$/, ''),
  bytes,
};

interface Metric {
  readonly title: string;
  readonly colour: 'accuracy' | 'loss';
  readonly of: (point: LearningPoint) => number;
  readonly text: (value: number) => string;
  readonly range: (min: number, max: number) => [number, number];
}

const metrics: readonly Metric[] = [
  {
    title: 'Test accuracy',
    colour: 'accuracy',
    of: (point) => point.accuracy,
    text: percent,
    range: () => [0, 1],
  },
  {
    title: 'Test loss',
    colour: 'loss',
    of: (point) => point.loss,
    text: loss,
    range: (_, max) => [0, max > 0 ? max * 1.08 : 1],
  },
];

/** The columns of a chart: x, the whole run, the run up to the cursor (null after it). */
export function columnsOf(
  axis: Axis,
  all: readonly LearningPoint[],
  shown: number,
  of: (point: LearningPoint) => number,
): [number[], number[], (number | null)[]] {
  return [
    all.map((point) => point[axis]),
    all.map(of),
    all.map((point, i) => (i < shown ? of(point) : null)),
  ];
}

export interface Charts extends Panel {
  setTheme(theme: Theme): void;
}

export function createCharts(host: HTMLElement, axisSelect: HTMLSelectElement, actions: Actions): Charts {
  let points: readonly LearningPoint[] = [];
  let shown = -1;
  let theme = themes.dark;
  const axis = (): Axis => axes.find((name) => name === axisSelect.value) ?? 'round';
  const goTo = (index: number) => {
    const point = points[index];
    if (point !== undefined) actions.seek(point.seconds);
  };
  const charts = metrics.map((metric) => createChart(host, { metric, axis, theme: () => theme, goTo }));
  const redraw = () => {
    for (const chart of charts) chart.show(points, Math.max(0, shown));
  };
  axisSelect.addEventListener('change', redraw);
  return {
    update(state: PageState) {
      const count = Math.min(state.view.points.length, state.latest.points.length);
      if (points === state.latest.points && shown === count) return;
      points = state.latest.points;
      shown = count;
      redraw();
    },
    setTheme(next) {
      theme = next;
      redraw();
    },
  };
}

interface ChartOptions {
  readonly metric: Metric;
  readonly axis: () => Axis;
  readonly theme: () => Theme;
  readonly goTo: (index: number) => void;
}

interface Chart {
  show(points: readonly LearningPoint[], shown: number): void;
}

function createChart(host: HTMLElement, options: ChartOptions): Chart {
  const { metric, axis, goTo } = options;
  const reading = h('span', { class: 'chart-reading' }, '');
  const plotHost = h('div', { class: 'chart-plot', attributes: { role: 'img' } });
  const empty = h('p', { class: 'chart-empty' }, 'No evaluation yet.');
  const title = h('h3', {}, metric.title, reading);
  host.append(h('figure', { class: 'chart' }, title, h('div', { class: 'chart-frame' }, plotHost, empty)));
  const plot = new uPlot(plotOptions(options, plotHost), [[], [], []], plotHost);
  plot.over.addEventListener('click', () => {
    if (plot.cursor.idx !== null && plot.cursor.idx !== undefined) goTo(plot.cursor.idx);
  });
  new ResizeObserver(() => {
    plot.setSize({ width: plotHost.clientWidth, height: plotHost.clientHeight });
  }).observe(plotHost);
  return {
    show(points, shown) {
      const last = points[shown - 1];
      setText(reading, last === undefined ? '' : metric.text(metric.of(last)));
      empty.hidden = points.length > 0;
      plotHost.style.visibility = points.length > 0 ? 'visible' : 'hidden';
      plotHost.setAttribute('aria-label', describe(metric, points.slice(0, shown)));
      plot.setData(columnsOf(axis(), points, shown, metric.of));
    },
  };
}

/** The chart in words; the rounds table holds the same numbers row by row. */
function describe(metric: Metric, points: readonly LearningPoint[]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return `${metric.title}: no evaluation yet.`;
  const from = `${metric.text(metric.of(first))} after round ${first.round}`;
  return `${metric.title}: from ${from} to ${metric.text(metric.of(last))} after round ${last.round}.`;
}

function plotOptions({ metric, axis, theme }: ChartOptions, host: HTMLElement): uPlot.Options {
  const lines = { stroke: () => theme().rule, width: 1 };
  const colour = () => theme()[metric.colour];
  const font = '11px system-ui, sans-serif';
  const frame = { stroke: () => theme().inkSoft, font, grid: lines, ticks: { ...lines, size: 4 } };
  return {
    width: Math.max(1, host.clientWidth),
    height: Math.max(1, host.clientHeight),
    padding: [10, 14, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 8 } },
    scales: {
      x: { time: false, range: (_, min, max) => (max > min ? [min, max] : [min, min + 1]) },
      y: { range: (_, min, max) => metric.range(min, max) },
    },
    axes: [
      { ...frame, size: 26, values: (_, splits) => splits.map((value) => axisText[axis()](value)) },
      { ...frame, size: 52, space: 26, values: (_, splits) => splits.map(shortTick(metric)) },
    ],
    series: [
      {},
      { stroke: () => theme().pale, width: 1.5, points: { show: false } },
      { stroke: colour, width: 2, points: { show: true, size: 6, fill: colour } },
    ],
  };
}

const shortTick =
  (metric: Metric) =>
  (value: number): string =>
    metric.text === percent ? `${Math.round(value * 100)} %` : String(Number(value.toFixed(3)));
