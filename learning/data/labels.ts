// Labels as people write them in tables, numbers or names, as numbers below 256. Must not: open files.

import { RoadbedError } from '../../base/errors.ts';

/** Labels are one byte (Dataset). */
const classesMost = 256;

/** One label as written, and where. */
export interface WrittenLabel {
  readonly text: string;
  /** Such as `train.csv: line 7`. */
  readonly where: string;
}

export interface LabelTable {
  readonly classNames: readonly string[];
  readonly numberOf: (label: WrittenLabel) => number;
}

function tooMany(count: number): RoadbedError {
  return new RoadbedError(
    'data',
    `the data set has ${count} classes (expected at most ${classesMost}; is the label column the right one?).`,
  );
}

function numbered(labels: readonly WrittenLabel[], names: readonly string[] | undefined): LabelTable {
  const bound = names?.length ?? classesMost;
  const numberOf = ({ text, where }: WrittenLabel): number => {
    const label = Number(text);
    if (Number.isInteger(label) && label >= 0 && label < bound) return label;
    throw new RoadbedError('data', `${where}: label ${text} (expected a whole number, 0..${bound - 1}).`);
  };
  const largest = labels.reduce((most, label) => Math.max(most, numberOf(label)), 0);
  const classNames = names ?? Array.from({ length: largest + 1 }, (_, label) => String(label));
  return { classNames, numberOf };
}

function named(labels: readonly WrittenLabel[], stated: readonly string[] | undefined): LabelTable {
  const classNames = stated ?? [...new Set(labels.map((label) => label.text))].sort();
  if (classNames.length > classesMost) throw tooMany(classNames.length);
  const numbers = new Map(classNames.map((name, number) => [name, number]));
  const numberOf = ({ text, where }: WrittenLabel): number => {
    const number = text === '' ? undefined : numbers.get(text);
    if (number !== undefined) return number;
    throw new RoadbedError(
      'data',
      `${where}: ${text === '' ? 'the label is empty' : `label ${text} is not in the list of classes`}.`,
    );
  };
  labels.forEach(numberOf);
  return { classNames, numberOf };
}

/**
 * How the labels of a whole data set become numbers. Whole numbers are taken as they are; anything else is a name, and
 * names are numbered in order. `stated` are the names of all classes where the data set lists them.
 * Throws RoadbedError('data') at a label out of range, an empty one, or more than 256 classes.
 */
export function labelTable(
  labels: readonly WrittenLabel[],
  stated: readonly string[] | undefined,
): LabelTable {
  if (stated !== undefined && stated.length > classesMost) throw tooMany(stated.length);
  const areNumbers = labels.every((label) => /^[+-]?\d+(\.\d+)?$/.test(label.text));
  return areNumbers ? numbered(labels, stated) : named(labels, stated);
}
