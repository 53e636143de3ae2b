// Reads floating-car data piece by piece: SUMO's XML, and CSV as SUMO's xml2csv and newer versions write it or with plain
// column names. Which of the two is told by the first character. Must not: touch files, or keep rows.

import { RoadbedError } from '../../base/errors.ts';
import type { XmlElement } from '../xml/element.ts';
import { declarationBytes, decoderOf } from '../xml/encoding.ts';
import { XmlReader } from '../xml/reader.ts';

/** A vehicle at an instant. One object serves all rows: take from it what must stay. */
export interface FcdRow {
  id: string;
  /** Metres; degrees of longitude and latitude in files written with --fcd-output.geo. */
  x: number;
  y: number;
  /** Degrees, 0 north, clockwise; NaN where the file has none. */
  angleDegrees: number;
  type: string;
  /** NaN where the file has none. */
  speedMps: number;
  /** Metres along the lane; NaN where the file has none. */
  positionMeters: number;
  /** Empty where the file has none. */
  lane: string;
}

export interface FcdHandlers {
  /** A new instant, seconds; times ascend. Instants without vehicles are reported where the file has them. */
  step(atSeconds: number): void;
  row(row: FcdRow): void;
}

/** What reading left out. */
export interface FcdSummary {
  /** Rows of persons and containers. */
  readonly skippedRows: number;
}

/** An open file: `write` its pieces in order, then `end`. Throws RoadbedError('data') with file and line. */
export class FcdReader {
  readonly #file: string;
  readonly #handlers: FcdHandlers;
  #inner: { write(piece: Uint8Array): void; end(): FcdSummary } | undefined;

  /** `file` is what errors call it. */
  constructor(file: string, handlers: FcdHandlers) {
    this.#file = file;
    this.#handlers = handlers;
  }

  write(piece: Uint8Array): void {
    this.#inner ??= this.#open(piece);
    this.#inner?.write(piece);
  }

