// The report of `roadbed reproduce mavfl` as a page: its figures first, then what every report of a sweep says. Pure.
// Must not: compute figures (mavfl.ts does), or know HTML.

import type { Experiment } from '../../roadside/store/experiment.ts';
import type { Table } from '../../roadside/store/table.ts';
import { type Report, reportOf, type Section } from '../experiments/report.ts';
import type { MavflReport } from './mavfl.ts';

function cellTable({ cells }: MavflReport): Table {
  const columns = [
    'policy',
    'km/h',
    'seeds',
    'seconds to target',
    'low',
    'high',
    'censored',
    'share of tasks lost',
    "share of cars' seconds lost",
    'rounds',
  ];
  const rows = cells.map((cell) => {
    const { mean, low, high } = cell.secondsToTarget;
    const times = [cell.policy, cell.speed, cell.seeds, mean, low, high];
    return [...times, cell.censored, cell.lostShare, cell.lostSecondsShare, cell.rounds];
  });
  return { columns, rows };
}

function soonerTable({ comparisons }: MavflReport): Table {
  const columns = ['policy', 'than', 'km/h', 'pairs', '% sooner', 'low', 'high'];
  const rows = comparisons.map(({ policy, than, speed, seeds, percent, low, high }) => {
    return [policy, than, speed, seeds, percent, low, high];
  });
  return { columns, rows };
}

function readingTable({ readings }: MavflReport): Table {
  const rows = readings.map((one) => [one.name, one.meaning, one.herePercent, one.paperPercent]);
  return { columns: ['reading', 'meaning', '% here', "% in the paper's table"], rows };
}

function publishedTable({ published }: MavflReport): Table {
  return {
    columns: ['policy', 'km/h', 'seconds'],
    rows: published.map(({ policy, speed, seconds }) => [policy, speed, seconds]),
  };
}

function ownSections(report: MavflReport): Section[] {
  return [
    { title: 'Setting', mark: 'chosen', sentences: [report.claim, ...report.setting] },
    {
      title: 'Seconds to the target accuracy',
      mark: 'computed',
      sentences: report.notes,
      table: { name: 'cells', content: cellTable(report) },
    },
    {
      title: 'Who was sooner at the same seeds',
      mark: 'computed',
      sentences: ['Per cent of time saved, from the geometric mean of the pairs; below 0: later.'],
      table: { name: 'sooner', content: soonerTable(report) },
    },
    {
      title: 'What "about 28 %" can mean',
      mark: 'computed',
      sentences: [
        "The paper does not say which of these it is; a reading whose runs are not all there is '-'.",
      ],
      table: { name: 'readings', content: readingTable(report) },
    },
    {
      title: "The paper's Table II on GTSRB with LeNet [R]",
      mark: 'chosen',
      sentences: ['Seconds to 90 %, for comparison of magnitudes only: traffic, devices and target differ.'],
      table: { name: 'published', content: publishedTable(report) },
    },
  ];
}

/** The page of a finished or half-finished reproduction. */
export function mavflPage(report: MavflReport, experiment: Experiment): Report {
  const { title: _, description, sections } = reportOf(experiment);
  return { title: report.paper, description, sections: [...ownSections(report), ...sections] };
}
