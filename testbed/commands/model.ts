// `roadbed model list | show`: the models of the zoo, their layers, costs and edges, without loading an engine unless layers
// are to be timed here. Must not: train, or import tfjs.

import type { Command } from 'commander';
import { RoadbedError } from '../../base/errors.ts';
import { type LayerGraph, layerGraph, totalOf } from '../../learning/cost/graph.ts';
import type { ModelSpec } from '../../learning/learner.ts';
import { type ModelEntry, modelEntries, modelEntry } from '../../learning/models/blocks.ts';
import type { CommandIo } from '../io.ts';
import type { MeasuredLayers } from '../machine-speed.ts';
import { textTable } from '../plot/text-table.ts';
import { examples, wholeNumber } from './options.ts';

interface ShowOptions {
  readonly input?: ModelSpec['inputShape'];
  readonly classes?: number;
  readonly profile?: boolean;
  readonly json?: boolean;
}

/** Parses `32x32x3`. Throws RoadbedError('usage'). */
function inputShape(text: string): ModelSpec['inputShape'] {
  const sides = text.split('x').map(Number);
  const [height, width, channels] = sides;
  const isShape = sides.length === 3 && sides.every((side) => Number.isInteger(side) && side > 0);
  if (isShape) return [height!, width!, channels!];
  throw new RoadbedError('usage', `--input ${text}: expected height x width x channels, such as 32x32x3`);
}

function withThousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

const shapeText = (shape: readonly number[]): string => shape.join('x');

function usualSpec(entry: ModelEntry): ModelSpec {
  return { name: entry.name, ...entry.usual };
}

function totalsOf({ nodes }: LayerGraph) {
  return {
    parameters: totalOf(nodes, 'parameters'),
    forwardFlops: totalOf(nodes, 'forwardFlops'),
    backwardFlops: totalOf(nodes, 'backwardFlops'),
    activationBytes: totalOf(nodes, 'activationBytes'),
  };
}

function list(io: CommandIo, options: { readonly json?: boolean }): void {
  const rows = modelEntries.map((entry) => ({
    name: entry.name,
    trains: entry.trains,
    inputShape: entry.usual.inputShape,
    classes: entry.usual.classes,
    ...totalsOf(layerGraph(usualSpec(entry))),
    about: entry.about,
  }));
  if (options.json) {
    io.out(JSON.stringify(rows, null, 2));
    return;
  }
  const cells = rows.map((row) => [
    row.name,
    row.trains ? 'yes' : 'no',
    shapeText(row.inputShape),
    withThousands(row.parameters),
    withThousands(row.forwardFlops),
    row.about,
  ]);
  const columns = ['<model', '<trains', '<input', 'parameters', 'FLOPs forward', '<'];
  for (const line of textTable(columns, cells)) io.out(line);
}

/** Seconds as text with a unit that suits layers. */
const milliseconds = (seconds: number): string => (seconds * 1000).toFixed(3);

/** What `--json` prints; its keys are the reference for tools. */
function showJson(spec: ModelSpec, graph: LayerGraph, profile?: MeasuredLayers): object {
  const { inputShape: input, classes, name } = spec;
  return {
    model: name,
    inputShape: input,
    classes,
    trains: modelEntry(name).trains,
    ...totalsOf(graph),
    blocks: graph.blocks,
    layers: graph.nodes,
    edges: graph.edges,
    ...(profile && { profile }),
  };
}

/** The nodes a node reads, where that is not just the one above it. */
function inputsText(graph: LayerGraph, at: number): string {
  const inputs = graph.nodes[at]!.inputs;
  const isNext = inputs.length === 1 && inputs[0] === at - 1;
  return isNext || inputs.length === 0 ? '' : inputs.join(' ');
}

function showText(io: CommandIo, spec: ModelSpec, graph: LayerGraph): void {
  const totals = totalsOf(graph);
  io.out(`${spec.name}: ${modelEntry(spec.name).about}`);
  io.out(
    `input ${shapeText(spec.inputShape)}, ${withThousands(spec.classes)} classes, ${graph.blocks.length} blocks, ` +
      `${graph.nodes.length} layers, ${graph.edges.length} edges; all numbers for one sample`,
  );
  const cells = graph.nodes.map((node, at) => [
    String(at),
    node.name,
    shapeText(node.output),
    withThousands(node.forwardFlops),
    withThousands(node.backwardFlops),
    withThousands(node.parameters),
    withThousands(node.activationBytes),
    inputsText(graph, at),
  ]);
  const sums = [totals.forwardFlops, totals.backwardFlops, totals.parameters, totals.activationBytes];
  cells.push(['', 'all', '', ...sums.map(withThousands), '']);
  const columns = ['#', '<layer', '<output', 'FLOPs forward', 'backward', 'parameters', 'bytes', '<reads'];
  for (const line of textTable(columns, cells)) io.out(line);
}

function showProfile(
  io: CommandIo,
  { times, samples, trained, isScaled, flopsPerSecond }: MeasuredLayers,
): void {
  io.out(
    `milliseconds of a mini-batch of ${samples} on this machine (${(flopsPerSecond / 1e9).toFixed(1)} GFLOP/s over a step of ` +
      `${trained}${isScaled ? ', from whose layers these are scaled' : ''}); a layer with zeros runs in the operator of the one before`,
  );
  const cells = times.map((time, at) => [
    String(at),
    time.name,
    milliseconds(time.forwardSeconds),
    milliseconds(time.backwardSeconds),
  ]);
  for (const line of textTable(['#', '<layer', 'forward', 'backward'], cells)) io.out(line);
}

/** Loads the engine only where times are wanted. */
async function profileOf(graph: LayerGraph, spec: ModelSpec): Promise<MeasuredLayers> {
  const { measuredLayers } = await import('../machine-speed.ts');
  return measuredLayers(graph, spec);
}

async function show(io: CommandIo, name: string, options: ShowOptions): Promise<void> {
  const { usual } = modelEntry(name);
  const spec: ModelSpec = {
    name,
    inputShape: options.input ?? usual.inputShape,
    classes: options.classes ?? usual.classes,
  };
  const graph = layerGraph(spec);
  const profile = options.profile ? await profileOf(graph, spec) : undefined;
  if (options.json) io.out(JSON.stringify(showJson(spec, graph, profile), null, 2));
  else if (profile) showProfile(io, profile);
  else showText(io, spec, graph);
}

/** Adds `model` and its subcommands to the command line. */
export function registerModel(program: Command, io: CommandIo): void {
  const model = program.command('model').description('look at the models: layers, costs, edges');
  model
    .command('list')
    .description('list all models with their size')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', examples(['roadbed model list']))
    .action((options: { json?: boolean }) => list(io, options));
  model
    .command('show')
    .description('print the layers of a model: FLOPs, parameters, activation bytes, edges')
    .argument('<name>', 'a model, such as lenet5')
    .option('--input <shape>', 'height x width x channels; a text is 1 x length x 1', inputShape)
    .option('--classes <n>', 'number of classes', wholeNumber('classes', 1, 1_000_000))
    .option('--profile', 'measure how long each layer takes on this machine')
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      examples([
        'roadbed model show lenet5',
        'roadbed model show mobilenet --profile',
        'roadbed model show cnn --input 28x28x1 --classes 10 --json',
      ]),
    )
    .action((name: string, options: ShowOptions) => show(io, name, options));
}
