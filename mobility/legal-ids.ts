// Names of other people's files made into ids of ours: safe in a topic, a file name and a report, and still unlike each
// other. Must not: depend on anything but the names and their order.

import { idPattern } from '../base/ids.ts';

/** Room for a suffix below the 64 characters an id may have. */
const mostCharacters = 56;

/** Gives each name an id, in the order of asking; the same name, asked again, another. */
export class LegalIds {
  readonly #taken = new Set<string>();

  /**
   * Lower case, every other character a `_`, `x` in front where it would not begin with a letter or digit; a number behind
   * where an earlier name has it. A name that is an id already stays as it is, unless it is taken.
   */
  idOf(name: string): string {
    const base = idPattern.test(name) ? name : legal(name).slice(0, mostCharacters);
    let id = base;
    for (let n = 2; this.#taken.has(id); n++) id = `${base.slice(0, mostCharacters)}.${n}`;
    this.#taken.add(id);
    return id;
  }
}

/** An id for each name, in order. */
export function legalIds(names: readonly string[]): string[] {
  const ids = new LegalIds();
  return names.map((name) => ids.idOf(name));
}

function legal(name: string): string {
  const text = name.toLowerCase().replace(/[^a-z0-9._-]/g, '_');
  return /^[a-z0-9]/.test(text) ? text : `x${text}`;
}
