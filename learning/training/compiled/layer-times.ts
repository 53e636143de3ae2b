// How long each layer of a model takes here: its compiled step is run operator by operator, with the clock read between two.
// Must not: read a clock of its own, or be called while a run trains on this thread.

import { RoadbedError } from '../../../base/errors.ts';
import type { LayerTime } from '../../cost/layer-times.ts';
import type { Dataset, ModelSpec } from '../../learner.ts';
import { placeBlocks } from '../../models/blocks.ts';
import { glorotWeights } from '../../models/initial-weights.ts';
import { listLayers } from '../../models/layer-list.ts';
import { openEngine } from '../engine.ts';
import type { EnginePreference } from '../engine-names.ts';
import type { Executor } from './executor.ts';
import { Executors } from './executors.ts';
import { refusalOf } from './graph.ts';
import { freshOwner } from './owner.ts';

export interface TimedSteps {
  /** One mini-batch of samples. */
  readonly data: Dataset;
  readonly samples: number;
  /** Steps whose median is taken, one more being run first. */
  readonly passes: number;
  /** A clock that only moves forward. */
  readonly seconds: () => number;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

const step = { learningRate: 1e-4, momentum: 0 };

/** The plan of `model` on the engine of `preference`, claimed. Throws RoadbedError where there is none. */
async function claimed(model: ModelSpec, samples: number, preference: EnginePreference): Promise<Executor> {
  const blocks = placeBlocks(model);
  const refusal = refusalOf(blocks);
  if (refusal !== undefined)
    throw new RoadbedError(
      'engine',
      `the layers of ${model.name} cannot be timed: ${refusal} is not compiled.`,
    );
  const { kernels, name } = await openEngine(preference);
  if (kernels === undefined)
    throw new RoadbedError('engine', `layers are timed on compiled steps, which ${name} has not. Take wasm.`);
  const executor = new Executors(kernels).take({ model, from: 0, to: blocks.length, trains: true }, samples);
  executor.claim(freshOwner(model, glorotWeights(model, 1), { settings: step }, executor));
  return executor;
}

/** Adds the seconds of one training step, operator by operator. */
function timeStep(
  executor: Executor,
  { data, samples, seconds }: TimedSteps,
  forward: number[][],
  backward: number[][],
): void {
  const { operators } = executor.plan;
  executor.readSamples(
    data,
    Uint32Array.from({ length: samples }, (_, index) => index),
  );
  operators.forEach((operator, index) => {
    const begin = seconds();
    operator.forward(samples);
    forward[index]!.push(seconds() - begin);
  });
  executor.lossSum(samples);
  for (let index = operators.length - 1; index >= 0; index--) {
    const begin = seconds();
    operators[index]!.backward(samples, step);
    backward[index]!.push(seconds() - begin);
  }
}

/**
 * Median times of all layers of `model`, in the order of the layer graph. Throws RoadbedError('engine') where the engine
 * has no compiled steps, or the model has a layer they do not know.
 */
export async function measuredLayerTimes(
  model: ModelSpec,
  timed: TimedSteps,
  preference: EnginePreference = 'auto',
): Promise<readonly LayerTime[]> {
  const executor = await claimed(model, timed.samples, preference);
  const { places } = executor.plan;
  timeStep(
    executor,
    timed,
    places.map(() => []),
    places.map(() => []),
  );
  const [forward, backward]: [number[][], number[][]] = [places.map(() => []), places.map(() => [])];
  for (let pass = 0; pass < timed.passes; pass++) timeStep(executor, timed, forward, backward);
  const times = listLayers(placeBlocks(model)).map(({ name }) => ({
    name,
    forwardSeconds: 0,
    backwardSeconds: 0,
  }));
  places.forEach(([first], operator) => {
    const time = times[first!]!;
    time.forwardSeconds += median(forward[operator]!);
    time.backwardSeconds += median(backward[operator]!);
  });
  return times;
}
