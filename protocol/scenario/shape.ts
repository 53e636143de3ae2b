// Reads the scenario schema as data: which keys are legal where. The schema is the one list of keys; refusals and the
// documentation are read from it, so they cannot drift apart. Must not: know any key by name, or check values.
//
// Glossary. Shape: a schema with its defaults and optionals peeled off. Path: the keys and indices from the root to a value.

import type { core, ZodType } from 'zod';

export type Path = readonly (string | number)[];

/** A schema whose kind can be told by `def.type`. */
type Known = core.$ZodTypes;

/** A path as people write it: `devices.0.name`; `(top level)` for the root. */
export function pathText(path: Path): string {
  return path.length === 0 ? '(top level)' : path.join('.');
}

function peel(schema: Known): Known {
  const def = schema._zod.def;
  switch (def.type) {
    case 'default':
    case 'prefault':
    case 'optional':
    case 'nullable':
      return peel(def.innerType as Known);
    default:
      return schema;
  }
}

/** The default or prefault a schema starts from when its key is absent, or undefined. */
function startingValue(schema: Known): unknown {
  const def = schema._zod.def;
  return def.type === 'default' || def.type === 'prefault' ? def.defaultValue : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function literalOf(option: Known, key: string): unknown {
  const def = option._zod.def;
  if (def.type !== 'object') return undefined;
  const tag = def.shape[key] as Known | undefined;
  return tag?._zod.def.type === 'literal' ? tag._zod.def.values[0] : undefined;
}

/** The options of a discriminated union with the value of their tag; none for any other shape. */
function taggedOptions(
  shape: Known,
): { tag: string; options: { name: unknown; shape: Known }[] } | undefined {
  const def = shape._zod.def;
  if (def.type !== 'union' || !('discriminator' in def)) return undefined;
  const tag = String(def.discriminator);
  const options = (def.options as Known[]).map((option) => ({ name: literalOf(option, tag), shape: option }));
  return { tag, options };
}

/** The object shape that `value` is checked against: for a discriminated union, the option its tag chooses. */
function objectShape(schema: Known, value: unknown): Record<string, Known> | undefined {
  const shape = peel(schema);
  const union = taggedOptions(shape);
  if (union) {
    const name = isRecord(value) ? value[union.tag] : undefined;
    const option = union.options.find((candidate) => candidate.name === name);
    return option && objectShape(option.shape, value);
  }
  const def = shape._zod.def;
  return def.type === 'object' ? (def.shape as Record<string, Known>) : undefined;
}

/** One step down: the schema of `key` inside `schema` where `value` is there now, or undefined when it is not legal. */
function childSchema(schema: Known, value: unknown, key: string | number): Known | undefined {
  const def = peel(schema)._zod.def;
  if (def.type === 'array') return typeof key === 'number' ? (def.element as Known) : undefined;
  if (def.type === 'record') return typeof key === 'string' ? (def.valueType as Known) : undefined;
  const keys = objectShape(schema, value);
  return keys && typeof key === 'string' && Object.hasOwn(keys, key) ? keys[key] : undefined;
}

function childValue(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return value[key as number];
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** What may stand at a path of a half-built scenario. */
export interface Place {
  /** Keys that are legal here: empty where no mapping is expected. */
  readonly keys: readonly string[];
  readonly isList: boolean;
  /** Names are free here, as in `selection.parameters`. */
  readonly takesAnyKey: boolean;
  /** What an absent value starts from (the schema's default), undefined without one. */
  readonly start: unknown;
  /** What is expected, in words: `whole number >= 1`. */
  readonly expected: string;
}

/** Walks from the root to `path`: the schema there and the value there now; undefined when the path is not legal. */
function descend(root: ZodType, path: Path, value: unknown): { schema: Known; here: unknown } | undefined {
  let schema: Known | undefined = root as unknown as Known;
  let here: unknown = value;
  for (const key of path) {
    schema = childSchema(schema, here ?? startingValue(schema), key);
    if (!schema) return undefined;
    here = childValue(here, key);
  }
  return { schema, here };
}

/** What may stand at `path`, given the values there now; undefined when the path itself is not legal. */
export function placeAt(root: ZodType, path: Path, value: unknown): Place | undefined {
  const found = descend(root, path, value);
  if (!found) return undefined;
  const start = startingValue(found.schema);
  const keys = Object.keys(objectShape(found.schema, found.here ?? start) ?? {});
  return {
    keys,
    isList: peel(found.schema)._zod.def.type === 'array',
    takesAnyKey: peel(found.schema)._zod.def.type === 'record',
    start,
    expected: expectedText(found.schema),
  };
}

/** One line of the schema's reference. */
export interface KeyLine {
  /** Dotted path; `[]` marks any entry of a list. */
  readonly path: string;
  /** Such as `number >= 0`, `one of iid, dirichlet`, `text`. */
  readonly type: string;
  /** JSON of the default, `required`, or `optional`. */
  readonly fallback: string;
  /** For keys of a discriminated union: the tag that makes them legal, such as `kind: ring`. */
  readonly when: string;
}

function boundText(check: core.$ZodCheck): string {
  const def = (check as core.$ZodChecks)._zod.def;
  if (def.check === 'greater_than') return `${def.inclusive ? '>=' : '>'} ${def.value}`;
  if (def.check === 'less_than') return `${def.inclusive ? '<=' : '<'} ${def.value}`;
  return '';
}

function numberText(def: core.$ZodNumberDef): string {
  const noun = 'format' in def && def.format === 'safeint' ? 'whole number' : 'number';
  const bounds = (def.checks ?? []).map(boundText).filter(Boolean);
  return [noun, bounds.join(' and ')].filter(Boolean).join(' ');
}

function textText(def: core.$ZodStringDef): string {
  for (const check of def.checks ?? []) {
    const rule = (check as core.$ZodChecks)._zod.def;
    if (rule.check === 'string_format' && 'pattern' in rule)
      return `text that matches ${rule.pattern?.source}`;
  }
  return 'text';
}

function listText(def: core.$ZodArrayDef): string {
  for (const check of def.checks ?? []) {
    const rule = (check as core.$ZodChecks)._zod.def;
    if (rule.check === 'min_length') return `list with at least ${rule.minimum} entry`;
  }
  return 'list';
}

/** What a schema expects, in words. */
function expectedText(schema: Known): string {
  const shape = peel(schema);
  const def = shape._zod.def;
  switch (def.type) {
    case 'number':
      return numberText(def);
    case 'string':
      return textText(def);
    case 'boolean':
      return 'true or false';
    case 'enum':
      return `one of ${Object.values(def.entries).join(', ')}`;
    case 'literal':
      return String(def.values[0]);
    case 'array':
      return listText(def);
    case 'object':
      return 'mapping';
    case 'record':
      return `mapping of names to a ${expectedText(def.valueType as Known)} each`;
    case 'union': {
      const union = taggedOptions(shape);
      return union
        ? `mapping with ${union.tag}: ${union.options.map((option) => option.name).join(' | ')}`
        : (def.options as Known[]).map(expectedText).join(' or ');
    }
    default:
      return def.type;
  }
}

function fallbackText(schema: Known): string {
  const def = schema._zod.def;
  if (def.type === 'default' || def.type === 'prefault') return JSON.stringify(def.defaultValue);
  return def.type === 'optional' ? 'optional' : 'required';
}

function* unionLines(shape: Known, path: string): Generator<KeyLine> {
  const union = taggedOptions(shape);
  for (const option of union?.options ?? []) {
    const when = `${path}.${union?.tag}: ${option.name}`;
    for (const [key, child] of Object.entries(objectShape(option.shape, undefined) ?? {}))
      if (key !== union?.tag) yield* linesOf(child, `${path}.${key}`, when);
  }
}

function* linesOf(schema: Known, path: string, when: string): Generator<KeyLine> {
  const shape = peel(schema);
  const def = shape._zod.def;
  if (path) yield { path, type: expectedText(schema), fallback: fallbackText(schema), when };
  if (def.type === 'union') yield* unionLines(shape, path);
  if (def.type === 'array') yield* linesOf(def.element as Known, `${path}[]`, when);
  if (def.type !== 'object') return;
  for (const [key, child] of Object.entries(def.shape))
    yield* linesOf(child as Known, path ? `${path}.${key}` : key, when);
}

/** Every key of the schema in order, for the reference and for suggestions. */
export function listKeys(root: ZodType): KeyLine[] {
  return [...linesOf(root as unknown as Known, '', '')];
}
