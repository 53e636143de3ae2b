// A scenario's text as plain values that remember their lines, so that a refusal can say where. Must not: know the schema,
// or read files (text comes in).

import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { Path } from './shape.ts';

/** A scenario of a megabyte is a mistake: the largest of ours has a few thousand bytes. */
export const maximumScenarioBytes = 1_048_576;

/** Parsed YAML. */
export interface Source {
  readonly value: unknown;
  /** The 1-based line of the key at `path`, or of the nearest enclosing key that is written in the text. */
  lineOf(path: Path): number;
}

/** Follows an alias (`*name`) to what it stands for. */
function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

/** The node that marks `key` inside `parent` and the node of its value, or undefined when it is not written there. */
function step(parent: unknown, key: string | number): { mark: unknown; inner: unknown } | undefined {
  if (isSeq(parent) && typeof key === 'number') {
    const item = parent.items[key];
    return item === undefined ? undefined : { mark: item, inner: item };
  }
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return pair && { mark: pair.key, inner: pair.value };
}

function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = (document.contents as Node | null)?.range?.[0] ?? 0;
  for (const key of path) {
    const next = step(resolved(node, document), key);
    if (!next) break;
    offset = (next.mark as Node).range?.[0] ?? offset;
    node = next.inner;
  }
  return offset;
}

function refuseSyntax(document: Document, lines: LineCounter, fileName: string): void {
  const error = document.errors[0];
  if (!error) return;
  const { line, col } = lines.linePos(error.pos[0]);
  throw new RoadbedError('scenario', `${fileName}:${line}:${col}: not valid YAML: ${error.message}`);
}

/** A copy in which an aliased value stands once for each alias, so that an override of one leaves the others alone. */
function unshared(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unshared);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unshared(inner)]));
}

function readValue(document: Document, fileName: string): unknown {
  try {
    return unshared(document.toJS());
  } catch (error) {
    throw new RoadbedError('scenario', `${fileName}: not usable YAML: ${messageOf(error)}`, { cause: error });
  }
}

function readDocument(text: string, lineCounter: LineCounter, fileName: string): Document {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  } catch (error) {
    // Only absurd nesting gets here: the parser reports every other fault in `errors`.
    throw new RoadbedError('scenario', `${fileName}: not usable YAML: ${messageOf(error)}`, { cause: error });
  }
}

/** Parses YAML. Throws RoadbedError('scenario') with file, line and column when the text is not YAML or too long. */
export function readSource(text: string, fileName: string): Source {
  if (text.length > maximumScenarioBytes)
    throw new RoadbedError(
      'scenario',
      `${fileName}: too long: ${text.length} characters (expected at most ${maximumScenarioBytes})`,
    );
  const lines = new LineCounter();
  const document = readDocument(text, lines, fileName);
  refuseSyntax(document, lines, fileName);
  return {
    value: readValue(document, fileName),
    // An empty text has no first line for the counter to know; people count from one all the same.
    lineOf: (path) => Math.max(1, lines.linePos(offsetOf(document, path)).line),
  };
}
