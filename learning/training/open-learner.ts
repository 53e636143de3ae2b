// One call for a host or worker thread: the engine, its reasons, and a learner on it.
// Must not: be imported by tests that do not train; importing it loads tfjs.

import type { Learner } from '../learner.ts';
import { openEngine } from './engine.ts';
import type { EnginePreference } from './engine-names.ts';
import { learnerOn } from './tfjs-learner.ts';

export interface OpenedLearner {
  readonly learner: Learner;
  /** Why this engine trains: sentences for the manifest. */
  readonly reasons: readonly string[];
}

/** Opens a learner on the preferred engine. Throws RoadbedError('engine') where it does not work. */
export async function openLearner(preference: EnginePreference = 'auto'): Promise<OpenedLearner> {
  const engine = await openEngine(preference);
  return { learner: learnerOn(engine), reasons: engine.reasons };
}
