// One agent for one vehicle, as a real car has it: the broker's address and the vehicle's name are all it is told.
// Must not: know of other vehicles.

import type { VehicleId } from '../../base/ids.ts';
import type { Announcement } from '../../protocol/announcement.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import { worldTopic } from '../../protocol/topics.ts';
import type { Outbox } from '../../vehicle-agent/types.ts';
import { systemClock } from '../system.ts';
import { AgentHost } from './agent-host.ts';
import { type MemberOptions, type Membership, takePart } from './member.ts';
import { aborted } from './timers.ts';

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
  const agent = await AgentHost.open({
    ...membership,
    ...options.keptOf(membership.announcement),
    vehicle,
    link: await connectMqtt({ url: brokerUrl, clientId: `${run}-${vehicle}` }),
    clock: systemClock(),
    failed: (error) => fail(error),
  });
  try {
    await agent.link.subscribe(worldTopic(run, vehicle), (_topic, payload) => agent.world(payload));
    note(`${vehicle} takes part in run ${run}`);
    await Promise.race([aborted(over), failed]);
  } finally {
    await agent.close();
  }
}
