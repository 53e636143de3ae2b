// What a sweep and the processes that carry out its cells say to each other. Must not: hold behaviour.

import type { EnginePreference } from '../../learning/training/engine-names.ts';
import type { CellResult } from '../../roadside/store/experiment.ts';
import type { LoadedScenario } from '../scenario-file.ts';

/** One run to carry out. */
export interface CellOrder {
  readonly loaded: LoadedScenario;
  readonly engine: EnginePreference;
  /** Where the run's folder is made. */
  readonly runsDirectory: string;
  /** Keep that folder when the run is over; else it is removed. */
  readonly keepRun: boolean;
  readonly argv: readonly string[];
}

export type CellAnswer =
  | { readonly ok: true; readonly result: CellResult; readonly wallSeconds: number }
  | { readonly ok: false; readonly error: string; readonly wallSeconds: number };
