// The RSU's side of the physical link in virtual time: memory (bytes ride on the control channel) or MQTT (bytes travel
// over a real broker). Must not: decide when a frame is acted on.

import { present } from '../../base/assert.ts';
import { BoundedQueue } from '../../base/bounded-queue.ts';
import type { RunId, VehicleId } from '../../base/ids.ts';
import type { Link } from '../../protocol/link/link.ts';
import { allUpTopic, vehicleOfTopic, vehicleTopic } from '../../protocol/topics.ts';
import type { RsuWire } from './conductor.ts';
import { seal } from './envelope.ts';
import { Inbox } from './inbox.ts';

/** Frames of strangers that may wait; a flood beyond it is dropped, the broker is not ours to stop. */
const strangersWaiting = 1024;

/** Nothing travels: frames are handed over as they are. */
export function memoryWire(): RsuWire {
  const frames = new Map<string, Uint8Array>();
  return {
    publish: (_vehicle, _sequence, frame) => frame,
    async take(vehicle, sequence, final) {
      const key = `${vehicle}/${sequence}`;
      const frame = present(frames.get(key), `frame ${key}`);
      if (final) frames.delete(key);
      return frame;
    },
    deposit: (vehicle, sequence, frame) => void frames.set(`${vehicle}/${sequence}`, frame),
    discard: (vehicle, sequence) => void frames.delete(`${vehicle}/${sequence}`),
    strangers: () => [],
  };
}

/** Frames travel over `link`; what arrives waits in an inbox until it is due. */
export async function mqttWire(link: Link, run: RunId): Promise<RsuWire> {
  const waiting = new BoundedQueue<{ vehicle: VehicleId; payload: Uint8Array }>(strangersWaiting);
  const inbox = new Inbox((vehicle, payload) => waiting.push({ vehicle: vehicle as VehicleId, payload }));
  await link.subscribe(allUpTopic(run), (topic, payload) => {
    const vehicle = vehicleOfTopic(topic);
    if (vehicle) inbox.arrived(vehicle, payload);
  });
  return {
    publish(vehicle, sequence, frame) {
      // A lost publication shows as a frame that never arrives, which the receiving inbox reports by name.
      link.publish(vehicleTopic(run, 'down', vehicle), seal(sequence, frame)).catch(() => undefined);
      return undefined;
    },
    take: (vehicle, sequence, final) => inbox.take(vehicle, sequence, final),
    deposit: () => undefined,
    discard: (vehicle, sequence) => inbox.discard(vehicle, sequence),
    strangers() {
      const all: { vehicle: VehicleId; payload: Uint8Array }[] = [];
      for (let next = waiting.shift(); next; next = waiting.shift()) all.push(next);
      return all;
    },
  };
}
