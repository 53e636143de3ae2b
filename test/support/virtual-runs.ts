// Whole runs of virtual time for tests: run a scenario file, read its log back. Must not: hold expectations.

import { join } from 'node:path';
import type { EventBody, LoggedEvent } from '../../protocol/events.ts';
import type { RunSummary } from '../../protocol/run-info.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import { type RunOptions, runVirtual } from '../../testbed/run-virtual.ts';
import { loadScenario } from '../../testbed/scenario-file.ts';

/** What a run left behind. */
export interface Outcome {
  readonly summary: RunSummary;
  readonly events: readonly LoggedEvent[];
}

/** Runs `file` with overrides; by default over memory, on one worker, on the wasm engine. */
export async function runScenario(
  file: string,
  runsDirectory: string,
  sets: readonly string[],
  options: Partial<RunOptions> = {},
): Promise<Outcome> {
  const summary = await runVirtual({
    loaded: loadScenario(file, { sets }),
    runsDirectory,
    link: 'memory',
    workers: 1,
    engine: 'wasm',
    argv: [],
    note: () => undefined,
    ...options,
  });
  const ledger = Ledger.open(join(summary.database, '..'), { readOnly: true });
  const events = ledger.events();
  ledger.close();
  return { summary, events };
}

/** The events of one kind, in order. */
export function bodies<K extends EventBody['kind']>(
  { events }: Outcome,
  kind: K,
): Extract<EventBody, { kind: K }>[] {
  return events
    .map(({ body }) => body)
    .filter((body): body is Extract<EventBody, { kind: K }> => body.kind === kind);
}

/** What two runs must share to be the same run. */
export function digests({ summary }: Outcome): string[] {
  return [summary.eventLogSha256, summary.modelSha256];
}
