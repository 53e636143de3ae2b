// The RSU's side of the physical link in virtual time: memory (bytes ride on the control channel) or MQTT (bytes travel
// over a real broker). Must not: decide when a frame is acted on.

import { present } from '../../base/assert.ts';
import { BoundedQueue } from '../../base/bounded-queue.ts';
import type { RunId, VehicleId } from '../../base/ids.ts';
import type { Link } from '../../protocol/link/link.ts';
import { allUpTopic, vehicleOfTopic, vehicleTopic } from '../../protocol/topics.ts';
import type { RsuWire, Stranger } from './conductor.ts';
import type { Sealer } from './envelope.ts';
import { Inbox } from './inbox.ts';

/** Frames of strangers that may wait; a flood beyond it is counted and dropped, the broker is not ours to stop. */
const strangersWaiting = 1024;
const upPrefix = 'up/';

/** Names of the streams frames are sealed for. */
export const upStream = (vehicle: VehicleId): string => `${upPrefix}${vehicle}`;
export const downStream = (vehicle: VehicleId): string => `down/${vehicle}`;

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
    strangers: () => ({ frames: [], dropped: 0 }),
  };
}

/** Frames travel over `link`; what arrives waits in an inbox until it is due. */
export async function mqttWire(link: Link, run: RunId, sealer: Sealer): Promise<RsuWire> {
  const waiting = new BoundedQueue<Stranger>(strangersWaiting);
  let dropped = 0;
  const inbox = new Inbox(sealer, (stream, payload) => {
    if (!waiting.push({ vehicle: stream.slice(upPrefix.length) as VehicleId, payload })) dropped++;
  });
  await link.subscribe(allUpTopic(run), (topic, payload) => {
    const vehicle = vehicleOfTopic(topic);
    if (vehicle) inbox.arrived(upStream(vehicle), payload);
  });
  return {
    publish(vehicle, sequence, frame) {
      const sealed = sealer.seal(downStream(vehicle), sequence, frame);
      // A lost publication shows as a frame that never arrives, which the receiving inbox reports by name.
      link.publish(vehicleTopic(run, 'down', vehicle), sealed).catch(() => undefined);
      return undefined;
    },
    take: (vehicle, sequence, final) => inbox.take(upStream(vehicle), sequence, final),
    deposit: () => undefined,
    discard: (vehicle, sequence) => inbox.discard(upStream(vehicle), sequence),
    strangers() {
      const frames: Stranger[] = [];
      for (let next = waiting.shift(); next; next = waiting.shift()) frames.push(next);
      const all = { frames, dropped };
      dropped = 0;
      return all;
    },
  };
}
