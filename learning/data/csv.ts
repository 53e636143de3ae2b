// Comma-separated tables: cells, rows with their line numbers, columns found by any of their usual names. Understands
// RFC 4180 quoting, and semicolons or tabs in place of commas. Must not: open files, or know what a column means.

import { RoadbedError } from '../../base/errors.ts';

export interface CsvRow {
  /** Line in the file, the header being 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvTable {
  /** Names in errors. */
  readonly path: string;
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
}

function separatorOf(text: string): string {
  const first = text.slice(0, text.search(/\r?\n|$/));
  const count = (mark: string): number => first.split(mark).length;
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

/** Reads one quoted cell whose opening quote is at `at`; returns its text and the place behind its closing quote. */
function quotedCell(text: string, at: number, path: string, line: number): { cell: string; end: number } {
  let cell = '';
  for (let from = at + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote < 0)
      throw new RoadbedError('data', `${path}: line ${line} opens a quote that is never closed.`);
    cell += text.slice(from, quote);
    if (text[quote + 1] !== '"') return { cell, end: quote + 1 };
    cell += '"';
    from = quote + 2;
  }
}

function* rowsOf(text: string, separator: string, path: string): Generator<CsvRow> {
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const cells: string[] = [];
    const first = line;
    for (;;) {
      let cell: string;
      if (text[at] === '"') {
        const quoted = quotedCell(text, at, path, line);
        ({ cell } = quoted);
        line += cell.split('\n').length - 1;
        at = quoted.end;
      } else {
        const start = at;
        while (at < text.length && text[at] !== separator && text[at] !== '\n') at++;
        cell = text.slice(start, at).trim();
      }
      cells.push(cell);
      while (at < text.length && text[at] !== separator && text[at] !== '\n') at++;
      if (text[at] !== separator) break;
      at++;
    }
    at++;
    line++;
    if (cells.length > 1 || cells[0] !== '') yield { line: first, cells };
  }
}

/** Parses a table whose first row names its columns. Throws RoadbedError('data') where it is empty or damaged. */
export function parseCsv(text: string, path: string): CsvTable {
  const [header, ...rows] = rowsOf(text, separatorOf(text), path);
  if (header === undefined)
    throw new RoadbedError('data', `${path} is empty; expected a row of column names.`);
  if (rows.length === 0) throw new RoadbedError('data', `${path} has no rows below its column names.`);
  const width = header.cells.length;
  const odd = rows.find((row) => row.cells.length !== width);
  if (odd !== undefined)
    throw new RoadbedError(
      'data',
      `${path}: line ${odd.line} has ${odd.cells.length} cells (expected ${width}, as its first line). Quote cells that hold the separator.`,
    );
  return { path, header: header.cells, rows };
}

/** Index of the first column with one of these names, whatever its case; -1 where there is none. */
export function columnOf({ header }: CsvTable, names: readonly string[]): number {
  return header.findIndex((name) => names.includes(name.toLowerCase().replace(/[ _-]/g, '')));
}
