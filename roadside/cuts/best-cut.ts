// The best cut of one car at its rates: the minimum cut of the model's layer graph, with the car's speed, its mini-batches
// and its memory. Prepared once for each speed and number of samples; then a decision is a search among a few lines.
// Must not: let the input leave the car, or leave the RSU nothing to do (then the car trains the whole model itself).

import { present } from '../../base/assert.ts';
import { layerGraph } from '../../learning/cost/graph.ts';
import type { Cut } from '../../learning/learner.ts';
import { cutOfDeviceLayers } from '../../learning/split/cuts.ts';
import type { DeviceProfile } from '../../protocol/messages.ts';
import type { RoundConfig } from '../round/types.ts';
import { CutEnvelope } from './partition/cut-envelope.ts';
import { closureOf, type LinkRates, type SplitInstance } from './partition/instance.ts';
import { cappedSplit } from './partition/memory-cap.ts';
import { instanceOfModel } from './partition/of-model.ts';
import { heldBytes } from './split-cost.ts';

/** Of the cars of one speed and number of samples. */
interface Prepared {
  readonly instance: SplitInstance;
  readonly envelope: CutEnvelope;
  /** What each layer takes in the car. */
  readonly bytes: Float64Array;
  readonly names: readonly string[];
  /** By the car's layers as the envelope keeps them: one array for each of its cuts. */
  readonly known: Map<Uint8Array, Named>;
}

/** A set of layers as others speak of it. */
interface Named {
  readonly cut: Cut;
  readonly bytes: number;
}

/** Below this, bit/s, nothing can be sent; above a thousandth of the envelope's end the rate of no radio. */
const leastRate = 1000;
const mostRate = 1e14;

/** Bytes of a float that crosses, beside those of float32. */
const crossingShare = { float32: 1, float16: 1 / 2, int8: 1 / 4 } as const;

const preparedOf = new WeakMap<RoundConfig, Map<string, Prepared>>();

function prepare(config: RoundConfig, flopsPerSecond: number, samples: number): Prepared {
  const { scenario } = config;
  const { epochs, batchSize } = scenario.training;
  const localSteps = epochs * Math.ceil(samples / batchSize);
  const graph = layerGraph(present(config.model, 'the model to cut'));
  const { nodes } = graph;
  const whole = instanceOfModel(graph, {
    deviceFlopsPerSecond: flopsPerSecond,
    serverFlopsPerSecond: scenario.fallback.serverFlopsPerSecond,
    // The mean: the last mini-batch of an epoch may be short.
    batchSize: (epochs * samples) / localSteps,
    localSteps,
  });
  const share = crossingShare[scenario.fallback.crossing ?? 'float32'];
  const { activationBits, gradientBits } = whole.costs;
  const instance: SplitInstance = {
    ...whole,
    costs: {
      ...whole.costs,
      activationBits: activationBits.map((bits) => bits * share),
      gradientBits: gradientBits.map((bits) => bits * share),
    },
    pinnedToServer: Uint8Array.from(nodes, (_, v) => +(v === nodes.length - 1)),
  };
  return {
    instance,
    envelope: new CutEnvelope(instance),
    bytes: Float64Array.from(nodes, ({ parameters, outputFloats }, v) =>
      v === 0 ? 0 : heldBytes(parameters, outputFloats, batchSize),
    ),
    names: nodes.map(({ name }) => name),
    known: new Map(),
  };
}

function preparedFor(config: RoundConfig, device: DeviceProfile, samples: number): Prepared {
  const byClass = preparedOf.get(config) ?? new Map<string, Prepared>();
  preparedOf.set(config, byClass);
  const key = `${device.trainingFlopsPerSecond}/${samples}`;
  const known = byClass.get(key);
  if (known) return known;
  const made = prepare(config, device.trainingFlopsPerSecond, samples);
  byClass.set(key, made);
  return made;
}

const bytesIn = ({ bytes }: Prepared, onDevice: Uint8Array): number =>
  bytes.reduce((sum, value, v) => sum + value * onDevice[v]!, 0);

function nameOf(config: RoundConfig, { names }: Prepared, onDevice: Uint8Array): Cut {
  const layers = names.filter((_, v) => onDevice[v] === 1);
  return cutOfDeviceLayers(present(config.model, 'the model to cut'), layers);
}

/** The best cut without a memory to mind. */
function unbounded(config: RoundConfig, prepared: Prepared, rates: LinkRates): Named {
  const { onDevice } = prepared.envelope.decide(rates);
  const known = prepared.known.get(onDevice);
  if (known) return known;
  const named = { cut: nameOf(config, prepared, onDevice), bytes: bytesIn(prepared, onDevice) };
  prepared.known.set(onDevice, named);
  return named;
}

/** The best cut found that fits; null where not even the least part of the model does. */
function capped(config: RoundConfig, prepared: Prepared, rates: LinkRates, capBytes: number): Cut | null {
  const { instance, bytes } = prepared;
  const least = closureOf(instance.graph, instance.pinnedToDevice);
  if (bytesIn(prepared, least) > capBytes) return null;
  return nameOf(config, prepared, cappedSplit(instance, rates, bytes, capBytes).onDevice);
}

/**
 * The cut with which a split task of this car ends soonest at these rates, in bit/s; null where no part of the model fits
 * its memory or next to no bit passes. Exact without a binding memory (`cut-envelope.ts`), near it with one
 * (`memory-cap.ts`).
 */
export function bestCut(
  config: RoundConfig,
  { device, samples }: { readonly device: DeviceProfile; readonly samples: number },
  { up, down }: LinkRates,
): Cut | null {
  if (!(up >= leastRate && down >= leastRate) || samples < 1) return null;
  const rates = { up: Math.min(up, mostRate), down: Math.min(down, mostRate) };
  const prepared = preparedFor(config, device, samples);
  const { cut, bytes } = unbounded(config, prepared, rates);
  return bytes <= device.memoryBytes ? cut : capped(config, prepared, rates, device.memoryBytes);
}
