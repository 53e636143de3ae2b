// The tables of a data folder, by part: `train.csv` and `test.csv`, or one table whose column `split` names the part of
// each row, or one table that is split later. Must not: know what the other columns hold.

import { join } from 'node:path';
import { RoadbedError } from '../../base/errors.ts';
import { type CsvTable, columnOf, parseCsv } from './csv.ts';
import { readText } from './files.ts';
import type { WrittenLabel } from './labels.ts';

export type Part = 'train' | 'test' | 'all';

/** One sample as a table says it. */
export interface TableRow {
  readonly part: Part;
  /** The cell of the value column. */
  readonly value: string;
  readonly label: WrittenLabel;
}

export interface TableSet {
  readonly kind: 'images' | 'text';
  readonly rows: readonly TableRow[];
  /** Names in `classes.txt`, one a line, where the folder has one. */
  readonly classNames: readonly string[] | undefined;
}

const valueColumns = {
  images: ['path', 'file', 'filename', 'image', 'imagepath', 'img'],
  text: ['text', 'sentence', 'content', 'review', 'description', 'message', 'utterance'],
} as const;
const labelColumns = ['label', 'class', 'classid', 'category', 'target'];
const splitColumns = ['split', 'part', 'set', 'subset'];
const partNames: Readonly<Record<string, Part>> = {
  train: 'train',
  training: 'train',
  test: 'test',
  testing: 'test',
  val: 'test',
  validation: 'test',
};

interface Columns {
  readonly kind: TableSet['kind'];
  readonly value: number;
  readonly label: number;
  readonly split: number;
}

function columnsOf(table: CsvTable): Columns {
  const images = columnOf(table, valueColumns.images);
  const text = columnOf(table, valueColumns.text);
  const header = table.header.join(', ');
  if (images < 0 && text < 0)
    throw new RoadbedError(
      'data',
      `${table.path} has neither images nor text: its columns are ${header} (expected one named path or file, or one named text).`,
    );
  const label = columnOf(table, labelColumns);
  if (label < 0)
    throw new RoadbedError(
      'data',
      `${table.path} has no column of labels: its columns are ${header} (expected one named label or class).`,
    );
  const split = columnOf(table, splitColumns);
  return images >= 0
    ? { kind: 'images', value: images, label, split }
    : { kind: 'text', value: text, label, split };
}

function rowsOfTable(table: CsvTable, columns: Columns, part: Part): TableRow[] {
  return table.rows.map(({ line, cells }) => {
    const where = `${table.path}: line ${line}`;
    const written = columns.split < 0 ? undefined : cells[columns.split]!;
    const own = written === undefined ? part : partNames[written.toLowerCase()];
    if (own === undefined)
      throw new RoadbedError('data', `${where}: split ${written} (expected train or test).`);
    return { part: own, value: cells[columns.value]!, label: { text: cells[columns.label]!, where } };
  });
}

/** The tables to read, each with its part. */
function tablesOf(directory: string, names: readonly string[]): { name: string; part: Part }[] {
  const tables = names.filter((name) => name.toLowerCase().endsWith('.csv'));
  const withPart = tables.flatMap((name) => {
    const part = partNames[name.toLowerCase().slice(0, -'.csv'.length)];
    return part === undefined ? [] : [{ name, part }];
  });
  if (withPart.length > 0) return withPart;
  if (tables.length === 1) return [{ name: tables[0]!, part: 'all' }];
  throw new RoadbedError(
    'data',
    `${directory} holds ${tables.length} tables (${tables.slice(0, 3).join(', ')}); expected train.csv and test.csv, or a single one.`,
  );
}

/** True where a folder with these names holds a table. */
export function looksLikeTable(names: readonly string[]): boolean {
  return names.some((name) => name.toLowerCase().endsWith('.csv'));
}

/** Reads the tables of a folder. Throws RoadbedError('data') at a missing column, a damaged table or mixed kinds. */
export function readTables(directory: string, names: readonly string[]): TableSet {
  const read = tablesOf(directory, names).map(({ name, part }) => {
    const path = join(directory, name);
    const table = parseCsv(readText(path), path);
    const columns = columnsOf(table);
    return { kind: columns.kind, rows: rowsOfTable(table, columns, part) };
  });
  const { kind } = read[0]!;
  if (read.some((table) => table.kind !== kind))
    throw new RoadbedError('data', `${directory} mixes tables of images and of text; expected one kind.`);
  const listed = names.includes('classes.txt') ? readText(join(directory, 'classes.txt')) : undefined;
  const classNames = listed?.split(/\r?\n/).map((name) => name.trim());
  return { kind, rows: read.flatMap((table) => table.rows), classNames: classNames?.filter(Boolean) };
}
