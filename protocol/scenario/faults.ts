// What is wrong with a scenario, as sentences: the path, the value, what was expected, the nearest legal word.
// Must not: decide what is legal (the schema and `rules.ts` do).

import type { core, ZodType } from 'zod';
import { nearestName } from '../../base/nearest-name.ts';
import { listKeys, type Path, pathText, placeAt } from './shape.ts';

/** One thing wrong at `path`. */
export interface Fault {
  readonly path: Path;
  readonly sentence: string;
}

const shownCharacters = 60;

/** A value as it is quoted in a refusal, cut to one short line. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}...` : text;
}

/** The value at `path`, undefined when nothing is there. */
function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<string | number, unknown>)[key];
  }
  return here;
}

function joined(path: Path, key: string): string {
  return pathText([...path, key]);
}

/**
 * How to mend an unknown key: the tag under which it would be legal, else the same word elsewhere in the scenario, else
 * the nearest legal word beside it. Starts with `; `, or is empty when nothing is near.
 */
function hintFor(schema: ZodType, path: Path, key: string, legal: readonly string[]): string {
  const lines = listKeys(schema);
  const elsewhen = lines.find((line) => line.path === joined(path, key) && line.when !== '');
  if (elsewhen) return `; it needs ${elsewhen.when}`;
  const same = lines.find((line) => line.path.split('.').at(-1) === key)?.path;
  const near = nearestName(key, legal);
  const meant = same ?? (near === undefined ? undefined : joined(path, near));
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** A key that the schema does not know, where `value` is the whole scenario. */
export function unknownKey(schema: ZodType, path: Path, key: string, value: unknown): Fault {
  const legal = placeAt(schema, path, value)?.keys ?? [];
  const expected = legal.length > 0 ? `one of ${legal.join(', ')}` : 'no keys here';
  const hint = hintFor(schema, path, key, legal);
  return {
    path: [...path, key],
    sentence: `unknown key ${joined(path, key)} (expected ${expected}${hint})`,
  };
}

/** How to mend a value of the wrong kind, where that is not plain from what was expected; starts with `; `. */
function remedy(value: unknown, expected: string, start: unknown): string {
  if (value === null && start !== undefined) return '; remove the key to take its defaults';
  if ((typeof value === 'number' || typeof value === 'boolean') && expected.startsWith('text'))
    return '; put it in quotes';
  return '';
}

function wrongChoice(path: Path, value: unknown, options: readonly string[]): Fault {
  const near = typeof value === 'string' ? nearestName(value, options) : undefined;
  const hint = near ? `; did you mean ${near}?` : '';
  const expected = `(expected one of ${options.join(', ')}${hint})`;
  const what = value === undefined ? `missing key ${pathText(path)}` : `${pathText(path)} is ${shown(value)}`;
  return { path, sentence: `${what} ${expected}` };
}

function wrongValue(schema: ZodType, path: Path, value: unknown): Fault {
  const place = placeAt(schema, path, value);
  const expected = place?.expected ?? 'another value';
  const found = valueAt(value, path);
  if (found === undefined) return { path, sentence: `missing key ${pathText(path)} (expected ${expected})` };
  const mend = remedy(found, expected, place?.start);
  return { path, sentence: `${pathText(path)} is ${shown(found)} (expected ${expected}${mend})` };
}

/** Turns one complaint of the schema into faults. `value` is the whole scenario that was checked. */
export function faultsOf(schema: ZodType, issue: core.$ZodIssue, value: unknown): Fault[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(schema, path, key, value));
  if (issue.code === 'invalid_value')
    return [wrongChoice(path, valueAt(value, path), issue.values.map(String))];
  if (issue.code === 'invalid_union' && 'options' in issue && issue.options)
    return [wrongChoice(path, valueAt(value, path), issue.options.map(String))];
  return [wrongValue(schema, path, value)];
}
