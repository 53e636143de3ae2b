// What can be known before a run to be impossible: an engine that cannot train halves, a step that no memory holds. Said
// once, in a sentence, before anything is created, instead of round after round as failures of cars.
// Must not: start an engine, or refuse what may work.

import { totalmem } from 'node:os';
import { RoadbedError } from '../base/errors.ts';
import type { ModelSpec } from '../learning/learner.ts';
import type { EnginePreference } from '../learning/training/engine-names.ts';
import { largestStepBytes, stepBytes } from '../learning/training/memory.ts';
import type { Scenario } from '../protocol/scenario/schema.ts';

export interface Plans {
  readonly scenario: Scenario;
  readonly model: ModelSpec;
  /** Samples of the training set: no mini-batch is larger. */
  readonly trainSamples: number;
  readonly engine: EnginePreference;
  /** Threads of this process that train. */
  readonly threads: number;
  /** Memory of the machine; asked of it where absent. */
  readonly memoryBytes?: number;
}

function assertEngineFits({ engine, scenario }: Plans): void {
  const { mode } = scenario.fallback;
  if (engine !== 'webgpu' || mode === 'full-only') return;
  throw new RoadbedError(
    'engine',
    `--engine webgpu trains whole models only, but fallback.mode is ${mode} (expected full-only: add --set fallback.mode=full-only, or take another engine)`,
  );
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function assertMemoryFits(plans: Plans): void {
  const { scenario, model, trainSamples, engine, threads, memoryBytes = totalmem() } = plans;
  const rows = Math.min(scenario.training.batchSize, trainSamples);
  const needed = stepBytes(model, rows, true);
  const step = `a step of ${model.name} with training.batchSize ${scenario.training.batchSize} on samples of ${model.inputShape.join('x')} takes ${gibibytes(needed)}`;
  const remedy = 'take a smaller batch size or model';
  const isWasm = engine === 'auto' || engine.startsWith('wasm');
  if (isWasm && needed > largestStepBytes)
    throw new RoadbedError(
      'scenario',
      `${step} (expected at most ${gibibytes(largestStepBytes)}, all that WebAssembly can address; ${remedy})`,
    );
  if (needed * threads > memoryBytes)
    throw new RoadbedError(
      'scenario',
      `${step} on each of ${threads} threads (expected at most ${gibibytes(memoryBytes)} together, the memory of this machine; ${remedy}, or fewer --workers)`,
    );
}

/** Throws RoadbedError('scenario' or 'engine') where a run as planned cannot work. */
export function assertFeasible(plans: Plans): void {
  assertEngineFits(plans);
  assertMemoryFits(plans);
}
