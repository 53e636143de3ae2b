// `--set a.b=c`: one value of a scenario changed from the command line. A key that the schema does not know is refused
// here exactly as in the file. Must not: check values (the schema does, after all overrides are in).

import { parse } from 'yaml';
import type { ZodType } from 'zod';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { shown, unknownKey } from './faults.ts';
import { type Path, pathText, placeAt } from './shape.ts';

/** A parsed `--set`. */
export interface Override {
  /** As the user wrote it, for refusals. */
  readonly text: string;
  readonly path: Path;
  readonly value: unknown;
}

type Container = Record<string | number, unknown>;

function parseValue(text: string, valueText: string): unknown {
  try {
    return parse(valueText, { prettyErrors: false, logLevel: 'error' });
  } catch (error) {
    throw new RoadbedError('scenario', `--set ${text}: the value is not YAML: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Parses `a.b.0.c=value`; the value is a YAML scalar or flow collection. Throws RoadbedError('usage') without a key and `=`. */
export function parseOverride(text: string): Override {
  const split = text.indexOf('=');
  const keys = text.slice(0, Math.max(0, split)).trim().split('.');
  if (keys.some((key) => key === ''))
    throw new RoadbedError('usage', `--set ${text}: expected key=value, such as --set selection.perRound=3`);
  const path = keys.map((key) => (/^\d{1,6}$/.test(key) ? Number(key) : key));
  return { text, path, value: parseValue(text, text.slice(split + 1)) };
}

function refuse(override: Override, sentence: string): never {
  throw new RoadbedError('scenario', `--set ${override.text}: ${sentence}`);
}

/** Checks that key `path[depth]` may be set inside what is at the path before it. */
function checkKey(schema: ZodType, root: unknown, override: Override, depth: number): void {
  const parent = override.path.slice(0, depth);
  const key = override.path[depth]!;
  const place = placeAt(schema, parent, root);
  if (!place?.isList) {
    if (!place?.takesAnyKey && !place?.keys.includes(String(key)))
      refuse(override, unknownKey(schema, parent, String(key), root).sentence);
    return;
  }
  const length = lengthAt(root, parent);
  if (typeof key !== 'number' || key >= length)
    refuse(
      override,
      `no entry ${key} in ${pathText(parent)} (expected ${length > 0 ? `0..${length - 1}` : 'an entry, but there is none'})`,
    );
}

function lengthAt(root: unknown, path: Path): number {
  let here = root;
  for (const key of path) here = (here as Container | undefined)?.[key];
  return Array.isArray(here) ? here.length : 0;
}

/** What is at `path[depth]` now; where nothing is, what the schema starts from is put there. */
function openContainer(schema: ZodType, root: Container, override: Override, depth: number): Container {
  const path = override.path.slice(0, depth);
  let parent: Container = root;
  for (const key of path.slice(0, -1)) parent = parent[key] as Container;
  const last = path.at(-1);
  if (last === undefined) return root;
  parent[last] ??= structuredClone(placeAt(schema, path, root)?.start ?? {});
  const here = parent[last];
  if (typeof here !== 'object' || here === null)
    refuse(override, `${pathText(path)} is ${shown(here)} (expected a mapping)`);
  return here as Container;
}

/** Changes `root` in place. Throws RoadbedError('scenario') when the key is not one of the schema's. */
export function applyOverride(schema: ZodType, root: Container, override: Override): void {
  for (let depth = 0; depth < override.path.length; depth++) {
    const container = openContainer(schema, root, override, depth);
    checkKey(schema, root, override, depth);
    if (depth === override.path.length - 1) container[override.path[depth]!] = override.value;
  }
}
