// Runs a scenario in wall time. Must not: hold rules of the round, of the wire or of the world.

import { RoadbedError } from '../../base/errors.ts';
import type { RunSummary } from '../../protocol/run-info.ts';
import type { RunOptions } from '../run-virtual.ts';

/** Carries a scenario out in wall time and returns its figures. */
export async function runLive(_options: RunOptions): Promise<RunSummary> {
  throw new RoadbedError('usage', '--live is not built yet; run without it for virtual time');
}
