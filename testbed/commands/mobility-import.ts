// `roadbed mobility import`: reads a map and says what is in it and what was left out. Must not: drive.

import type { CommandIo } from '../io.ts';
import { textTable } from '../plot/text-table.ts';
import { loadNetwork } from './mobility-city.ts';
import { networkSummary, omissionLines } from './mobility-tables.ts';

export interface ImportFlags {
  readonly json?: boolean;
}

/** Runs the command. Throws RoadbedError('data') for a broken map. */
export async function importMobility(io: CommandIo, file: string, flags: ImportFlags): Promise<void> {
  const network = await loadNetwork(file);
  const summary = networkSummary(network);
  const { omissions } = network;
  if (flags.json) {
    io.out(JSON.stringify({ ...summary, omissions }, null, 2));
    return;
  }
  const rows = Object.entries(summary).map(([name, value]) => [
    wordsOf(name),
    value === null ? 'none' : String(value),
  ]);
  for (const line of textTable(['<what', '<value'], rows)) io.out(line);
  for (const line of omissionLines(omissions)) io.out(line);
}

/** `laneKilometers` as `lane kilometers`. */
const wordsOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
