// The vehicles as whoever watches sees them: dense columns, copied from the engine's records after each step.
// Must not: be read by the engine itself.

import type { VehicleColumns } from '../driving/city-engine.ts';
import { recordWidth, type Vehicles } from './vehicles.ts';

export class Shown implements VehicleColumns {
  count = 0;
  departure = new Int32Array(0);
  lane = new Int32Array(0);
  position = new Float64Array(0);
  speed = new Float64Array(0);
  routeIndex = new Int32Array(0);

  show(vehicles: Vehicles): void {
    const { count } = vehicles;
    if (this.lane.length < count) this.#grow(2 * count);
    this.count = count;
    for (let row = 0, v = 0; row < count; row++, v += recordWidth) {
      this.departure[row] = vehicles.departure[v]!;
      this.lane[row] = vehicles.lane[v]!;
      this.position[row] = vehicles.position[v]!;
      this.speed[row] = vehicles.speed[v]!;
      this.routeIndex[row] = vehicles.routeIndex[v]!;
    }
  }

  #grow(size: number): void {
    this.departure = new Int32Array(size);
    this.lane = new Int32Array(size);
    this.position = new Float64Array(size);
    this.speed = new Float64Array(size);
    this.routeIndex = new Int32Array(size);
  }
}
