// The known step of ../self-test.ts on the compiled path: what it must pass before a thread trains on it.
// Must not: take long (a few milliseconds).

import { messageOf } from '../../../base/errors.ts';
import { glorotWeights } from '../../models/initial-weights.ts';
import type { KernelBuild } from '../kernels/module.ts';
import { reference, referenceSpec } from '../self-test.ts';
import { Executors } from './executors.ts';
import { freshOwner, ownedWeights } from './owner.ts';

/** Runs the step: two made-up images, SGD with rate 0.5. */
export function measureCompiledStep(kernels: KernelBuild): { loss: number; checksum: number } {
  const model = referenceSpec;
  const executor = new Executors(kernels).take({ model, from: 0, to: 5, trains: true }, 2);
  const before = glorotWeights(model, 7);
  const owner = freshOwner(model, before, { settings: { momentum: 0 } }, executor);
  const { inputShape, classes } = model;
  const images = Uint8Array.from({ length: 2 * 28 * 28 }, (_, i) => (i * 37) % 256);
  const data = { inputShape, classes, images, labels: Uint8Array.of(3, 8) };
  executor.claim(owner);
  executor.readSamples(data, Uint32Array.of(0, 1));
  const loss = executor.train(2, { learningRate: 0.5, momentum: 0 });
  const after = ownedWeights(executor, owner);
  const checksum = after.reduce((sum, w, i) => sum + Math.abs(w - before[i]!) * (1 + (i % 7)), 0);
  return { loss, checksum };
}

function runSelfTest(kernels: KernelBuild): string | undefined {
  try {
    const found = measureCompiledStep(kernels);
    for (const key of ['loss', 'checksum'] as const) {
      const wrong = Math.abs(found[key] - reference[key]) / reference[key];
      if (!(wrong < 1e-4)) return `compiled step: ${key} ${found[key]} (expected ${reference[key]})`;
    }
    return undefined;
  } catch (error) {
    return `compiled step: ${messageOf(error)}`;
  }
}

const outcomes: Partial<Record<KernelBuild, { readonly refusal: string | undefined }>> = {};

/** Why this thread must not train on compiled steps, or undefined if it may. Runs once for each build. */
export function compiledRefusal(kernels: KernelBuild): string | undefined {
  const outcome = outcomes[kernels] ?? { refusal: runSelfTest(kernels) };
  outcomes[kernels] = outcome;
  return outcome.refusal;
}
