// A table as an Apache Parquet file, written in plain JavaScript. Columns keep their SQLite type: whole numbers INT64, other
// numbers DOUBLE, text STRING; NULL stays null. Must not: round, rename or reorder anything.

import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Cell, Table } from '../../roadside/store/table.ts';

type ParquetType = 'INT64' | 'DOUBLE' | 'STRING';

/** The narrowest type that holds every value of a column; a column of NULLs only is text. */
function typeOf(cells: readonly Cell[]): ParquetType {
  const known = cells.filter((cell) => cell !== null);
  if (known.length === 0 || known.some((cell) => typeof cell === 'string')) return 'STRING';
  return known.every((cell) => Number.isSafeInteger(cell)) ? 'INT64' : 'DOUBLE';
}

function storedAs(cell: Cell, type: ParquetType): bigint | number | string | null {
  if (cell === null) return null;
  if (type === 'INT64') return BigInt(cell);
  return type === 'DOUBLE' ? Number(cell) : String(cell);
}

/** The bytes of a Parquet file that holds `table`. */
export function parquetBytes({ columns, rows }: Table): Uint8Array {
  const columnData = columns.map((name, index) => {
    const cells = rows.map((row) => row[index] ?? null);
    const type = typeOf(cells);
    return { name, type, nullable: true, data: cells.map((cell) => storedAs(cell, type)) };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'roadbed' }));
}
