// The vehicles as whoever watches sees them: columns that the kernel writes after each step, in its memory.
// Must not: be read by the engine itself.

import type { VehicleColumns } from '../driving/city-engine.ts';
import type { Kernel } from './kernel/instance.ts';

export class Shown implements VehicleColumns {
  count = 0;
  departure = new Int32Array(0);
  lane = new Int32Array(0);
  position = new Float64Array(0);
  speed = new Float64Array(0);
  routeIndex = new Int32Array(0);

  /** Looks at what the kernel shows now; its columns move when it needs more memory. */
  refresh({ exports, memory: { buffer } }: Kernel): void {
    this.count = exports.shownCount.value;
    const room = exports.shownRoom.value;
    if (this.lane.length === room && this.lane.buffer === buffer) return;
    this.departure = new Int32Array(buffer, exports.shownDeparture.value, room);
    this.lane = new Int32Array(buffer, exports.shownLane.value, room);
    this.position = new Float64Array(buffer, exports.shownPosition.value, room);
    this.speed = new Float64Array(buffer, exports.shownSpeed.value, room);
    this.routeIndex = new Int32Array(buffer, exports.shownIndex.value, room);
  }
}
