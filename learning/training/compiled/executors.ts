// The executors of one thread: one for each model, range of blocks and purpose, made when first needed.
// Must not: grow with the number of cars. What is kept is bounded; what was used longest ago gives way.

import type { Cut, ModelSpec, Optimiser } from '../../learner.ts';
import { labelsPerSample, placeBlocks } from '../../models/blocks.ts';
import { layersBetween } from '../../split/layer-sets.ts';
import { isAdaptive } from '../adam.ts';
import type { KernelBuild } from '../kernels/module.ts';
import { Executor, type Owner } from './executor.ts';
import { compilePlan } from './plan.ts';

/** Arenas kept at most: a whole model, its evaluation and the cuts that cars of one thread have are usually fewer. */
const KEPT = 24;
/** Arenas kept whatever they weigh; more of them only within `KEPT_BYTES`, where every car has a cut of its own. */
const ALWAYS_KEPT = 4;
const KEPT_BYTES = 2 ** 30;

/** What an executor is asked to do. */
export interface Purpose {
  readonly model: ModelSpec;
  /** The layers that run in the car at the cut `to` but not at the cut `from`; 0 and the number of blocks are the ends. */
  readonly from: Cut;
  readonly to: Cut;
  readonly trains: boolean;
  /** Of the training settings; SGD where absent. */
  readonly optimiser?: Optimiser;
  /** Whether something is added to every gradient; not where absent. */
  readonly isPulled?: boolean;
}

function keyOf(purpose: Purpose): string {
  const { model, from, to, trains, isPulled = false } = purpose;
  const shape = `${model.inputShape.join('x')} ${model.classes}`;
  return `${model.name} ${shape} ${from}-${to} ${trains} ${isAdaptive(purpose)} ${isPulled}`;
}

export class Executors {
  readonly #build: KernelBuild;
  readonly #kept = new Map<string, Executor>();

  /** `build`: the kernels of all arenas. */
  constructor(build: KernelBuild = 'plain') {
    this.#build = build;
  }

  /** An executor for `purpose` with room for `rows` samples. Claim it before use. */
  take(purpose: Purpose, rows: number): Executor {
    const key = keyOf(purpose);
    const found = this.#kept.get(key);
    if (found && found.capacity >= rows) {
      this.#keep(key, found);
      return found;
    }
    found?.release();
    const options = {
      capacity: rows,
      trains: purpose.trains,
      wantsInputGradient: purpose.from !== 0,
      labelsPerSample: labelsPerSample(purpose.model),
      kernels: this.#build,
      isAdaptive: isAdaptive(purpose),
      isPulled: purpose.isPulled,
    };
    const { model, from, to } = purpose;
    const plan = compilePlan(placeBlocks(model), options, layersBetween(model, from, to));
    const made = new Executor(plan, options);
    this.#keep(key, made);
    this.#trim();
    return made;
  }

  /** Puts an executor last in the order in which they give way. */
  #keep(key: string, executor: Executor): void {
    this.#kept.delete(key);
    this.#kept.set(key, executor);
  }

  /** `take`, claimed for `owner`. */
  claim(purpose: Purpose, rows: number, owner: Owner): Executor {
    const executor = this.take(purpose, rows);
    executor.claim(owner);
    return executor;
  }

  /** Ends the claim of an owner that is done, wherever it was. */
  drop(purpose: Purpose, owner: Owner): void {
    this.#kept.get(keyOf(purpose))?.drop(owner);
  }

  /** Bytes of all arenas. */
  get byteLength(): number {
    return [...this.#kept.values()].reduce((sum, executor) => sum + executor.plan.arena.byteLength, 0);
  }

  #trim(): void {
    for (const [key, executor] of this.#kept) {
      const { size } = this.#kept;
      if (size <= ALWAYS_KEPT || (size <= KEPT && this.byteLength <= KEPT_BYTES)) return;
      executor.release();
      this.#kept.delete(key);
    }
  }
}
