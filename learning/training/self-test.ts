// One training step with known numbers: what an engine must pass before roadbed trusts it. An engine that loads but
// computes wrong (stock tfjs wasm does, for some layers) would otherwise publish wrong curves.
// Must not: take long (a few milliseconds on wasm), or depend on anything but the engine.

import { messageOf } from '../../base/errors.ts';
import type { ModelSpec } from '../learner.ts';
import { glorotWeights } from '../models/initial-weights.ts';
import { NetworkPool, Part } from './network.ts';

/** The model of the step: five blocks. */
export const referenceSpec: ModelSpec = { name: 'lenet5', inputShape: [28, 28, 1], classes: 10 };

/**
 * Made with tfjs's cpu backend 4.22.0; the unit test `learning-engine` makes them again. The loss before the step, and
 * the sum of |change of weight| * (1 + index mod 7) by it, which notices a gradient that lands on the wrong weight.
 */
export const reference = { loss: 2.26443076, checksum: 375.3635115 } as const;

/**
 * Runs the step on the active backend: two made-up images, SGD with rate 0.5. `isLate`: the way that engines train whose
 * numbers come back late.
 */
export async function measureStep(isLate: boolean): Promise<{ loss: number; checksum: number }> {
  const network = new NetworkPool().take(referenceSpec);
  const part = new Part(network, 0, network.built.placed.length);
  try {
    const before = glorotWeights(referenceSpec, 7);
    part.setWeights(before);
    const pixels = Float32Array.from({ length: 2 * 28 * 28 }, (_, i) => ((i * 37) % 256) / 255 - 0.5);
    const step = { learningRate: 0.5, momentum: 0 };
    const labels = Uint8Array.of(3, 8);
    const loss = isLate
      ? await part.trainStepLater(pixels, labels, step)
      : part.trainStep(pixels, labels, step, false).loss;
    const after = isLate ? await part.weightsLater() : part.weights();
    const checksum = after.reduce((sum, w, i) => sum + Math.abs(w - before[i]!) * (1 + (i % 7)), 0);
    return { loss, checksum };
  } finally {
    part.dispose();
    network.built.model.dispose();
  }
}

/** Why the active backend must not train, or undefined if it may. */
export async function selfTest(isLate: boolean): Promise<string | undefined> {
  try {
    const found = await measureStep(isLate);
    for (const key of ['loss', 'checksum'] as const) {
      const wrong = Math.abs(found[key] - reference[key]) / reference[key];
      if (!(wrong < 1e-4)) return `self-test: ${key} ${found[key]} (expected ${reference[key]})`;
    }
    return undefined;
  } catch (error) {
    return `self-test: ${messageOf(error)}`;
  }
}
