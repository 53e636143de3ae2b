// `roadbed mobility import`: reads a map and says what is in it and what was left out; writes it as a net.xml where
// asked. Must not: drive.

import type { Network } from '../../mobility/network/network.ts';
import type { CommandIo } from '../io.ts';
import { textTable } from '../plot/text-table.ts';
import { loadNetwork } from './mobility-network.ts';
import { networkSummary, omissionLines } from './mobility-tables.ts';

export interface ImportFlags {
  readonly out?: string;
  readonly json?: boolean;
}

/** Runs the command. Throws RoadbedError('data') for a broken map. */
export async function importMobility(io: CommandIo, file: string, flags: ImportFlags): Promise<void> {
  const network = await loadNetwork(file);
  if (flags.out !== undefined) await writeNetwork(network, flags.out);
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

/** As a net.xml, which SUMO reads too; gzipped by its name. */
async function writeNetwork(network: Network, file: string): Promise<void> {
  const { netXmlOf } = await import('../../mobility/network/net-xml-writer.ts');
  const { openFileSink } = await import('../../mobility/traces/files.ts');
  const sink = openFileSink(file);
  sink.write(new TextEncoder().encode(netXmlOf(network)));
  await sink.end();
}

/** `laneKilometers` as `lane kilometers`. */
const wordsOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
