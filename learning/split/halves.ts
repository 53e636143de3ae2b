// The two halves of a model cut behind block `cut`: the car's lower half and the RSU's upper half, with the same batches,
// the same arithmetic and the same optimiser as whole training, so that split and whole training agree bit by bit.
// Must not: average, compress or send. What crosses the cut are plain float arrays.

import { assert } from '../../base/assert.ts';
import type { LowerHalf, LowerHalfRequest, UpperHalf, UpperHalfRequest } from '../learner.ts';
import { assertCut } from '../models/blocks.ts';
import { assertData, BatchOrder, gather } from '../training/batches.ts';
import type { Engine } from '../training/engine.ts';
import { type NetworkPool, Part } from '../training/network.ts';

/** Opens the blocks below the cut. The network is the half's own until `dispose`. */
export function openLowerHalf(engine: Engine, pool: NetworkPool, request: LowerHalfRequest): LowerHalf {
  assertData(request.data, request.shard);
  const order = new BatchOrder(request.shard, request.settings);
  const network = pool.take(request.model);
  assertCut(network.placed, request.cut);
  const part = new Part(network, 0, request.cut);
  part.setWeights(request.lowerWeights);
  const open = openFlag(engine, () => {
    part.dispose();
    pool.give(network);
  });
  return {
    steps: order.steps,
    forward(step) {
      open.check();
      const { pixels, labels } = gather(request.data, order.at(step));
      return {
        smashed: part.predict(pixels, labels.length),
        smashedShape: part.outputShape(labels.length),
        labels,
      };
    },
    backward(step, gradient) {
      open.check();
      const { pixels, labels } = gather(request.data, order.at(step));
      part.backwardStep(pixels, labels.length, gradient, request.settings);
    },
    weights() {
      open.check();
      return part.weights();
    },
    dispose: open.close,
  };
}

/** Opens the blocks above the cut. The network is the half's own until `dispose`. */
export function openUpperHalf(engine: Engine, pool: NetworkPool, request: UpperHalfRequest): UpperHalf {
  const network = pool.take(request.model);
  assertCut(network.placed, request.cut);
  const part = new Part(network, request.cut, network.placed.length);
  part.setWeights(request.upperWeights);
  const open = openFlag(engine, () => {
    part.dispose();
    pool.give(network);
  });
  return {
    step(smashed, labels) {
      open.check();
      const { loss, inputGradient } = part.trainStep(smashed, labels, request.settings, true);
      assert(inputGradient, 'the step gave no gradient for the smashed data');
      return { loss, gradient: inputGradient };
    },
    weights() {
      open.check();
      return part.weights();
    },
    dispose: open.close,
  };
}

/** Refuses use after disposal, and disposal twice gives the network back once. */
function openFlag(engine: Engine, release: () => void): { check(): void; close(): void } {
  let open = true;
  return {
    check() {
      assert(open, 'this split half was disposed');
      engine.assertActive();
    },
    close() {
      if (open) release();
      open = false;
    },
  };
}
