// `roadbed cut MODEL`: which layers of a model to train in the car and which at the RSU, how long an epoch then takes, and how
// long it took to decide; as text, JSON or a drawing. Must not: train.

import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { RoadbedError } from '../../base/errors.ts';
import { deviceByName, deviceNames, trainingFlopsPerSecond } from '../../learning/cost/devices.ts';
import { type LayerGraph, type LayerNode, layerGraph } from '../../learning/cost/graph.ts';
import { modelEntry } from '../../learning/models/blocks.ts';
import type { CutAlgorithm } from '../../roadside/cuts/partition/algorithm.ts';
import { cutAlgorithmByName, cutAlgorithmNames } from '../../roadside/cuts/partition/algorithms.ts';
import {
  epochPhases,
  frontierOf,
  type LinkRates,
  type Split,
  type SplitInstance,
} from '../../roadside/cuts/partition/instance.ts';
import { cappedSplit } from '../../roadside/cuts/partition/memory-cap.ts';
import { instanceOfModel, trainingBytes } from '../../roadside/cuts/partition/of-model.ts';
import { isLayersModel, parseCutFile, readJson } from '../cut-file.ts';
import type { CommandIo } from '../io.ts';
import { type MeasuredLayers, measuredLayers } from '../machine-speed.ts';
import { cutDrawingSvg } from '../plot/cut-drawing.ts';
import { textTable } from '../plot/text-table.ts';
import { processSeconds } from '../system.ts';
import { examples, positiveNumber, wholeNumber } from './options.ts';

interface CutOptions {
  readonly device: string;
  readonly server: string;
  readonly up: number;
  readonly down: number;
  readonly algorithm: string;
  readonly steps: number;
  readonly batch: number;
  readonly memory?: number;
  readonly svg?: string;
  readonly json?: boolean;
}

/** A question with names for its layers; `nodes` where the model is one of the zoo. */
interface Question {
  readonly model: string;
  readonly names: readonly string[];
  readonly nodes?: readonly LayerNode[];
  readonly blocks: readonly string[];
  readonly instance: SplitInstance;
}

interface Decision extends Split {
  readonly algorithm: string;
  readonly isExact: boolean;
  readonly lowerBoundSeconds?: number;
  readonly memoryBytes?: number;
  readonly microseconds: { readonly prepare: number; readonly decide: number };
}

const thisMachine = 'this-machine';

/** Measures this machine, once, and says what it found. */
async function measure(io: CommandIo, graph: LayerGraph, isWritten: boolean): Promise<MeasuredLayers> {
  const { model } = graph;
  const found = await measuredLayers(
    graph,
    isWritten ? undefined : { name: model, ...modelEntry(model).usual },
  );
  const { flopsPerSecond, trained, isScaled, samples } = found;
  io.err(
    `this machine trains ${trained} at ${(flopsPerSecond / 1e9).toFixed(1)} GFLOP/s in mini-batches of ${samples}; ` +
      (isScaled
        ? `the layers of ${model} are scaled from its layers of the same kind`
        : 'each layer is measured'),
  );
  return found;
}

/** Seconds of each layer for a mini-batch, by a computer of the table or by measured times. */
function layerSeconds(
  { nodes }: LayerGraph,
  batch: number,
  device: string,
  here?: MeasuredLayers,
): Float64Array {
  if (here !== undefined)
    return Float64Array.from(
      here.times,
      ({ forwardSeconds, backwardSeconds }) => ((forwardSeconds + backwardSeconds) * batch) / here.samples,
    );
  const speed = trainingFlopsPerSecond(deviceByName(device));
  return Float64Array.from(nodes, (node) => ((node.forwardFlops + node.backwardFlops) * batch) / speed);
}

/** The layer graph of a model of the zoo, or of a tf.LayersModel in `written`. */
async function graphOf(model: string, written: object | undefined): Promise<LayerGraph> {
  if (written === undefined) return layerGraph({ name: model, ...modelEntry(model).usual });
  const { layersModelGraph } = await import('../../learning/training/layers-model-file.ts');
  return layersModelGraph(written, model);
}

