// Which chunks of a blob are held, as one bit each: bit i of byte i>>3 is chunk i. It travels as hex in a `need`, so a
// transfer resumes after any break without a word about history. Must not: know what the chunks contain.

/** A set of chunk indices 0..length-1. */
export class Bitmap {
  readonly length: number;
  readonly #bytes: Uint8Array;
  #count = 0;

  constructor(length: number) {
    this.length = length;
    this.#bytes = new Uint8Array((length + 7) >> 3);
  }

  /** Reads the hex of a `need`; undefined when its length is wrong or a bit beyond the last chunk is set. */
  static fromHex(hex: string, length: number): Bitmap | undefined {
    const bitmap = new Bitmap(length);
    if (hex.length !== bitmap.#bytes.length * 2) return undefined;
    for (let i = 0; i < bitmap.#bytes.length * 8; i++) {
      const byte = Number.parseInt(hex.slice((i >> 3) * 2, (i >> 3) * 2 + 2), 16);
      if (((byte >> (i & 7)) & 1) === 0) continue;
      if (i >= length) return undefined;
      bitmap.set(i);
    }
    return bitmap;
  }

  /** How many chunks are held. */
  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.length;
  }

  has(index: number): boolean {
    return ((this.#bytes[index >> 3]! >> (index & 7)) & 1) === 1;
  }

  /** Marks a chunk as held; false when it was held already. */
  set(index: number): boolean {
    if (this.has(index)) return false;
    this.#bytes[index >> 3]! |= 1 << (index & 7);
    this.#count++;
    return true;
  }

  /** The form in which it travels: two lower-case hex digits a byte. */
  toHex(): string {
    let hex = '';
    for (const byte of this.#bytes) hex += byte.toString(16).padStart(2, '0');
    return hex;
  }
}
