// The mobility process: the roads and vehicles of the announced run, or of a scenario file that must be the same.
// Must not: know that anyone learns.

import { RoadbedError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import { Rng } from '../../base/rng.ts';
import { createMobility } from '../../mobility/engine.ts';
import type { MobilitySource } from '../../mobility/types.ts';
import type { Announcement } from '../../protocol/announcement.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import { isPlainRoads } from '../../protocol/scenario/road-files.ts';
import { mobilityConfig } from '../plan.ts';
import { openWorld } from '../prepare.ts';
import type { LoadedScenario } from '../scenario-file.ts';
import { attend } from './attend.ts';
import { runWorld } from './world-host.ts';

export interface MobilityOptions {
  readonly brokerUrl: string;
  readonly clientId: string;
  readonly loaded: LoadedScenario | undefined;
  readonly note: (text: string) => void;
  readonly stop: AbortSignal;
}

/** Moves vehicles until the run is over or `stop`. Throws RoadbedError('broker') where there is no broker. */
export async function serveMobility(options: MobilityOptions): Promise<void> {
  const { brokerUrl, clientId, stop, note } = options;
  const link = await connectMqtt({ url: brokerUrl, clientId });
  note('Connected to the broker; waiting for the RSU to announce a run.');
  try {
    await attend(link, stop, async (announcement, over) => {
      const mobility = await mobilityOf(announcement, options.loaded, note);
      note(`Moving the vehicles of run ${announcement.run}.`);
      try {
        await runWorld({ run: announcement.run, mobility, link, over });
      } finally {
        await mobility.close?.();
      }
    });
  } finally {
    await link.close();
  }
}

async function mobilityOf(
  announcement: Announcement,
  loaded: LoadedScenario | undefined,
  note: (text: string) => void,
): Promise<MobilitySource> {
  const { scenario, roadText } = announcement;
  if (loaded) {
    const isSame = canonicalJson(loaded.scenario) === canonicalJson(scenario);
    if (isSame) return openWorld(loaded, { note });
    const sentence = `${loaded.path} is not the scenario the RSU announced (${scenario.name}, seed ${scenario.seed}); give both the same file and options, or leave it out here`;
    throw new RoadbedError('scenario', sentence);
  }
  if (scenario.roads.kind === 'geojson' && roadText === undefined) {
    const sentence = `the map of ${scenario.name} was too large to be announced; give the scenario file to \`roadbed mobility serve\` too`;
    throw new RoadbedError('scenario', sentence);
  }
  if (!isPlainRoads(scenario.roads)) {
    const sentence = `the roads of ${scenario.name} are files that were not announced; give the scenario file to \`roadbed mobility serve\` too`;
    throw new RoadbedError('scenario', sentence);
  }
  return createMobility(mobilityConfig(scenario, roadText), Rng.root(scenario.seed).fork('mobility'));
}