async function questionOf(io: CommandIo, model: string, options: CutOptions): Promise<Question> {
  const { device, server, steps, batch } = options;
  const written = model.endsWith('.json') ? readJson(model) : undefined;
  if (written !== undefined && !isLayersModel(written)) {
    const { names, instance } = parseCutFile(written, model, steps);
    return { model, names, blocks: [], instance };
  }
  const graph = await graphOf(model, written as object | undefined);
  const isHere = device === thisMachine || server === thisMachine;
  const here = isHere ? await measure(io, graph, written !== undefined) : undefined;
  const secondsOf = (name: string): Float64Array =>
    layerSeconds(graph, batch, name, name === thisMachine ? here : undefined);
  const bare = instanceOfModel(graph, {
    deviceFlopsPerSecond: 1,
    serverFlopsPerSecond: 1,
    batchSize: batch,
    localSteps: steps,
  });
  const costs = { ...bare.costs, deviceSeconds: secondsOf(device), serverSeconds: secondsOf(server) };
  const { nodes, blocks } = graph;
  return { model, names: nodes.map((node) => node.name), nodes, blocks, instance: { ...bare, costs } };
}

const decisions = 201;

/** Microseconds of `work`, and what it gave. */
function timed<T>(work: () => T): { result: T; microseconds: number } {
  const start = processSeconds();
  const result = work();
  return { result, microseconds: (processSeconds() - start) * 1e6 };
}

/** Decides many times at rates that differ by parts of a thousandth, so that no two questions are the same. */
function decide(algorithm: CutAlgorithm, instance: SplitInstance, rates: LinkRates): Decision {
  const prepared = timed(() => algorithm.prepare(instance, [rates]));
  const decider = prepared.result;
  const times = Array.from({ length: decisions }, (_, i) => {
    const factor = 1 + (i - decisions) * 1e-6;
    return timed(() => decider.decide({ up: rates.up * factor, down: rates.down * factor })).microseconds;
  });
  const median = times.sort((a, b) => a - b)[decisions >> 1]!;
  return {
    ...decider.decide(rates),
    algorithm: algorithm.name,
    isExact: algorithm.isExact,
    microseconds: { prepare: prepared.microseconds, decide: median },
  };
}

function decideCapped({ instance, nodes }: Question, rates: LinkRates, options: CutOptions): Decision {
  if (nodes === undefined)
    throw new RoadbedError(
      'usage',
      '--memory works with models of the zoo (a file does not say what a layer holds)',
    );
  const bytes = trainingBytes(nodes, options.batch);
  const { result, microseconds } = timed(() => cappedSplit(instance, rates, bytes, options.memory!));
  return {
    ...result,
    algorithm: 'memory-capped minimum-cut',
    isExact: false,
    microseconds: { prepare: 0, decide: microseconds },
  };
}

/** What `--json` prints; its keys are the reference for tools. */
function reportOf(question: Question, decision: Decision, rates: LinkRates, options: CutOptions) {
  const { instance, names, model } = question;
  const { onDevice, seconds, ...how } = decision;
  const { activationBits, gradientBits } = instance.costs;
  const isFile = question.nodes === undefined;
  return {
    model,
    ...(isFile ? {} : { device: options.device, server: options.server, batchSize: options.batch }),
    localSteps: options.steps,
    upBitsPerSecond: rates.up,
    downBitsPerSecond: rates.down,
    ...how,
    seconds,
    phases: epochPhases(instance, onDevice, rates),
    layers: names.length,
    pinnedToDevice: names.filter((_, v) => instance.pinnedToDevice[v] === 1),
    deviceLayers: names.filter((_, v) => onDevice[v] === 1),
    frontier: frontierOf(instance.graph, onDevice).map((v) => ({
      layer: names[v]!,
      upBitsPerStep: activationBits[v]!,
      downBitsPerStep: gradientBits[v]!,
    })),
  };
}

type Report = ReturnType<typeof reportOf>;

const megabytes = (bits: number): string => `${(bits / 8e6).toFixed(bits < 8e6 ? 3 : 1)} MB`;
const secondsText = (seconds: number): string => `${Number(seconds.toPrecision(4))} s`;

function sentence(report: Report): string {
  const { deviceLayers, layers, frontier, seconds } = report;
  return (
    `${deviceLayers.length} of ${layers} layers in the car, ${frontier.length} ` +
    `${frontier.length === 1 ? 'tensor crosses' : 'tensors cross'}, ${secondsText(seconds)} an epoch of ${report.localSteps} steps`
  );
}

