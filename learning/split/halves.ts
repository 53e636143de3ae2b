// The parts of a cut model op by op: the car's lower half, the RSU's upper half or, in a U-shape, its middle, with the same
// batches, the same arithmetic and the same optimiser as whole training, so that split and whole training agree.
// Must not: average, compress or send. What crosses the cut are plain float arrays.

import { assert } from '../../base/assert.ts';
import type {
  Cut,
  LowerHalf,
  LowerHalfRequest,
  MiddleHalf,
  MiddleHalfRequest,
  ModelSpec,
  TrainingSettings,
  UpperHalf,
  UpperHalfRequest,
} from '../learner.ts';
import { assertData, BatchOrder, gather } from '../training/batches.ts';
import type { Engine } from '../training/engine.ts';
import { type NetworkPool, Part } from '../training/network.ts';
import { cutFacts } from './cuts.ts';
import { assertHead, blockCount, samplesIn } from './parts.ts';

interface OpenPart {
  /** The part. Refuses use after disposal, and while another engine is active. */
  use(): Part;
  weights(): Float32Array;
  /** Gives the network back; the second call does nothing. */
  dispose(): void;
}

interface PartRequest {
  readonly model: ModelSpec;
  readonly from: Cut;
  readonly to: Cut;
  readonly weights: Float32Array;
  readonly settings: TrainingSettings;
}

/** Takes a network and sets the weights of the layers between two cuts. The network is the part's own until disposal. */
function openPart(engine: Engine, pool: NetworkPool, request: PartRequest): OpenPart {
  const { model, from, to, weights, settings } = request;
  const network = pool.take(model);
  const part = new Part(network, from, to);
  let open = true;
  const dispose = (): void => {
    if (!open) return;
    open = false;
    part.dispose();
    pool.give(network);
  };
  try {
    part.setWeights(weights);
    if (settings.proximal) part.pull(weights, undefined);
  } catch (error) {
    dispose();
    throw error;
  }
  const use = (): Part => {
    assert(open, 'this split half was disposed');
    engine.assertActive();
    return part;
  };
  return { use, weights: () => use().weights(), dispose };
}

/** Opens the layers below the cut. */
export function openLowerHalf(engine: Engine, pool: NetworkPool, request: LowerHalfRequest): LowerHalf {
  const { model, lowerWeights, data, shard, settings } = request;
  assertData(model, data, shard);
  const { cut } = cutFacts(model, request.cut);
  const order = new BatchOrder(shard, settings);
  const part = openPart(engine, pool, { model, from: 0, to: cut, weights: lowerWeights, settings });
  return {
    steps: order.steps,
    forward(step) {
      const { count, pixels, labels } = gather(data, order.at(step));
      return {
        smashed: part.use().predict(pixels, count),
        samples: count,
        labels,
      };
    },
    backward(step, gradient) {
      const { count, pixels } = gather(data, order.at(step));
      part.use().backwardStep(pixels, count, gradient, settings);
    },
    weights: part.weights,
    dispose: part.dispose,
  };
}

/** Opens the layers above the cut. */
export function openUpperHalf(engine: Engine, pool: NetworkPool, request: UpperHalfRequest): UpperHalf {
  const { model, upperWeights, settings } = request;
  const { cut } = cutFacts(model, request.cut);
  const whole = blockCount(model);
  const part = openPart(engine, pool, { model, from: cut, to: whole, weights: upperWeights, settings });
  return {
    step(smashed, labels) {
      const { loss, inputGradient } = part.use().trainStep(smashed, labels, settings, true);
      assert(inputGradient, 'the step gave no gradient for the smashed data');
      return { loss, gradient: inputGradient };
    },
    weights: part.weights,
    dispose: part.dispose,
  };
}

/** Opens the layers between the cut and the head. */
export function openMiddleHalf(engine: Engine, pool: NetworkPool, request: MiddleHalfRequest): MiddleHalf {
  const { model, head, middleWeights, settings } = request;
  const { cut, crossingFloats } = cutFacts(model, request.cut);
  assertHead(model, cut, head);
  const part = openPart(engine, pool, { model, from: cut, to: head, weights: middleWeights, settings });
  let pending: Float32Array | undefined;
  return {
    forward(smashed) {
      const outputs = part.use().predict(smashed, samplesIn(smashed, crossingFloats));
      pending = smashed.slice();
      return outputs;
    },
    backward(gradient) {
      assert(pending, 'a gradient came before the smashed data it belongs to');
      const samples = pending.length / crossingFloats;
      const below = part.use().backwardStep(pending, samples, gradient, settings, true);
      pending = undefined;
      return below;
    },
    weights: part.weights,
    dispose: part.dispose,
  };
}
