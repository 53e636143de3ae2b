// All plans are made: drivers tell at the links what they plan, and within a junction whether they leave it.
// Must not: change a plan, but for the tie of an all-way stop.

import { clearApproaches, register } from './approaches';
import { allWayStopLetter } from './letters';
import { drawUniform, tiePurpose } from './random';
import { Item, rowOf, some, Vehicle } from './records';
import { activeCount, activeLane, freeGivenUp, seed, steps } from './world';

/** Everybody registers anew; nobody given up before is known any more. */
export function registerAll(): void {
  clearApproaches();
  freeGivenUp();
  for (let i = 0; i < activeCount; i++)
    for (let v = activeLane(i).front; some(v); v = v.behind) registerVehicle(v);
}

function registerVehicle(v: Vehicle): void {
  const count = v.planCount;
  if (count == 0) {
    v.willPass = false;
    return;
  }
  v.willPass = some(v.plan.link) && v.plan.request;
  for (let i = 0; i < count; i++) {
    const item = rowOf<Item>(changetype<usize>(v.plan), i);
    const link = item.link;
    if (!some(link) || !link.watched) continue;
    if (link.state == allWayStopLetter && drawUniform(seed, v.departure, steps, tiePurpose) >= 0.5)
      item.arrivalTime += 0.001;
    register(item, v);
  }
}
