// A folder with tables as a data set: images that they list, or texts that they hold. Must not: guess a part; a row is in
// the part its table or its split column names, or the whole set is split by class.

import { RoadbedError } from '../../base/errors.ts';
import type { Dataset } from '../learner.ts';
import { loadImages } from './image-folder.ts';
import { type LabelTable, labelTable } from './labels.ts';
import { type SplitDataset, splitByClass, withSameClasses } from './split.ts';
import { type Part, readTables, type TableRow } from './table-parts.ts';
import { encodeTexts, type TokenOptions, tokenizerFor } from './text.ts';

export interface TableDataset extends SplitDataset {
  readonly kind: 'images' | 'text';
  readonly classNames: readonly string[];
}

function textLoader(rows: readonly TableRow[], table: LabelTable, options: TokenOptions) {
  const training = rows.filter((row) => row.part !== 'test').map((row) => row.value);
  const tokenizer = tokenizerFor(training, options);
  const settings = { tokenizer, length: options.length, classes: table.classNames.length };
  return (part: readonly TableRow[]): Dataset =>
    encodeTexts(
      part.map((row) => row.value),
      Uint8Array.from(part, (row) => table.numberOf(row.label)),
      settings,
    );
}

/** Loads the tables of a folder. Every error is a RoadbedError('data') that names file and line. */
export function loadTableFolder(
  directory: string,
  names: readonly string[],
  tokens: TokenOptions,
): TableDataset {
  const { kind, rows, classNames } = readTables(directory, names);
  const table = labelTable(
    rows.map((row) => row.label),
    classNames,
  );
  const load =
    kind === 'images'
      ? (part: readonly TableRow[]): Dataset => loadImages(directory, part, table)
      : textLoader(rows, table, tokens);
  const rowsOf = (part: Part): TableRow[] => rows.filter((row) => row.part === part);
  const all = rowsOf('all');
  if (all.length > 0) return { kind, classNames: table.classNames, ...splitByClass(load(all), directory) };
  const train = rowsOf('train');
  const test = rowsOf('test');
  if (train.length > 0 && test.length > 0)
    return { kind, classNames: table.classNames, ...withSameClasses(load(train), load(test), directory) };
  const only = train.length > 0 ? train : test;
  if (only.length === 0) throw new RoadbedError('data', `${directory} lists no samples.`);
  return { kind, classNames: table.classNames, ...splitByClass(load(only), directory) };
}
