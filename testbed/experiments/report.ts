// What a report of a sweep says, before it is a page: sections of sentences, tables and plots, each marked with where it
// comes from. Pure. Must not: know HTML or Markdown, or read files or a clock.
//
// Marks: [run] simulated, read from event logs; [computed] from those by statistics; [chosen] set by the sweep or its
// scenario; [machine] true of where it was computed, and of nothing else.

import type { Experiment } from '../../roadside/store/experiment.ts';
import type { Table } from '../../roadside/store/table.ts';
import { compare, settingsText } from './compare.ts';
import { comparisonCells, comparisonHeadings, comparisonNotes } from './comparison-table.ts';
import { metrics } from './metrics.ts';
import { observationsOf } from './observations.ts';
import { curvesPlot, type Plot, sharesPlot, timesPlot } from './plots.ts';

export type Provenance = 'run' | 'computed' | 'chosen' | 'machine';

export interface Section {
  readonly title: string;
  readonly mark: Provenance;
  readonly sentences: readonly string[];
  readonly plot?: Plot;
  /** Shown as it is; `name` names its download. */
  readonly table?: { readonly name: string; readonly content: Table };
  /** Text kept as it was written. */
  readonly source?: string;
}

export interface Report {
  readonly title: string;
  readonly description: string;
  readonly sections: readonly Section[];
}

const comparedMetrics = ['secondsToTarget', 'finalAccuracy', 'lostShare', 'participationRatio'];

function comparisons(experiment: Experiment): Section[] {
  const observations = observationsOf(experiment);
  return metrics
    .filter(({ name }) => comparedMetrics.includes(name))
    .filter((metric) => observations.some(({ result }) => metric.of(result) !== null))
    .map((metric) => {
      const comparison = compare(observations, { metric, baseline: experiment.sweep.baseline });
      const columns = comparisonHeadings.map((heading) => heading.replace(/^</, ''));
      return {
        title: `Compared: ${metric.title} (${metric.unit}, ${metric.better} is better)`,
        mark: 'computed',
        sentences: comparisonNotes(comparison),
        table: { name: `compare-${metric.name}`, content: { columns, rows: comparisonCells(comparison) } },
      };
    });
}

function cellTable({ finished }: Experiment): Table {
  const columns = [
    'cell',
    'setting',
    'seed',
    'status',
    'seconds_to_target',
    'censored_at_seconds',
    'final_accuracy',
    'rounds',
    'participation_ratio',
    'lost_share',
    'bytes',
    'joules',
    'event_log_sha256',
    'model_sha256',
  ];
  const rows = finished.map(({ cell, result: r }) => [
    cell.cell,
    settingsText(cell.settings),
    cell.seed,
    r.status,
    r.secondsToTarget,
    r.censoredAtSeconds,
    r.finalAccuracy,
    r.rounds,
    r.participationRatio,
    r.lostShare,
    r.bytesUp + r.bytesDown,
    r.joules,
    r.eventLogSha256.slice(0, 12),
    r.modelSha256.slice(0, 12),
  ]);
  return { columns, rows };
}

function machines({ attempts, finished }: Experiment): Section {
  const counts = new Map<string, { cells: number; seconds: number }>();
  for (const { machine, wallSeconds, error } of attempts) {
    const entry = counts.get(machine) ?? { cells: 0, seconds: 0 };
    counts.set(machine, entry);
    entry.seconds += wallSeconds;
    if (error === null) entry.cells += 1;
  }
  const failed = attempts.filter(({ error }) => error !== null).length;
  const engines = [...new Set(finished.map(({ result }) => result.engine))];
  const rows = [...counts].map(([text, { cells, seconds }]) => {
    const about = JSON.parse(text) as Record<string, string>;
    return [
      about.roadbed ?? '',
      about.node ?? '',
      about.platform ?? '',
      about.cpu ?? '',
      cells,
      Math.round(seconds),
    ];
  });
  return {
    title: 'Versions and machines',
    mark: 'machine',
    sentences: [
      `Training engine: ${engines.join('; ') || '-'}.`,
      ...(rows.length > 1
        ? [
            'More than one version or machine took part; cells are equal on each, which merging checks where cells overlap.',
          ]
        : []),
      ...(failed > 0
        ? [`${failed} attempts at cells failed; the cells were tried again or are missing.`]
        : []),
    ],
    table: {
      name: 'machines',
      content: { columns: ['roadbed', 'node', 'platform', 'processor', 'cells', 'seconds_of_work'], rows },
    },
  };
}

function overview({ sweep, cells, finished }: Experiment): Section {
  const seeds = new Set(cells.map(({ seed }) => seed));
  const censored = finished.filter(({ result }) => result.status === 'censored').length;
  const missing = cells.length - finished.length;
  return {
    title: 'What was run',
    mark: 'chosen',
    sentences: [
      `${cells.length} cells: every combination of ${sweep.keys.join(', ')}, at ${seeds.size} seeds.`,
      `${finished.length} are finished; ${censored} of them ended before their target accuracy (censored) and are kept as such.`,
      ...(missing > 0 ? [`${missing} are missing from every figure below.`] : []),
      `The sweep's sha-256 is ${sweep.sha256}; its files stand at the end.`,
    ],
  };
}

/** The report of a sweep. Throws RoadbedError('usage') where nothing is finished, or its baseline is not there. */
export function reportOf(experiment: Experiment): Report {
  const { sweep, finished } = experiment;
  const observations = observationsOf(experiment);
  const timed = observations.filter(({ result }) => result.status !== 'finished');
  const plots = [
    ...(timed.length > 0 ? [timesPlot(timed)] : []),
    curvesPlot(observations),
    sharesPlot(observations),
  ];
  const shown = plots.map(
    (plot): Section => ({ title: plot.title, mark: 'run', sentences: [plot.caption], plot }),
  );
  return {
    title: `Sweep ${sweep.name}`,
    description: sweep.description,
    sections: [
      overview(experiment),
      ...comparisons(experiment),
      ...shown,
      {
        title: 'Every finished cell',
        mark: 'run',
        sentences: [
          `${finished.length} cells. Hashes are cut to twelve digits here; the database has them whole.`,
        ],
        table: { name: 'cells', content: cellTable(experiment) },
      },
      machines(experiment),
      { title: "The sweep's file", mark: 'chosen', sentences: [], source: sweep.sweepText },
      {
        title: 'Its scenario',
        mark: 'chosen',
        sentences: [
          'A value marked [paper] is stated by the paper the scenario names; all others are our own choice.',
        ],
        source: sweep.scenarioText,
      },
    ],
  };
}
