// What a pool of agents and a single agent have in common: they wait for the run, get the data it is about, check that
// these are the RSU's, and open what trains. Must not: know vehicles.

import { RoadbedError } from '../../base/errors.ts';
import type { Dataset, Learner } from '../../learning/learner.ts';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import type { Announcement } from '../../protocol/announcement.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import type { PreparedData } from '../prepare.ts';
import { attend } from './attend.ts';
import { Trainer } from './trainer.ts';

export interface MemberOptions {
  readonly brokerUrl: string;
  readonly engine: EnginePreference;
  /** The data of the announced scenario. */
  readonly prepare: (
    announcement: Announcement,
  ) => Pick<PreparedData, 'train' | 'evaluation' | 'fingerprint'>;
  readonly note: (text: string) => void;
  readonly stop: AbortSignal;
}

/** What agents of one run are made from. */
export interface Membership {
  readonly announcement: Announcement;
  readonly learner: Learner;
  readonly train: Dataset;
}

/** Refuses data that are not the RSU's: a car that trains on others would spoil the model unseen. */
function checkFingerprint(announcement: Announcement, fingerprint: string): void {
  if (fingerprint === announcement.dataFingerprint) return;
  throw new RoadbedError(
    'data',
    `the data here (${fingerprint}) are not those of the RSU (${announcement.dataFingerprint}); give the same --data folder to all processes, or remove the cache of generated data`,
  );
}

/** Carries `work` out for each run, with its data and a learner, until a run is over or `stop`. */
export async function takePart(
  options: MemberOptions,
  clientId: string,
  work: (membership: Membership, over: AbortSignal) => Promise<void>,
): Promise<void> {
  const { brokerUrl, engine, stop } = options;
  const link = await connectMqtt({ url: brokerUrl, clientId });
  options.note('Connected to the broker; waiting for the RSU to announce a run.');
  try {
    await attend(link, stop, async (announcement, over) => {
      const { train, evaluation, fingerprint } = options.prepare(announcement);
      checkFingerprint(announcement, fingerprint);
      const { trainer, learner } = await Trainer.open({ engine, train, evaluation });
      try {
        if (!over.aborted) await work({ announcement, learner, train }, over);
      } finally {
        await trainer.close();
      }
    });
  } finally {
    await link.close();
  }
}
