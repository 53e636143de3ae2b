// TraCI's way of writing values: big-endian numbers, strings with an int32 length in front, values with a type byte before
// them. Source: SUMO's TraCI protocol page; API version 20 (SUMO 1.15). Must not: know commands, or touch a socket.

import { RoadbedError } from '../../base/errors.ts';

/** Type bytes of values. */
export const types = {
  position2D: 0x01,
  ubyte: 0x07,
  byte: 0x08,
  int: 0x09,
  double: 0x0b,
  string: 0x0c,
  stringList: 0x0e,
} as const;

export type TraciValue = number | string | readonly string[] | { readonly x: number; readonly y: number };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Collects bytes; every method returns the writer. */
export class ByteWriter {
  #bytes: number[] = [];

  ubyte(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  int(value: number): this {
    this.#bytes.push((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
    return this;
  }

  double(value: number): this {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return this.raw(new Uint8Array(view.buffer));
  }

  string(text: string): this {
    const bytes = encoder.encode(text);
    return this.int(bytes.length).raw(bytes);
  }

  raw(bytes: Uint8Array): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Reads what a server sent. Throws RoadbedError('simulator') where bytes are missing or a type is unknown. */
export class ByteReader {
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = from;
    this.#end = end;
  }

  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Goes on behind what is not read. */
  skipTo(at: number): void {
    if (at < this.#at || at > this.#end) throw garbled(`a block that ends at ${at} of ${this.#end}`);
    this.#at = at;
  }

  ubyte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  int(): number {
    return this.#view.getInt32(this.#take(4));
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  string(): string {
    const length = this.int();
    if (length < 0) throw garbled(`a string of ${length} bytes`);
    const from = this.#take(length);
    return decoder.decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + from, length));
  }

  stringList(): string[] {
    const count = this.int();
    if (count < 0) throw garbled(`a list of ${count} strings`);
    return Array.from({ length: count }, () => this.string());
  }

  /** A value behind its type byte. */
  value(): TraciValue {
    const type = this.ubyte();
    switch (type) {
      case types.ubyte:
        return this.ubyte();
      case types.byte:
        return (this.ubyte() << 24) >> 24;
      case types.int:
        return this.int();
      case types.double:
        return this.double();
      case types.string:
        return this.string();
      case types.stringList:
        return this.stringList();
      case types.position2D:
        return { x: this.double(), y: this.double() };
      default:
        throw garbled(`a value of type 0x${type.toString(16)}`);
    }
  }

  #take(length: number): number {
    const from = this.#at;
    if (from + length > this.#end) throw garbled(`${length} bytes wanted where ${this.#end - from} are left`);
    this.#at += length;
    return from;
  }
}

/** An answer that is not TraCI's. */
export const garbled = (what: string): RoadbedError =>
  new RoadbedError(
    'simulator',
    `the TraCI server's answer cannot be read: ${what} (expected the protocol of SUMO 1.0 to 1.20)`,
  );
