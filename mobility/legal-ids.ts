// Names of other people's files made into ids of ours: safe in a topic, a file name and a report, and still unlike each
// other. Must not: depend on anything but the names and their order.

import { idPattern } from '../base/ids.ts';

/** Room for a suffix below the 64 characters an id may have. */
const mostCharacters = 56;

/**
 * An id for each name, in order: lower case, every other character a `_`, `x` in front where it would not begin with a
 * letter or digit; a number behind where an earlier name already has it. A name that is an id stays as it is.
 */
export function legalIds(names: readonly string[]): string[] {
  const taken = new Set(names.filter((name) => idPattern.test(name)));
  const kept = new Set<string>();
  return names.map((name) => {
    if (idPattern.test(name) && !kept.has(name)) {
      kept.add(name);
      return name;
    }
    const base = legal(name).slice(0, mostCharacters);
    let id = base;
    for (let n = 2; taken.has(id); n++) id = `${base}.${n}`;
    taken.add(id);
    return id;
  });
}

function legal(name: string): string {
  const text = name.toLowerCase().replace(/[^a-z0-9._-]/g, '_');
  return /^[a-z0-9]/.test(text) ? text : `x${text}`;
}
