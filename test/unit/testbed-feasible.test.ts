// What is refused before a run begins, in one sentence, because it could only fail in every round.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { stepBytes } from '../../learning/training/memory.ts';
import { assertFeasible, type Plans } from '../../testbed/feasible.ts';
import { bundledDirectory, loadScenario } from '../../testbed/scenario-file.ts';

const model = { name: 'lenet5', inputShape: [32, 32, 3], classes: 43 } as const;

function refusal(sets: readonly string[], changes: Partial<Plans> = {}): string {
  const { scenario } = loadScenario(join(bundledDirectory, 'highway-signs.yaml'), { sets });
  const plans = {
    scenario,
    model,
    trainSamples: 10_000_000,
    engine: 'auto',
    threads: 2,
    ...changes,
  } as const;
  try {
    assertFeasible({ memoryBytes: 16 * 2 ** 30, ...plans });
    return 'accepted';
  } catch (error) {
    if (error instanceof RoadbedError) return `[${error.reason}] ${error.message}`;
    throw error;
  }
}

describe('before a run', () => {
  it('a usual scenario is accepted', () => {
    expect(refusal([])).toBe('accepted');
  });

  it('a step that WebAssembly cannot address is refused by model and batch size', () => {
    expect(refusal(['training.batchSize=100000'])).toMatch(
      /^\[scenario\] a step of lenet5 with training.batchSize 100000 on samples of 32x32x3 takes \d+\.\d GiB \(expected at most 4\.0 GiB, /,
    );
  });

  it('a batch size beyond the training set counts no more than the set', () => {
    expect(refusal(['training.batchSize=100000'], { trainSamples: 500 })).toBe('accepted');
  });

  it('steps that the machine cannot hold together are refused', () => {
    const sets = ['training.batchSize=1000'];
    expect(refusal(sets, { memoryBytes: 2 ** 30 })).toBe('accepted');
    expect(refusal(sets, { memoryBytes: 2 ** 30, threads: 64 })).toMatch(
      /on each of 64 threads \(expected at most 1\.0 GiB together, the memory of this machine; .+fewer --workers\)$/,
    );
  });

  it('a model that is in the zoo for its graph only is refused, with those that train', () => {
    expect(() => refusal(['model.name=resnet50'])).toThrow(/resnet50/);
    expect(() => refusal(['model.name=resnet50'])).toThrow(/resnet18/);
  });

  it('halves on an engine that trains whole models only are refused', () => {
    expect(refusal([], { engine: 'webgpu' })).toMatch(/^\[engine\] --engine webgpu trains whole models only/);
    expect(refusal(['fallback.mode=full-only'], { engine: 'webgpu' })).toBe('accepted');
  });
});

describe('the bytes of a step', () => {
  it('grow with its samples, and are more with training than without, compiled or op by op', () => {
    for (const name of ['lenet5', 'text-transformer']) {
      const spec = name === 'lenet5' ? model : ({ name, inputShape: [1, 16, 1], classes: 4 } as const);
      const [small, large] = [stepBytes(spec, 128, true), stepBytes(spec, 256, true)];
      expect(large).toBeGreaterThan(1.5 * small);
      expect(large).toBeLessThan(2 * small);
      expect(stepBytes(spec, 128, false)).toBeLessThan(small);
    }
  });
});
