// The two halves of a model cut behind block `cut`: the car's lower half and the RSU's upper half, with the same batches,
// the same arithmetic and the same optimiser as whole training, so that split and whole training agree bit by bit.
// Must not: average, compress or send. What crosses the cut are plain float arrays.

import { assert } from '../../base/assert.ts';
import type {
  Cut,
  LowerHalf,
  LowerHalfRequest,
  ModelSpec,
  TrainingSettings,
  UpperHalf,
  UpperHalfRequest,
} from '../learner.ts';
import { placeBlocks } from '../models/blocks.ts';
import { assertData, BatchOrder, gather } from '../training/batches.ts';
import type { Engine } from '../training/engine.ts';
import { type NetworkPool, Part } from '../training/network.ts';
import { blocksOfCut } from './cuts.ts';

interface OpenPart {
  readonly part: Part;
  /** Refuses use after disposal, and while another engine is active. */
  check(): void;
  /** Gives the network back; the second call does nothing. */
  close(): void;
}

/** Takes a network and sets the weights of its blocks on one side of the cut. */
function openPart(
  engine: Engine,
  pool: NetworkPool,
  request: {
    model: ModelSpec;
    cut: Cut;
    side: 'lower' | 'upper';
    weights: Float32Array;
    settings: TrainingSettings;
  },
): OpenPart {
  const { model, side, weights, settings } = request;
  const blocks = placeBlocks(model);
  const cut = blocksOfCut(model, request.cut);
  const network = pool.take(model);
  const part = side === 'lower' ? new Part(network, 0, cut) : new Part(network, cut, blocks.length);
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    part.dispose();
    pool.give(network);
  };
  try {
    part.setWeights(weights);
    if (settings.proximal) part.pull(weights, undefined);
  } catch (error) {
    close();
    throw error;
  }
  const check = (): void => {
    assert(open, 'this split half was disposed');
    engine.assertActive();
  };
  return { part, check, close };
}

/** Opens the blocks below the cut. The network is the half's own until `dispose`. */
export function openLowerHalf(engine: Engine, pool: NetworkPool, request: LowerHalfRequest): LowerHalf {
  const { model, cut, lowerWeights, data, shard, settings } = request;
  assertData(model, data, shard);
  const order = new BatchOrder(shard, settings);
  const { part, check, close } = openPart(engine, pool, {
    model,
    cut,
    side: 'lower',
    weights: lowerWeights,
    settings,
  });
  return {
    steps: order.steps,
    forward(step) {
      check();
      const { count, pixels, labels } = gather(data, order.at(step));
      return {
        smashed: part.predict(pixels, count),
        smashedShape: part.outputShape(count),
        samples: count,
        labels,
      };
    },
    backward(step, gradient) {
      check();
      const { count, pixels } = gather(data, order.at(step));
      part.backwardStep(pixels, count, gradient, settings);
    },
    weights() {
      check();
      return part.weights();
    },
    dispose: close,
  };
}

/** Opens the blocks above the cut. The network is the half's own until `dispose`. */
export function openUpperHalf(engine: Engine, pool: NetworkPool, request: UpperHalfRequest): UpperHalf {
  const { model, cut, upperWeights, settings } = request;
  const { part, check, close } = openPart(engine, pool, {
    model,
    cut,
    side: 'upper',
    weights: upperWeights,
    settings,
  });
  return {
    step(smashed, labels) {
      check();
      const { loss, inputGradient } = part.trainStep(smashed, labels, settings, true);
      assert(inputGradient, 'the step gave no gradient for the smashed data');
      return { loss, gradient: inputGradient };
    },
    weights() {
      check();
      return part.weights();
    },
    dispose: close,
  };
}
