// Not driving into a junction one could not leave: the free road behind each link ahead is added up, and requests that
// would end on the crossing are withdrawn. SUMO 1.15's MSVehicle::checkRewindLinkLanes.
// Must not: lower anybody's speed itself; a withdrawn request does.

import type { Approaches, Passage } from './approaches.ts';
import { passage } from './approaches.ts';
import { haltingSpeed, positionEpsilon } from './constants.ts';
import { noLink, type PlanItems } from './plan-items.ts';
import { hasPriority } from './signals.ts';
import type { World } from './world.ts';

export class KeepClear {
  readonly #world: World;
  readonly #items: PlanItems;
  readonly #approaches: Approaches;
  readonly #passage: Passage = passage();
  #foundStopped = false;

  constructor(world: World, items: PlanItems, approaches: Approaches) {
    this.#world = world;
    this.#items = items;
    this.#approaches = approaches;
  }

  /** Withdraws the requests of vehicle v that must not be made. `lengthsAhead`: room the vehicles before it on its lane need, m. */
  check(v: number, lengthsAhead: number): void {
    const { vehicles } = this.#world;
    const start = vehicles.planStart[v]!;
    const end = start + vehicles.planCount[v]!;
    if (this.#world.streets.laneRoundabout[vehicles.lane[v]!]) return;
    if (end === start || (end === start + 1 && this.#items.link[start] === noLink)) return;
    this.#addSpace(v, lengthsAhead, start, end);
    this.#handBack(v, start, end);
    if (this.#foundStopped) this.#withdraw(v, start, end);
  }

  /** Adds up the free road lane by lane, until somebody stands. */
  #addSpace(v: number, lengthsAhead: number, start: number, end: number): void {
    const { streets, lists, brutto, types, vehicles } = this.#world;
    const items = this.#items;
    let space = -lengthsAhead;
    this.#foundStopped = false;
    for (let i = start; i < end; i++) {
      const link = items.link[i]!;
      if (link === noLink || this.#foundStopped) {
        items.space[i] = this.#foundStopped ? space : items.space[i]! + space;
        continue;
      }
      const lane = streets.linkNext[link]!;
      if (streets.laneInternal[lane]) {
        if (this.#mustKeepClear(v, link)) space -= brutto[lane]!;
        else space += this.#roomUntilStanding(v, lane);
      } else if (lists.isFree(lane)) {
        const long = streets.laneLength[lane]! > types.length[vehicles.type[v]!]!;
        if (long || this.#mustKeepClear(v, link)) space += streets.laneLength[lane]!;
      } else {
        const before = this.#foundStopped;
        space += this.#roomUntilStanding(v, lane);
        const last = this.#world.lastOn(lane, v);
        if (last >= 0 && (vehicles.haveToWait[last] || vehicles.halted[last])) this.#foundStopped = true;
        if (this.#foundStopped && !before) items.stopped[i] = 1;
      }
      items.space[i] = space;
    }
  }

  /** Free metres on a lane until somebody who stands; sets #foundStopped where somebody does. */
  #roomUntilStanding(v: number, lane: number): number {
    const { lists, vehicles, types, streets } = this.#world;
    let lengths = 0;
    for (let place = lists.count(lane) - 1; place >= 0; place--) {
      const other = lists.at(lane, place);
      if (other === v) continue;
      const t = vehicles.type[other]!;
      const speed = vehicles.speed[other]!;
      if (speed < haltingSpeed && !streets.laneRoundabout[lane]) {
        this.#foundStopped = true;
        const rolls = types.brakeGap(speed, types.deceleration[t]!, types.tau[t]!);
        return vehicles.position[other]! - types.length[t]! + rolls - lengths;
      }
      lengths += types.length[t]! + types.minGap[t]!;
    }
    return streets.laneLength[lane]! - lengths;
  }

  #mustKeepClear(v: number, link: number): boolean {
    const { streets, types, vehicles } = this.#world;
    if (!streets.linkKeepClear[link]) return false;
    const ignoreAfter = types.ignoreKeepClear[vehicles.type[v]!]!;
    return ignoreAfter < 0 || vehicles.accumulatedWaiting[v]! < ignoreAfter;
  }

  /** What is free behind an open link is free behind the link before it too. */
  #handBack(v: number, start: number, end: number): void {
    const { streets, signals } = this.#world;
    const items = this.#items;
    for (let i = end - 2; i >= start; i--) {
      const link = items.link[i]!;
      const nextLink = items.link[i + 1]!;
      let open = false;
      if (link !== noLink) {
        const toInternal = streets.laneInternal[streets.linkNext[link]!] === 1;
        const canLeave = !toInternal || nextLink === noLink || items.request[i + 1] === 1;
        open = canLeave && (hasPriority(signals.state[link]!) || i === start || this.#isOpen(v, i));
      }
      const goesOn = link === noLink || streets.linkContinuation[link] === 1 || open;
      let carries = goesOn && items.stopped[i] === 0;
      if (!open && link !== noLink) {
        this.#foundStopped = true;
        const before = i > start ? items.link[i - 1]! : noLink;
        if (before !== noLink && streets.linkContinuation[before]) carries = true;
      }
      if (carries) items.space[i] = items.space[i + 1]!;
    }
  }

  #isOpen(v: number, i: number): boolean {
    const { vehicles, types } = this.#world;
    const items = this.#items;
    const t = vehicles.type[v]!;
    const asker = this.#passage;
    asker.vehicle = v;
    asker.arrivalTime = items.arrivalTime[i]!;
    asker.arrivalSpeed = items.arrivalSpeed[i]!;
    asker.leaveSpeed = items.leavingSpeed(i);
    asker.length = types.length[t]!;
    asker.impatience = this.#world.impatience(v);
    asker.deceleration = types.deceleration[t]!;
    asker.waiting = vehicles.waiting[v]!;
    asker.timeGap = types.timeGapMinor[t]!;
    return this.#approaches.isOpen(items.link[i]!, asker);
  }

  #withdraw(v: number, start: number, end: number): void {
    const { vehicles, types, streets } = this.#world;
    const items = this.#items;
    const t = vehicles.type[v]!;
    const needed = types.length[t]! + types.minGap[t]!;
    let first = -1;
    for (let i = start; i < end && first < 0; i++) {
      const link = items.link[i]!;
      if (link === noLink) continue;
      if (items.space[i]! < needed && this.#mustKeepClear(v, link)) first = i;
    }
    if (first < 0 || (first === start && streets.laneInternal[vehicles.lane[v]!])) return;
    const brakeGap = types.brakeGap(vehicles.speed[v]!, types.deceleration[t]!, 0);
    for (let i = first; i < end && items.link[i] !== noLink; i++) {
      items.pass[i] = items.wait[i]!;
      if (items.distance[i]! < brakeGap + positionEpsilon) continue;
      // Who has asked to enter a junction always asks to leave it.
      if (!streets.linkExit[items.link[i]!] || !items.request[i - 1]) items.request[i] = 0;
    }
  }
}
