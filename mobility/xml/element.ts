// One opened XML element as its reader sees it: the attributes by name, as text or as numbers, and where it stands in
// the file, so that every complaint names file, line and element.
// Must not: outlive the call it is passed to (one object serves all elements), or know what a document means.

import { RoadbedError } from '../../base/errors.ts';

/** How much of an attribute's value an error shows. */
const shownLetters = 60;

/** Where an element stands. */
export interface XmlPlace {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A fault at a place that is only known by its line, e.g. where names are resolved after the reading. */
export function faultAt(place: XmlPlace, what: string, expected: string): RoadbedError {
  return new RoadbedError('data', `${place.file}, line ${place.line}: ${what} (expected ${expected})`);
}

/** An opened element. Valid only during the call it is passed to. */
export class XmlElement implements XmlPlace {
  readonly file: string;
  name = '';
  line = 0;
  /** Names of the elements around it, the root first. */
  readonly path: readonly string[];
  #attributes: Readonly<Record<string, string>> = {};

  constructor(file: string, path: readonly string[]) {
    this.file = file;
    this.path = path;
  }

  /** For the reader: makes this object stand for the next element. */
  become(name: string, attributes: Readonly<Record<string, string>>, line: number): void {
    this.name = name;
    this.#attributes = attributes;
    this.line = line;
  }

  /** The name of the element this one stands in; empty at the root. */
  get parent(): string {
    return this.path.at(-1) ?? '';
  }

  /** The attribute's text; undefined where it is absent. */
  optional(attribute: string): string | undefined {
    return this.#attributes[attribute];
  }

  /** Names of the attributes that are not among `known`. */
  attributesBeside(known: ReadonlySet<string>): string[] {
    return Object.keys(this.#attributes).filter((name) => !known.has(name));
  }

  /** The attribute's text. Throws RoadbedError('data') where it is absent; `expected` says what it should hold. */
  text(attribute: string, expected = 'a text'): string {
    const value = this.#attributes[attribute];
    if (value === undefined) throw this.fault(`has no attribute "${attribute}"`, expected);
    return value;
  }

  /** The attribute as a finite number. Throws RoadbedError('data') where it is absent or none. */
  number(attribute: string, expected = 'a number'): number {
    return this.#toNumber(attribute, this.text(attribute, expected), expected);
  }

  /** The attribute as a finite number, `fallback` where it is absent. Throws RoadbedError('data') where it is none. */
  numberOr<T extends number | undefined>(attribute: string, fallback: T, expected = 'a number'): number | T {
    const value = this.#attributes[attribute];
    return value === undefined ? fallback : this.#toNumber(attribute, value, expected);
  }

  /** The attribute as an integer. Throws RoadbedError('data') where it is absent or none. */
  integer(attribute: string, expected = 'an integer'): number {
    const value = this.number(attribute, expected);
    if (!Number.isInteger(value)) throw this.invalid(attribute, expected);
    return value;
  }

  /** The attribute as an integer, `fallback` where it is absent. Throws RoadbedError('data') where it is none. */
  integerOr(attribute: string, fallback: number, expected = 'an integer'): number {
    return this.#attributes[attribute] === undefined ? fallback : this.integer(attribute, expected);
  }

  /** SUMO's booleans: 1, true, yes, on, x, t against 0, false, no, off, -, f. `fallback` where it is absent. */
  flagOr(attribute: string, fallback: boolean): boolean {
    const value = this.#attributes[attribute];
    if (value === undefined) return fallback;
    const word = value.trim().toLowerCase();
    if (['1', 'true', 'yes', 'on', 'x', 't'].includes(word)) return true;
    if (['0', 'false', 'no', 'off', '-', 'f'].includes(word)) return false;
    throw this.invalid(attribute, 'true or false');
  }

  /** `file, line n: <name id="..."> what (expected ...)`, to be thrown. */
  fault(what: string, expected: string): RoadbedError {
    const id = this.#attributes.id;
    const shown = id === undefined ? `<${this.name}>` : `<${this.name} id="${cut(id)}">`;
    return new RoadbedError(
      'data',
      `${this.file}, line ${this.line}: ${shown} ${what} (expected ${expected})`,
    );
  }

  /** The fault of an attribute whose value is not what was expected. */
  invalid(attribute: string, expected: string): RoadbedError {
    return this.fault(`has ${attribute}="${cut(this.#attributes[attribute] ?? '')}"`, expected);
  }

  #toNumber(attribute: string, value: string, expected: string): number {
    const number = value.trim() === '' ? Number.NaN : Number(value);
    if (!Number.isFinite(number)) throw this.invalid(attribute, expected);
    return number;
  }
}

function cut(text: string): string {
  return text.length > shownLetters ? `${text.slice(0, shownLetters)}...` : text;
}
