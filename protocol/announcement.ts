// The announcement: the one retained message from which every other process of a deployment learns which run is on and
// what it depends on. An agent in a car needs a broker's address and this, nothing else.
// Must not: hold anything of the machine it was made on.

import { z } from 'zod';
import { messageOf, RoadbedError } from '../base/errors.ts';
import { canonicalJson } from '../base/hash.ts';
import { idPattern, type RunId } from '../base/ids.ts';
import { brokenRules } from './scenario/rules.ts';
import { type Scenario, scenarioSchema } from './scenario/schema.ts';

/** Default packet caps of brokers go up to 2 MB and down to 128 KB; a scenario has a few KB, a small town's map some 100. */
export const maximumAnnouncementBytes = 1_048_576;

const announcementSchema = z.strictObject({
  run: z.string().regex(idPattern),
  /** Resolved: every default filled in, every override applied. */
  scenario: scenarioSchema,
  /** The road file's text, where the scenario names one and it fits; else the mobility process is given the scenario file. */
  roadText: z.string().optional(),
  /** What the RSU's data are, so that a car with other data says so instead of training on them. */
  dataFingerprint: z.string().max(256),
});

export interface Announcement {
  readonly run: RunId;
  readonly scenario: Scenario;
  readonly roadText?: string | undefined;
  readonly dataFingerprint: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The announcement as bytes; a road file that does not fit is left out. Throws RoadbedError('scenario') beyond 1 MiB. */
export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const whole = encoder.encode(canonicalJson({ ...announcement }));
  if (whole.length <= maximumAnnouncementBytes) return whole;
  const { roadText: _tooLarge, ...rest } = announcement;
  const short = encoder.encode(canonicalJson(rest));
  if (short.length <= maximumAnnouncementBytes) return short;
  throw new RoadbedError(
    'scenario',
    `the scenario takes ${short.length} bytes to announce (expected at most ${maximumAnnouncementBytes}); shorten its lists`,
  );
}

const refused = (why: string): RoadbedError =>
  new RoadbedError(
    'broker',
    `the announcement at the broker cannot be used: ${why} (start the RSU and the other processes with the same version of roadbed)`,
  );

/** Decodes and checks an announcement. Throws RoadbedError('broker') with what is wrong. */
export function decodeAnnouncement(bytes: Uint8Array): Announcement {
  if (bytes.length > maximumAnnouncementBytes)
    throw refused(`${bytes.length} bytes (expected at most ${maximumAnnouncementBytes})`);
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw refused(`it is not JSON: ${messageOf(error)}`);
  }
  const parsed = announcementSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refused(`${issue?.path.join('.') || '(root)'}: ${issue?.message ?? 'unknown fault'}`);
  }
  const broken = brokenRules(parsed.data.scenario)[0];
  if (broken) throw refused(broken.sentence);
  return { ...parsed.data, run: parsed.data.run as RunId };
}
