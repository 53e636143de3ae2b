// What a car keeps on disk between its starts: updates that wait for their acknowledgement, and how often it has started.
// Impure: files. Must not: keep one run's updates for another.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { RunId, VehicleId } from '../../base/ids.ts';
import { FileOutbox } from '../../vehicle-agent/outbox-files.ts';
import { MemoryOutbox } from '../../vehicle-agent/outbox-memory.ts';
import type { KeptParts } from './single.ts';

function startsBefore(file: string): number {
  try {
    const count = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(count) && count >= 0 ? count : 0;
  } catch {
    return 0;
  }
}

export interface KeptPlace {
  /** Absent: nothing outlives the process. */
  readonly directory: string | undefined;
  readonly run: RunId;
  readonly vehicle: VehicleId;
  readonly note: (text: string) => void;
}

/** Opens `<directory>/<run>/<vehicle>`. Throws RoadbedError('store') where it cannot be used. */
export function openKept({ directory, run, vehicle, note }: KeptPlace): KeptParts {
  if (directory === undefined) return { outbox: new MemoryOutbox(), incarnation: 1 };
  const folder = join(directory, run, vehicle);
  const file = join(folder, 'starts');
  try {
    mkdirSync(folder, { recursive: true });
    const incarnation = startsBefore(file) + 1;
    writeFileSync(file, String(incarnation));
    return { outbox: new FileOutbox(folder, note), incarnation };
  } catch (error) {
    if (error instanceof RoadbedError) throw error;
    const sentence = `cannot use the folder ${folder}: ${messageOf(error)} (give another one with --outbox)`;
    throw new RoadbedError('store', sentence, { cause: error });
  }
}
