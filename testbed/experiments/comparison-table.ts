// A comparison as rows of text, for the terminal and for reports. Must not: compute.

import { type Comparison, type ComparisonRow, settingsText, valueText } from './compare.ts';
import type { Interval } from './statistics.ts';

/** Four digits, and no more. */
export const numberText = (value: number | null | undefined): string => {
  if (value === null || value === undefined) return '-';
  return Math.abs(value) >= 1e4 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
};

const intervalText = (interval: Interval | null | undefined): string =>
  interval ? `${numberText(interval.low)} .. ${numberText(interval.high)}` : '-';

const pText = (p: number | null): string => (p === null ? '-' : p < 0.0001 ? '< 0.0001' : p.toFixed(4));

/** Headings as `textTable` takes them: `<` aligns left. */
export const comparisonHeadings: readonly string[] = [
  '<setting',
  'runs',
  'censored',
  'mean',
  '95 %',
  'difference',
  '95 %',
  'ratio',
  '95 %',
  'd_z',
  'g_z',
  'p (Holm)',
];

function cellsOf(row: ComparisonRow, factor: string): string[] {
  const { stratum, level, isBaseline, runs, censored, mean, interval, difference, ratio, pHolm } = row;
  const setting = settingsText({ [factor]: level, ...stratum });
  return [
    isBaseline ? `${setting} (baseline)` : setting,
    String(runs),
    String(censored),
    numberText(mean),
    intervalText(interval),
    numberText(difference?.meanDifference),
    intervalText(difference?.interval),
    numberText(ratio?.ratio),
    intervalText(ratio?.interval),
    numberText(difference?.cohenDz),
    numberText(difference?.hedgesGz),
    pText(pHolm),
  ];
}

export const comparisonCells = ({ rows, factor }: Comparison): string[][] =>
  rows.map((row) => cellsOf(row, factor));

/** What has to be read beside the table. */
export function comparisonNotes({ horizons, rows, method, factor, unit }: Comparison): string[] {
  const cut = horizons.map(({ stratum, seconds }) => {
    const where = Object.keys(stratum).length > 0 ? ` (${settingsText(stratum)})` : '';
    return `Times are restricted to ${numberText(seconds)} ${unit}${where}.`;
  });
  const unpaired = rows
    .filter(({ unpairedSeeds, isBaseline }) => !isBaseline && unpairedSeeds.length > 0)
    .map(
      ({ stratum, level, unpairedSeeds }) =>
        `${settingsText({ [factor]: level, ...stratum })}: seeds ${unpairedSeeds.map(valueText).join(', ')} have no pair.`,
    );
  return [...method, ...cut, ...unpaired];
}
