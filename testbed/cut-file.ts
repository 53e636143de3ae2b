// Layer graphs with costs that users bring, as JSON: profiles of models that are not in the zoo, or of machines that are not
// in the table. Layers may stand in any order. Must not: search for cuts.
//
// { "layers": [{ "name": "conv1", "reads": ["input"], "deviceSeconds": 0.1, "serverSeconds": 0.01, "activationBits": 8e6,
//   "gradientBits": 8e6, "parameterBits": 3e5, "pinned": "device" }, ...] }; seconds and bits of one mini-batch;
// gradientBits is activationBits where it is left out, parameterBits 0.

import { readFileSync } from 'node:fs';
import { messageOf, RoadbedError } from '../base/errors.ts';
import { type SplitInstance, splitGraph } from '../roadside/cuts/partition/instance.ts';

export interface NamedInstance {
  readonly names: readonly string[];
  readonly instance: SplitInstance;
}

interface WrittenLayer {
  readonly name: string;
  readonly reads: readonly string[];
  readonly fields: Readonly<Record<string, unknown>>;
}

const knownFields = [
  'name',
  'reads',
  'deviceSeconds',
  'serverSeconds',
  'activationBits',
  'gradientBits',
  'parameterBits',
  'pinned',
];

function refuse(file: string, problem: string): never {
  throw new RoadbedError('data', `${file}: ${problem}.`);
}

function layerOf(file: string, value: unknown, index: number): WrittenLayer {
  if (typeof value !== 'object' || value === null) refuse(file, `layer ${index} is no object`);
  const fields = value as Record<string, unknown>;
  const { name, reads = [] } = fields;
  if (typeof name !== 'string' || name === '') refuse(file, `layer ${index} has no name`);
  const odd = Object.keys(fields).find((key) => !knownFields.includes(key));
  if (odd !== undefined) refuse(file, `layer ${name}: unknown key ${odd} (known: ${knownFields.join(', ')})`);
  if (!Array.isArray(reads) || !reads.every((one) => typeof one === 'string'))
    refuse(file, `layer ${name}: reads must be a list of names`);
  return { name, reads, fields };
}

/** Layers in an order in which each comes after all it reads. */
function inOrder(file: string, layers: readonly WrittenLayer[]): WrittenLayer[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  if (byName.size < layers.length) refuse(file, 'two layers have the same name');
  const ordered = new Set<WrittenLayer>();
  const open: string[] = [];
  const place = (layer: WrittenLayer): void => {
    if (ordered.has(layer)) return;
    if (open.includes(layer.name))
      refuse(
        file,
        `a cycle: ${[...open.slice(open.indexOf(layer.name)), layer.name].join(' is read from ')}`,
      );
    open.push(layer.name);
    for (const name of layer.reads) {
      const read = byName.get(name);
      if (read === undefined) refuse(file, `layer ${layer.name} reads ${name}, which is no layer`);
      place(read);
    }
    open.pop();
    ordered.add(layer);
  };
  for (const layer of layers) place(layer);
  return [...ordered];
}

function numberOf(file: string, layer: WrittenLayer, key: string, fallback?: number): number {
  const value = layer.fields[key] ?? fallback;
  if (typeof value === 'number') return value;
  refuse(file, `layer ${layer.name}: ${key} is ${JSON.stringify(value)} (expected a number)`);
}

/** Reads and parses JSON. Throws RoadbedError('data') where there is none. */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new RoadbedError('data', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(file, `no JSON: ${messageOf(error)}`);
  }
}

/** Whether parsed JSON is a saved tf.LayersModel instead. */
export function isLayersModel(written: unknown): boolean {
  return (
    typeof written === 'object' && written !== null && ('modelTopology' in written || 'class_name' in written)
  );
}

/** The instance `written` in such a file. Throws RoadbedError('data') that says what is wrong and where. */
export function parseCutFile(written: unknown, file: string, localSteps: number): NamedInstance {
  const list = (written as { layers?: unknown } | null)?.layers;
  if (!Array.isArray(list) || list.length === 0)
    refuse(file, 'expected {"layers": [...]} with at least one layer');
  const layers = inOrder(
    file,
    list.map((value, index) => layerOf(file, value, index)),
  );
  const at = new Map(layers.map((layer, v) => [layer.name, v]));
  const column = (key: string, fallback?: number): Float64Array =>
    Float64Array.from(layers, (layer) => numberOf(file, layer, key, fallback));
  const activationBits = column('activationBits');
  const pins = (side: string): Uint8Array =>
    Uint8Array.from(layers, (layer) => +(layer.fields.pinned === side));
  const edges = layers.flatMap((layer, v) => layer.reads.map((name) => [at.get(name)!, v] as const));
  return {
    names: layers.map((layer) => layer.name),
    instance: {
      graph: splitGraph(layers.length, edges),
      costs: {
        deviceSeconds: column('deviceSeconds'),
        serverSeconds: column('serverSeconds'),
        activationBits,
        gradientBits: Float64Array.from(layers, (layer, v) =>
          numberOf(file, layer, 'gradientBits', activationBits[v]),
        ),
        parameterBits: column('parameterBits', 0),
      },
      localSteps,
      pinnedToDevice: pins('device'),
      pinnedToServer: pins('server'),
    },
  };
}
