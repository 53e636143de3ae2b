// Text written straight into bytes: floating-car data of a city are a hundred million numbers, and making a string of each
// costs more than driving. Must not: know what is written.

const firstSize = 1 << 17;
/** Filled up to here, the text is handed on. */
const fullAt = 1 << 16;

const digit0 = 48;
const minus = 45;
const dot = 46;

/** Below this, a number times 10^precision is an exact integer and `%` is exact. */
const exactMost = 2 ** 53;

/** Text in ASCII and prepared UTF-8, handed to `sink` in pieces that are its own. */
export class ByteText {
  readonly #sink: (piece: Uint8Array) => void;
  readonly #scale: number;
  readonly #precision: number;
  #bytes = new Uint8Array(firstSize);
  #length = 0;

  /** `precision`: decimals of `fixed`, 0 to 9. */
  constructor(precision: number, sink: (piece: Uint8Array) => void) {
    this.#precision = precision;
    this.#scale = 10 ** precision;
    this.#sink = sink;
  }

  /** Prepared text. */
  bytes(text: Uint8Array): void {
    if (this.#length + text.length > this.#bytes.length) this.#grow(text.length);
    // Short texts: a loop is faster than `set`.
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length + i] = text[i]!;
    this.#length += text.length;
  }

  /** A finite number with the decimals of this text, halves rounded away from zero. */
  fixed(value: number): void {
    if (this.#length + 32 > this.#bytes.length) this.#grow(32);
    const scaled = Math.floor(Math.abs(value) * this.#scale + 0.5);
    if (!(scaled < exactMost)) return this.bytes(encodeText(value.toFixed(this.#precision)));
    if (value < 0 && scaled > 0) this.#bytes[this.#length++] = minus;
    const whole = Math.floor(scaled / this.#scale);
    this.#digits(whole, 1);
    if (this.#precision === 0) return;
    this.#bytes[this.#length++] = dot;
    this.#digits(scaled - whole * this.#scale, this.#precision);
  }

  /** Hands on what is there if it is a good piece, or in any case where `isLast`. */
  flush(isLast: boolean): void {
    if (this.#length === 0 || (!isLast && this.#length < fullAt)) return;
    this.#sink(this.#bytes.slice(0, this.#length));
    this.#length = 0;
  }

  /** A whole number of at least `least` digits. */
  #digits(value: number, least: number): void {
    let count = 1;
    for (let power = 10; power <= value; power *= 10) count += 1;
    count = Math.max(count, least);
    let rest = value;
    for (let i = this.#length + count - 1; i >= this.#length; i--) {
      const tenth = Math.floor(rest / 10);
      this.#bytes[i] = digit0 + (rest - 10 * tenth);
      rest = tenth;
    }
    this.#length += count;
  }

  #grow(wanted: number): void {
    const bytes = new Uint8Array(2 * this.#bytes.length + wanted);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

const encoder = new TextEncoder();

/** Text prepared for `ByteText.bytes`. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text prepared to stand in an attribute of XML. */
export function encodeAttribute(text: string): Uint8Array {
  return encodeText(text.replace(/[&<>"]/g, (letter) => escapes[letter]!));
}