function showText(io: CommandIo, report: Report): void {
  io.out(`${report.model}: ${sentence(report)}`);
  const { phases, microseconds, deviceLayers } = report;
  io.out(`the car holds everything up to ${deviceLayers.at(-1)}`);
  for (const { layer, upBitsPerStep } of report.frontier)
    io.out(`crosses: ${layer}, ${megabytes(upBitsPerStep)} a step`);
  const rows = Object.entries(phases).map(([phase, value]) => [
    phase.replace(/Seconds$/, ''),
    secondsText(value),
  ]);
  for (const line of textTable(['<phase', 'time'], rows)) io.out(line);
  io.out(
    `decided by ${report.algorithm} in ${microseconds.decide.toFixed(1)} us (prepared in ${microseconds.prepare.toFixed(0)} us)` +
      `${report.isExact ? '' : '; not exact'}`,
  );
}

function drawing(question: Question, decision: Decision, report: Report): string {
  const { nodes, names, instance, blocks } = question;
  const crossing = new Set(frontierOf(instance.graph, decision.onDevice));
  const { firstParent, parents } = instance.graph;
  const layers = names.map((name, v) => ({
    name,
    operation: nodes?.[v]?.operation ?? name,
    block: nodes === undefined ? 0 : nodes[v]!.block + 1,
    inputs: [...parents.subarray(firstParent[v]!, firstParent[v + 1]!)],
    inCar: decision.onDevice[v] === 1,
    crossing: crossing.has(v) ? megabytes(instance.costs.activationBits[v]!) : undefined,
  }));
  const link = `${report.upBitsPerSecond / 1e6} Mbit/s up, ${report.downBitsPerSecond / 1e6} Mbit/s down`;
  return cutDrawingSvg({
    title:
      nodes === undefined
        ? question.model
        : `${question.model}: ${report.device} with ${report.server}, ${link}`,
    subtitle: sentence(report),
    rows: nodes === undefined ? [''] : ['input', ...blocks],
    layers,
  });
}

async function cut(io: CommandIo, model: string, options: CutOptions): Promise<void> {
  const rates = { up: options.up, down: options.down };
  const algorithm = cutAlgorithmByName(options.algorithm);
  const question = await questionOf(io, model, options);
  const decision =
    options.memory === undefined
      ? decide(algorithm, question.instance, rates)
      : decideCapped(question, rates, options);
  const report = reportOf(question, decision, rates, options);
  if (options.svg !== undefined) writeFileSync(options.svg, drawing(question, decision, report));
  if (options.json) io.out(JSON.stringify(report, null, 2));
  else showText(io, report);
}

/** Adds `cut` to the program. */
export function registerCut(program: Command, io: CommandIo): void {
  program
    .command('cut')
    .description('decide which layers of a model to train in the car and which at the RSU')
    .argument(
      '<model>',
      'a model of the zoo (roadbed model list), a saved tf.LayersModel (model.json), or a JSON file of layers and costs',
    )
    .option(
      '--device <name>',
      `computer of the car: ${deviceNames('car').join(', ')}, or ${thisMachine} (each layer measured)`,
      'orin-nano',
    )
    .option(
      '--server <name>',
      `computer of the RSU: ${deviceNames('RSU').join(', ')}, or ${thisMachine}`,
      'rtx-a6000',
    )
    .option('--up <bits>', 'rate from car to RSU, bit/s', positiveNumber('up'), 20e6)
    .option('--down <bits>', 'rate from RSU to car, bit/s', positiveNumber('down'), 40e6)
    .option('--algorithm <name>', cutAlgorithmNames.join(', '), 'minimum-cut')
    .option('--steps <n>', 'mini-batches of an epoch', wholeNumber('steps', 1, 1_000_000), 10)
    .option('--batch <n>', 'samples of a mini-batch', wholeNumber('batch', 1, 100_000), 32)
    .option(
      '--memory <bytes>',
      'cap on what the car holds; the answer is then not exact, and says a bound',
      positiveNumber('memory'),
    )
    .option('--svg <file>', 'draw the graph with the cut')
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      examples([
        'roadbed cut googlenet --device tx2 --server rtx-4080s --up 20e6 --down 80e6 --algorithm minimum-cut --json',
        'roadbed cut resnet50 --up 5e6 --down 10e6 --svg cut.svg',
        'roadbed cut my-profile.json --steps 20',
      ]),
    )
    .action((model: string, options: CutOptions) => cut(io, model, options));
}
