// Reads SUMO demand: route files and additional files together, on a network. The front of this folder for whoever has
// files. Must not: touch the disk (bytes are passed in).

import type { Network, SignalProgram } from '../network/network.ts';
import { readXml } from '../xml/reader.ts';
import type { Demand } from './demand.ts';
import { emptyDraft } from './draft.ts';
import { type ResolveOptions, resolveDemand } from './resolve.ts';
import { RouteFileReader } from './rou-xml.ts';

/** A file's content and what errors call it. */
export interface DemandDocument {
  readonly file: string;
  readonly content: string | Uint8Array;
}

export interface ReadDemandOptions extends ResolveOptions {
  /** Read before the route files, as SUMO does; of several programs of one signal the last runs. */
  readonly additional: readonly DemandDocument[];
  readonly routes: readonly DemandDocument[];
}

/** A demand, and the signal programs that its additional files put in the place of the network's. */
export interface ReadDemand {
  readonly demand: Demand;
  readonly signals: readonly SignalProgram[];
}

/** Throws RoadbedError('data') naming file, line, element and what was expected. */
export function readDemand(network: Network, options: ReadDemandOptions): ReadDemand {
  const draft = emptyDraft([]);
  for (const { file, content } of [...options.additional, ...options.routes]) {
    readXml(content, { file, roots: [] }, new RouteFileReader(draft));
  }
  return { demand: resolveDemand(network, draft, options), signals: [...draft.signals.values()] };
}
