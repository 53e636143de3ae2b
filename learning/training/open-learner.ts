// One call for a host or worker thread: the engine's choice, its reasons, and a learner on it.
// Must not: be imported by tests that do not train; importing it loads tfjs.

import type { Learner } from '../learner.ts';
import { type EngineAttempt, type EnginePreference, openEngine } from './engine.ts';
import { learnerOn } from './tfjs-learner.ts';

export interface OpenedLearner {
  readonly learner: Learner;
  /** Every engine tried, in order; the last one trains. */
  readonly attempts: readonly EngineAttempt[];
  /** One sentence for each engine that was not taken. */
  readonly reasons: readonly string[];
}

/** Opens a learner on the preferred engine. Throws RoadbedError('engine') where none passes its self-test. */
export async function openLearner(preference: EnginePreference = 'auto'): Promise<OpenedLearner> {
  const engine = await openEngine(preference);
  return { learner: learnerOn(engine), attempts: engine.attempts, reasons: engine.reasons };
}
