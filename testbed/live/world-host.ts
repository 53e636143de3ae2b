// Drives the mobility engine in wall time, one step every `stepSeconds`, and tells each vehicle where it is. The simulated
// stand-in for every car's GPS and radio. Must not: know that anyone learns.

import type { RunId, VehicleId } from '../../base/ids.ts';
import type { Fix, MobilitySource, MobilityStep } from '../../mobility/types.ts';
import type { Link } from '../../protocol/link/link.ts';
import { worldTopic } from '../../protocol/topics.ts';
import { encodeJson } from '../../protocol/world.ts';
import { FirstPlaces } from '../places.ts';
import { systemClock } from '../system.ts';
import { pause } from './timers.ts';

/** A machine that was held up longer than this does not catch up: cars would leap. */
const catchUpSeconds = 2;

export interface WorldOptions {
  readonly run: RunId;
  readonly mobility: MobilitySource;
  readonly link: Link;
  readonly over: AbortSignal;
}

/** Moves the world until `over`. */
export async function runWorld(options: WorldOptions): Promise<void> {
  const { mobility, over } = options;
  const clock = systemClock();
  const places = new FirstPlaces();
  tell(options, mobility.initial(), places);
  let dueAt = 0;
  while (!over.aborted) {
    dueAt = Math.max(dueAt + mobility.stepSeconds, clock.now() - catchUpSeconds);
    await pause(dueAt - clock.now(), over);
    if (over.aborted) return;
    const step = await mobility.step();
    tell(options, step.fixes, places);
    for (const vehicle of arrivedIn(step)) {
      places.forget(vehicle);
      say(options, vehicle, new Uint8Array(0));
    }
  }
}

const arrivedIn = (step: MobilityStep): VehicleId[] =>
  step.events.flatMap((event) => (event.kind === 'arrived' ? [event.vehicle] : []));

function tell(options: WorldOptions, fixes: readonly Fix[], places: FirstPlaces): void {
  for (const fix of fixes) say(options, fix.vehicle, encodeJson({ ...fix, first: places.of(fix) }));
}

/** A fix that is lost is followed by the next one. */
function say({ link, run }: WorldOptions, vehicle: VehicleId, payload: Uint8Array): void {
  link.publish(worldTopic(run, vehicle), payload).catch(() => undefined);
}
