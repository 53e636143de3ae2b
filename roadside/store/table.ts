// A query's result as CSV, TSV, JSON or text for the terminal. The same values in all of them: a number is printed as
// JavaScript prints it, which reads back to the same number. Must not: round or rename anything.

/** A value as SQLite gives it. Blobs are shown as hex. */
export type Cell = string | number | null;

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export const tableFormats = ['csv', 'tsv', 'json'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** RFC 4180, with the one freedom it leaves used to keep NULL (nothing) and the empty text (`""`) apart. */
function csvCell(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const tabEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
/** Backslash escapes keep every row on one line; NULL is nothing. */
const tsvCell = (cell: Cell): string =>
  cell === null ? '' : String(cell).replace(/[\\\t\n\r]/g, (found) => tabEscapes[found] as string);

const lines = (table: Table, separator: string, print: (cell: Cell) => string): string =>
  [table.columns, ...table.rows].map((row) => `${row.map(print).join(separator)}\n`).join('');

/** Rows as objects, in the order of columns; of two columns of one name the later wins, as in JSON. */
export const records = (table: Table): Record<string, Cell>[] =>
  table.rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, row[i] ?? null])));

/** The table as text ending in a newline. Columns come first in CSV and TSV. */
export function formatTable(table: Table, format: TableFormat): string {
  if (format === 'csv') return lines(table, ',', csvCell);
  if (format === 'tsv') return lines(table, '\t', tsvCell);
  const rows = records(table).map((record) => JSON.stringify(record));
  return rows.length === 0 ? '[]\n' : `[\n${rows.join(',\n')}\n]\n`;
}

const screenCell = (cell: Cell): string => {
  if (cell === null) return '-';
  if (typeof cell === 'number')
    return Number.isInteger(cell) ? String(cell) : String(Number(cell.toPrecision(6)));
  // Control characters could move the cursor or recolour the terminal.
  const plain = cell.replace(/\p{Cc}/gu, ' ');
  return plain.length > 60 ? `${plain.slice(0, 57)}...` : plain;
};

/** The table for the eye: aligned, numbers to six digits, long text cut. Not for programs. */
export function alignedTable(table: Table): string[] {
  const cells = [[...table.columns], ...table.rows.map((row) => row.map(screenCell))];
  const widths = table.columns.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const isNumber = table.columns.map((_, i) =>
    table.rows.every((row) => row[i] === null || typeof row[i] === 'number'),
  );
  const pad = (text: string, i: number): string =>
    isNumber[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0);
  return cells.map((row) => row.map(pad).join('  ').trimEnd());
}
