// Moves everyone by one sub-step, after everyone's next speed is known (car-following.ts), and reports crossings, road
// changes and arrivals. Must not: decide speeds.

import type { ContactTracker, Travel } from '../contacts/contact-tracker.ts';
import type { RoadNetwork } from '../roads/network.ts';
import type { Fleet } from '../traffic/fleet.ts';
import { nextRoad } from '../traffic/route.ts';
import type { SubStep } from '../traffic/source.ts';

export class Mover {
  readonly #network: RoadNetwork;
  readonly #fleet: Fleet;
  readonly #contacts: ContactTracker;
  readonly #travel: Travel;
  /** Vehicles past the end of their road, waiting until all lanes have moved. */
  readonly #crossing: number[] = [];
  #arrived = 0;

  constructor(network: RoadNetwork, fleet: Fleet, contacts: ContactTracker) {
    this.#network = network;
    this.#fleet = fleet;
    this.#contacts = contacts;
    const nobody = '' as Travel['vehicle'];
    this.#travel = {
      vehicle: nobody,
      road: 0,
      fromMeters: 0,
      toMeters: 0,
      startsAt: 0,
      endsAt: 0,
      speedMps: 0,
    };
  }

  /** Vehicles that have left the world so far. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Moves all vehicles from `subStep.from` to `subStep.to` at their next speed. */
  move(subStep: SubStep): void {
    this.#travel.startsAt = subStep.from;
    this.#travel.endsAt = subStep.to;
    for (let road = 0; road < this.#network.roads.length; road++)
      this.#moveLane(road, subStep.to - subStep.from);
    for (const slot of this.#crossing) this.#passEnds(slot, subStep);
    this.#crossing.length = 0;
  }

  /** Drives all vehicles of one road; those past its end are taken off the lane. */
  #moveLane(road: number, seconds: number): void {
    const { lanes, offset, speed, nextSpeed } = this.#fleet;
    const lane = lanes[road]!;
    const length = this.#network.length[road]!;
    this.#travel.road = road;
    for (let rank = 0; rank < lane.size; rank++) {
      const slot = lane.at(rank);
      const from = offset[slot]!;
      speed[slot] = nextSpeed[slot]!;
      offset[slot] = from + speed[slot]! * seconds;
      this.#note(slot, from, Math.min(offset[slot]!, length));
    }
    while (lane.size > 0 && offset[lane.at(0)]! >= length) this.#crossing.push(lane.popHead());
  }

  /** Reports a stretch of the road and in the time that `#travel` names. */
  #note(slot: number, from: number, to: number): void {
    const travel = this.#travel;
    travel.vehicle = this.#fleet.ids[slot]!;
    travel.fromMeters = from;
    travel.toMeters = to;
    travel.speedMps = this.#fleet.speed[slot]!;
    this.#contacts.drove(travel);
  }

  /** Takes a vehicle over the ends of as many roads as its offset reaches, and puts it on the last, or out of the world. */
  #passEnds(slot: number, subStep: SubStep): void {
    const { offset, speed, road, hop, routeSeed, ids, lanes } = this.#fleet;
    while (offset[slot]! >= this.#network.length[road[slot]!]!) {
      const from = road[slot]!;
      const overshoot = offset[slot]! - this.#network.length[from]!;
      const at = Math.max(subStep.from, subStep.to - overshoot / speed[slot]!);
      const to = nextRoad(this.#network, routeSeed[slot]!, hop[slot]!, from);
      if (to < 0) {
        this.#leaveWorld(slot, at);
        return;
      }
      this.#contacts.changedRoad(ids[slot]!, { from, to }, at);
      road[slot] = to;
      hop[slot]! += 1;
      offset[slot] = overshoot;
      this.#travel.road = to;
      this.#travel.startsAt = at;
      this.#note(slot, 0, Math.min(overshoot, this.#network.length[to]!));
    }
    lanes[road[slot]!]!.insert(slot, offset);
  }

  #leaveWorld(slot: number, at: number): void {
    this.#contacts.arrived(this.#fleet.ids[slot]!, this.#fleet.road[slot]!, at);
    this.#fleet.remove(slot);
    this.#arrived += 1;
  }
}