  end(): FcdSummary {
    if (this.#inner === undefined)
      throw new RoadbedError('data', `${this.#file} is empty (expected floating-car data as XML or CSV)`);
    return this.#inner.end();
  }

  #open(piece: Uint8Array) {
    // White space and a byte order mark may come first.
    const decoder = decoderOf(piece, this.#file);
    const start = decoder.decode(piece.subarray(0, declarationBytes), { stream: true }).trimStart();
    if (start === '') return undefined;
    return start.startsWith('<')
      ? new FcdXml(this.#file, this.#handlers)
      : new FcdCsv(this.#file, decoderOf(piece, this.#file), this.#handlers);
  }
}

const emptyRow = (): FcdRow => ({
  id: '',
  x: Number.NaN,
  y: Number.NaN,
  angleDegrees: Number.NaN,
  type: '',
  speedMps: Number.NaN,
  positionMeters: Number.NaN,
  lane: '',
});

class FcdXml {
  readonly #reader: XmlReader;
  readonly #handlers: FcdHandlers;
  readonly #row = emptyRow();
  #skippedRows = 0;
  #lastSeconds = Number.NEGATIVE_INFINITY;

  constructor(file: string, handlers: FcdHandlers) {
    this.#handlers = handlers;
    this.#reader = new XmlReader(
      { file, roots: ['fcd-export'] },
      { open: (element) => this.#element(element) },
    );
  }

  write(piece: Uint8Array): void {
    this.#reader.write(piece);
  }

  end(): FcdSummary {
    this.#reader.end();
    return { skippedRows: this.#skippedRows };
  }

  #element(element: XmlElement): void {
    if (element.name === 'vehicle') this.#vehicle(element);
    else if (element.name === 'timestep') this.#step(element);
    else if (element.path.length > 0) this.#skippedRows += 1;
  }

  #step(element: XmlElement): void {
    const atSeconds = element.number('time', 'seconds');
    if (!(atSeconds > this.#lastSeconds))
      throw element.invalid('time', `a time after ${this.#lastSeconds}, the one before`);
    this.#lastSeconds = atSeconds;
    this.#handlers.step(atSeconds);
  }

  #vehicle(element: XmlElement): void {
    if (element.parent !== 'timestep') throw element.fault('stands alone', 'it inside a <timestep>');
    const row = this.#row;
    row.id = element.text('id', 'the id of a vehicle');
    row.x = element.number('x', 'metres');
    row.y = element.number('y', 'metres');
    row.angleDegrees = element.numberOr('angle', Number.NaN);
    row.type = element.optional('type') ?? '';
    row.speedMps = element.numberOr('speed', Number.NaN);
    row.positionMeters = element.numberOr('pos', Number.NaN);
    row.lane = element.optional('lane') ?? '';
    this.#handlers.row(row);
  }
}

/** Names of each column: SUMO's, and the plain ones. */
const columnNames = {
  time: ['timestep_time', 'time', 't', 'timestamp', 'seconds'],
  id: ['vehicle_id', 'id', 'vehicle'],
  x: ['vehicle_x', 'x', 'lon', 'longitude'],
  y: ['vehicle_y', 'y', 'lat', 'latitude'],
  angle: ['vehicle_angle', 'angle', 'heading'],
  type: ['vehicle_type', 'type'],
  speed: ['vehicle_speed', 'speed'],
  position: ['vehicle_pos', 'pos', 'position'],
  lane: ['vehicle_lane', 'lane'],
} as const;

type Column = keyof typeof columnNames;
const required: readonly Column[] = ['time', 'id', 'x', 'y'];

class FcdCsv {
  readonly #file: string;
  readonly #handlers: FcdHandlers;
  readonly #decoder: TextDecoder;
  readonly #row = emptyRow();
  #columns: Readonly<Record<Column, number>> | undefined;
  #separator = ';';
  #rest = '';
  #line = 0;
  #skippedRows = 0;
  #lastSeconds = Number.NEGATIVE_INFINITY;

  constructor(file: string, decoder: TextDecoder, handlers: FcdHandlers) {
    this.#file = file;
    this.#decoder = decoder;
    this.#handlers = handlers;
  }

  write(piece: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#read(line);
  }

  end(): FcdSummary {
    this.#read(this.#rest);
    return { skippedRows: this.#skippedRows };
  }

  #read(text: string): void {
    this.#line += 1;
    const line = text.trim();
    if (line === '') return;
    if (this.#columns === undefined) {
      this.#columns = this.#head(line);
      return;
    }
    this.#data(line.split(this.#separator), this.#columns);
  }

  #head(line: string): Readonly<Record<Column, number>> {
    this.#separator = line.includes(';') ? ';' : line.includes('\t') ? '\t' : ',';
    const names = line.split(this.#separator).map((name) => name.trim().toLowerCase());
    const at = (column: Column): number =>
      names.findIndex((name) => (columnNames[column] as readonly string[]).includes(name));
    const columns = Object.fromEntries(
      (Object.keys(columnNames) as Column[]).map((column) => [column, at(column)]),
    );
    const missing = required.find((column) => columns[column]! < 0);
    if (missing !== undefined)
      throw this.#fault(`has no column of ${missing}`, `one named ${columnNames[missing].join(' or ')}`);
    return columns as Record<Column, number>;
  }

  #data(cells: readonly string[], columns: Readonly<Record<Column, number>>): void {
    // xml2csv gives persons lines in which the columns of vehicles are empty.
    const id = cells[columns.id]?.trim() ?? '';
    const time = this.#number(cells, columns, 'time');
    if (time < this.#lastSeconds)
      throw this.#fault(`is at ${time} s`, `a time of ${this.#lastSeconds} s or later`);
    if (time > this.#lastSeconds) this.#handlers.step(time);
    this.#lastSeconds = time;
    if (id === '') {
      this.#skippedRows += 1;
      return;
    }
    const row = this.#row;
    row.id = id;
    row.x = this.#number(cells, columns, 'x');
    row.y = this.#number(cells, columns, 'y');
    row.angleDegrees = this.#optional(cells, columns, 'angle');
    row.type = cells[columns.type] ?? '';
    row.speedMps = this.#optional(cells, columns, 'speed');
    row.positionMeters = this.#optional(cells, columns, 'position');
    row.lane = cells[columns.lane] ?? '';
    this.#handlers.row(row);
  }

  #optional(cells: readonly string[], columns: Readonly<Record<Column, number>>, column: Column): number {
    const text = cells[columns[column]];
    return text === undefined || text.trim() === '' ? Number.NaN : this.#number(cells, columns, column);
  }

  #number(cells: readonly string[], columns: Readonly<Record<Column, number>>, column: Column): number {
    const text = cells[columns[column]]?.trim() ?? '';
    const value = text === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw this.#fault(`has the ${column} ${JSON.stringify(text)}`, 'a number');
  }

  #fault(what: string, expected: string): RoadbedError {
    return new RoadbedError('data', `${this.#file}, line ${this.#line}: ${what} (expected ${expected})`);
  }
}
