// What the feed tells the page about a run, and what a run's summary holds. Plain JSON, read by the dashboard, the
// command line and reports alike. Must not: import anything of Node.

import type { LoggedEvent } from './events.ts';
import type { Box } from './frame.ts';

/** The still picture under the map: drawn once. */
export interface MapScene {
  readonly box: Box;
  readonly roads: readonly { readonly id: string; readonly points: readonly (readonly [number, number])[] }[];
  /** Of a city: every lane with its width, drawn in place of roads. */
  readonly lanes?: readonly {
    readonly widthMeters: number;
    readonly points: readonly (readonly [number, number])[];
  }[];
  /** Of a city: where lanes end at a signal; frames say what each shows. Direction of travel there. */
  readonly stopLines?: readonly {
    readonly x: number;
    readonly y: number;
    readonly headingRadians: number;
    readonly widthMeters: number;
  }[];
  readonly rsus: readonly {
    readonly id: string;
    readonly x: number;
    readonly y: number;
    readonly coverageRadiusMeters: number;
  }[];
}

/** `GET /api/runs/:run`: everything about a run that does not change. */
export interface RunInfo {
  readonly runId: string;
  readonly scenario: string;
  readonly description: string;
  readonly seed: number;
  readonly engine: string;
  readonly link: string;
  /** `running`, `finished` or `broken` (the process ended before the run did). */
  readonly status: 'running' | 'finished' | 'broken';
  readonly startedAt: string;
  readonly scene: MapScene;
  /** Vehicle ids in the order frames refer to them; grows while the run goes on. */
  readonly vehicles: readonly string[];
  readonly lastAt: number;
}

/** A message of the live WebSocket (text). Binary messages are map frames (`frame.ts`). */
export type FeedMessage =
  | { readonly kind: 'hello'; readonly run: RunInfo }
  | { readonly kind: 'events'; readonly events: readonly LoggedEvent[] }
  | { readonly kind: 'vehicles'; readonly from: number; readonly ids: readonly string[] }
  | { readonly kind: 'end' };

/** How well the seconds left in coverage were predicted, at every coming onto a road of every stay that ended. */
export interface PredictionError {
  readonly stays: number;
  readonly predictions: number;
  /** Mean absolute error, seconds: of the method that decided, and of both. */
  readonly maeSeconds: number;
  readonly roadMaeSeconds: number;
  readonly learnedMaeSeconds: number;
  /** Mean of predicted less actual: below 0 the RSU is cautious. */
  readonly biasSeconds: number;
  /** Quantiles of the absolute error. */
  readonly p50Seconds: number;
  readonly p90Seconds: number;
}

/** The figures `roadbed run --json` prints. */
export interface RunSummary {
  readonly runId: string;
  readonly database: string;
  readonly rounds: number;
  readonly testAccuracy: number;
  readonly testLoss: number;
  readonly selected: number;
  /** Committed over selected, 0..1: of the vehicles that were given a task, those whose work counts. */
  readonly contributionShare: number;
  readonly committed: number;
  readonly left: number;
  readonly late: number;
  readonly refused: number;
  readonly failed: number;
  readonly split: number;
  /** Committed with fewer epochs than asked for; absent where none were. */
  readonly partial?: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** How often a vehicle passed from one RSU to another within a stay. */
  readonly handovers: number;
  /** Uploads and downloads that were under way then, and went on at the next RSU. */
  readonly transfersHandedOver: number;
  /** Split tasks that were under way then, and went on at their next mini-batch. */
  readonly splitsHandedOver: number;
  /** Null where the scenario asks for no prediction, or no stay has ended. */
  readonly prediction: PredictionError | null;
  readonly virtualSeconds: number;
  readonly wallSeconds: number;
  readonly eventLogSha256: string;
  readonly modelSha256: string;
  readonly engine: string;
}
