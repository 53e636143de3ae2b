// One agent for one vehicle, as a real car has it: the broker's address and the vehicle's name are all it is told.
// Must not: know of other vehicles. (Where pools of agents are about, it tells them that this one is taken.)

import type { RunId, VehicleId } from '../../base/ids.ts';
import type { Place } from '../../learning/data/partition.ts';
import type { Announcement } from '../../protocol/announcement.ts';
import type { Link } from '../../protocol/link/link.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import { claimTopic, worldTopic } from '../../protocol/topics.ts';
import { decodeClaim, encodeJson } from '../../protocol/world.ts';
import type { Outbox } from '../../vehicle-agent/types.ts';
import { systemClock } from '../system.ts';
import { AgentHost, placeIn } from './agent-host.ts';
import { leaseSeconds } from './claim-book.ts';
import { type MemberOptions, type Membership, takePart } from './member.ts';
import { aborted, after, every } from './timers.ts';

/** Fixes come every half second; a car without one for this long has a wrong name, or no mobility process. */
const hintSeconds = 10;

/** What a car keeps between its starts. */
export interface KeptParts {
  readonly outbox: Outbox;
  readonly incarnation: number;
}

export interface SingleOptions extends MemberOptions {
  readonly vehicle: VehicleId;
  readonly keptOf: (announcement: Announcement) => KeptParts;
}

/** Drives one vehicle until the run is over or `stop`. Throws RoadbedError('broker') where there is no broker. */
export function runAgent(options: SingleOptions): Promise<void> {
  return takePart(options, `roadbed-${options.vehicle}`, (membership, over) =>
    drive(options, membership, over),
  );
}

async function drive(options: SingleOptions, membership: Membership, over: AbortSignal): Promise<void> {
  const { vehicle, brokerUrl, note } = options;
  const { run } = membership.announcement;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const link = await connectMqtt({ url: brokerUrl, clientId: `${run}-${vehicle}` });
  const world = await listenToWorld(link, options, run);
  const claiming = await claim(link, run, vehicle);
  let agent: AgentHost | undefined;
  try {
    note(`${vehicle} takes part in run ${run}`);
    const place = await Promise.race([world.place, aborted(over)]);
    if (!place) return;
    agent = await AgentHost.open({
      ...membership,
      ...options.keptOf(membership.announcement),
      vehicle,
      place,
      link,
      clock: systemClock(),
      failed: (error) => fail(error),
    });
    world.tell(agent);
    await Promise.race([aborted(over), failed]);
  } finally {
    world.close();
    claiming();
    await (agent ?? link).close();
  }
}

/** What the world says of one vehicle. */
interface World {
  /** Resolves with the first fix: where the vehicle first drove. */
  readonly place: Promise<Place>;
  /** Who hears the messages that follow. */
  tell(agent: AgentHost): void;
  close(): void;
}

/** A car must know where it is before it can take part: the first fix says which samples are its own. */
async function listenToWorld(link: Link, { vehicle, note }: SingleOptions, run: RunId): Promise<World> {
  let arrive: (place: Place) => void = () => undefined;
  let listener: AgentHost | undefined;
  const place = new Promise<Place>((resolve) => {
    arrive = resolve;
  });
  const hint = after(hintSeconds, () =>
    note(`Nobody has said yet where ${vehicle} is: does the mobility process know this name?`),
  );
  await link.subscribe(worldTopic(run, vehicle), (_topic, payload) => {
    const found = placeIn(payload);
    if (found) {
      hint();
      arrive(found);
    }
    listener?.world(payload);
  });
  return {
    place,
    tell: (agent) => {
      listener = agent;
    },
    close: hint,
  };
}

/**
 * Holds the vehicle against pools of agents: between two holders the smaller id keeps, and `agent-` is before `pool-`.
 * Returns what lets it go.
 */
async function claim(link: Link, run: RunId, vehicle: VehicleId): Promise<() => void> {
  const topic = claimTopic(run, vehicle);
  const pool = `agent-${vehicle}`.slice(0, 64);
  const say = (payload: Uint8Array): void =>
    void link.publish(topic, payload, { retain: true }).catch(() => undefined);
  const hold = (): void => say(encodeJson({ pool, held: true }));
  await link.subscribe(topic, (_topic, payload) => {
    const heard = decodeClaim(payload);
    if (heard && heard.pool !== pool) hold();
  });
  hold();
  const renewing = every(leaseSeconds / 3, hold);
  return () => {
    renewing();
    say(new Uint8Array(0));
  };
}
