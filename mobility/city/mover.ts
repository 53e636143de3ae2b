// Moving on: the speed a driver settles on when all plans are known, and where that takes the vehicle. SUMO 1.15's
// MSVehicle::executeMove (processLinkApproaches, finalizeSpeed, processLaneAdvances) for Euler steps.
// Must not: look at where others are now (some have moved already); their plans at the links are enough.

import type { Approaches, Passage } from './approaches.ts';
import { passage } from './approaches.ts';
import { haltingSpeed, never, numericEpsilon, positionEpsilon } from './constants.ts';
import type { Halts } from './halts.ts';
import { altersSpeed, keptState } from './lane-change/change-state.ts';
import { patchSpeed } from './lane-change/patch-speed.ts';
import { noLink, type PlanItems } from './plan-items.ts';
import { drawUniform, purposes } from './random.ts';
import { hasPriority, isRed, isYellow } from './signals.ts';
import type { World } from './world.ts';

const noSpeed = Number.NEGATIVE_INFINITY;

export interface MoverParts {
  readonly world: World;
  readonly items: PlanItems;
  readonly approaches: Approaches;
  readonly halts: Halts;
  readonly isMajorBefore: (link: number) => boolean;
}

export class Mover {
  readonly #world: World;
  readonly #items: PlanItems;
  readonly #approaches: Approaches;
  readonly #halts: Halts;
  readonly #isMajorBefore: (link: number) => boolean;
  readonly #passage: Passage = passage();
  readonly #slowest: number;
  /** Vehicles that have left their lane and wait to be put on their new one; vehicles at the end of their route. */
  #moved = new Int32Array(64);
  #movedCount = 0;
  readonly arrived: number[] = [];
  // What the links ahead allow.
  #safe = 0;
  #least = 0;
  #leastDistance = 0;
  #canBrakeBeforeLeast = false;
  #waits = false;

  constructor(parts: MoverParts) {
    this.#world = parts.world;
    this.#items = parts.items;
    this.#approaches = parts.approaches;
    this.#halts = parts.halts;
    this.#isMajorBefore = parts.isMajorBefore;
    this.#slowest = 0.1 * numericEpsilon * parts.world.stepSeconds;
  }

  /** Moves all vehicles of all lanes. Afterwards `arrived` holds the rows of those at the end of their route. */
  moveAll(): void {
    const { lists } = this.#world;
    this.arrived.length = 0;
    this.#movedCount = 0;
    for (let i = 0; i < lists.activeCount; i++) this.#moveLane(lists.active[i]!);
    for (let i = 0; i < this.#movedCount; i++) this.#world.enlist(this.#moved[i]!);
  }

  #moveLane(lane: number): void {
    const { lists, vehicles } = this.#world;
    for (let place = 0; place < lists.count(lane); place++) {
      const v = lists.at(lane, place);
      this.#moveVehicle(v);
      if (vehicles.lane[v] === lane && !this.#hasArrived(v)) continue;
      this.#world.delist(lane, place);
      place -= 1;
      if (this.#hasArrived(v)) this.arrived.push(v);
      else this.#keepMoved(v);
    }
  }

  #keepMoved(v: number): void {
    if (this.#movedCount === this.#moved.length) {
      const grown = new Int32Array(this.#moved.length * 2);
      grown.set(this.#moved);
      this.#moved = grown;
    }
    this.#moved[this.#movedCount] = v;
    this.#movedCount += 1;
  }

  #hasArrived(v: number): boolean {
    const { vehicles, streets } = this.#world;
    if (vehicles.routeIndex[v] !== vehicles.lastIndex[v] || streets.laneInternal[vehicles.lane[v]!])
      return false;
    return vehicles.position[v]! > vehicles.arrival[v]! - positionEpsilon;
  }

  #moveVehicle(v: number): void {
    const { vehicles, stepSeconds } = this.#world;
    const oldSpeed = vehicles.speed[v]!;
    const next = vehicles.halted[v] ? 0 : this.#settle(v);
    const acceleration = (next - oldSpeed) / stepSeconds;
    vehicles.speed[v] = next;
    vehicles.acceleration[v] = acceleration;
    vehicles.lastMove[v] = next * stepSeconds;
    vehicles.position[v] = vehicles.position[v]! + next * stepSeconds;
    const t = vehicles.type[v]!;
    const standing = next <= haltingSpeed && acceleration <= 0.5 * this.#world.types.acceleration[t]!;
    if (standing && !vehicles.halted[v]) {
      vehicles.waiting[v] = vehicles.waiting[v]! + stepSeconds;
      vehicles.accumulatedWaiting[v] = vehicles.accumulatedWaiting[v]! + stepSeconds;
    } else vehicles.waiting[v] = 0;
    if (vehicles.position[v]! > this.#world.streets.laneLength[vehicles.lane[v]!]!) this.#crossLinks(v);
    if (vehicles.furtherCount[v]! > 0 || vehicles.position[v]! < this.#world.types.length[t]!)
      this.#world.layBody(v);
    this.#forgetWishes(v);
  }

  /** The speed for this step. */
  #settle(v: number): number {
    const { vehicles, types } = this.#world;
    const t = vehicles.type[v]!;
    const speed = vehicles.speed[v]!;
    this.#askLinks(v);
    this.#halts.begin(v, this.#safe);
    const emergency = types.slowestNextEmergency(t, speed);
    const least = Math.min(types.slowestNext(t, speed), Math.max(this.#safe, emergency));
    const limit = Math.max(this.#world.laneSpeed(vehicles.lane[v]!, v), this.#safe);
    let most = Math.min(limit, types.fastestNext(t, speed), this.#safe);
    if (most < least) most = least;
    let next = this.#dawdle(v, t, least, most);
    const hasSay = (vehicles.changeState[v]! & altersSpeed) !== 0 || vehicles.adviceCount[v] !== 0;
    if (hasSay || vehicles.blockerLength[v] !== 0) next = patchSpeed(this.#world, v, least, next, most);
    if (next > 0 && next < this.#least) next = this.#least;
    if (Math.abs(next) < this.#slowest && vehicles.stopDistance[v]! > positionEpsilon) next = 0;
    return next > 0 ? next : 0;
  }

  #dawdle(v: number, t: number, least: number, most: number): number {
    const { types, vehicles, seed, steps, stepSeconds } = this.#world;
    const sigma = types.sigma[t]!;
    if (sigma === 0) return most;
    const acceleration = types.acceleration[t]!;
    const drawn = drawUniform(seed, vehicles.departure[v]!, steps, purposes.dawdle);
    const scale = most < acceleration ? most : acceleration;
    const slower = most - stepSeconds * sigma * scale * drawn;
    return slower > least ? slower : least;
  }

  /** Goes through the planned links until one is closed; sets the safe speed and what must be driven at least. */
  #askLinks(v: number): void {
    const { vehicles, types, signals } = this.#world;
    const items = this.#items;
    const t = vehicles.type[v]!;
    const speed = vehicles.speed[v]!;
    const start = vehicles.planStart[v]!;
    const end = start + vehicles.planCount[v]!;
    this.#safe = vehicles.planSpeed[v]!;
    this.#least = noSpeed;
    if (vehicles.planLight[v]) {
      vehicles.haveToWait[v] = 0;
      return;
    }
    this.#leastDistance = 0;
    this.#canBrakeBeforeLeast = false;
    this.#waits = false;
    for (let i = start; i < end; i++) {
      const link = items.link[i]!;
      if (link === noLink && items.request[i]) {
        this.#safe = items.pass[i]!;
        break;
      }
      if (link === noLink || !items.request[i]) {
        this.#holdBack(v, link, i);
        break;
      }
      const letter = signals.state[link]!;
      const distance = items.distance[i]!;
      const canBrake =
        distance > types.brakeGap(speed, types.deceleration[t]!, 0) ||
        speed < types.deceleration[t]! * types.stepSeconds;
      const yellow = isYellow(letter);
      if (yellow && canBrake) {
        this.#wait(i);
        break;
      }
      const open = yellow || this.#isOpen(v, i, canBrake);
      if (open && this.#mustLook(link, letter)) {
        if (distance > this.#world.streets.linkVisibility[link]! && (canBrake || !yellow)) {
          this.#wait(i);
          break;
        }
        this.#leastDistance = distance;
        this.#least = Math.min(
          (distance + positionEpsilon) / types.stepSeconds,
          items.pass[i]!,
          types.fastestNext(t, speed),
        );
        this.#canBrakeBeforeLeast = canBrake;
      }
      if (open) {
        this.#safe = items.pass[i]!;
        const crawls = this.#safe < types.deceleration[t]! && this.#safe <= items.wait[i]!;
        if (crawls && this.#safe < types.fastestNext(t, speed)) this.#waits = true;
        continue;
      }
      const signalised = this.#world.streets.linkSignal[link]! >= 0;
      if (!canBrake && !signalised && distance < types.brakeGap(speed, types.emergency[t]!, 0)) {
        this.#safe = items.pass[i]!;
        continue;
      }
      this.#wait(i);
      break;
    }
    this.#checkLeast(v, t, speed);
    const circling = this.#world.streets.laneRoundabout[vehicles.lane[v]!] === 1;
    vehicles.haveToWait[v] = this.#waits && !circling ? 1 : 0;
  }

  /** No link, or one whose driver does not ask to pass. */
  #holdBack(v: number, link: number, i: number): void {
    const { vehicles, streets } = this.#world;
    const lane = vehicles.lane[v]!;
    if (link !== noLink && streets.linkFromInternal[link] && streets.laneInternal[lane]) {
      if (streets.linkJunction[streets.linkEntry[link]!] === streets.linkJunction[streets.laneEntry[lane]!]) {
        vehicles.junctionEntry[v] = never;
        vehicles.conflictEntry[v] = never;
      }
    }
    this.#safe = this.#items.wait[i]!;
    if (this.#safe < vehicles.speed[v]! || this.#safe < haltingSpeed) this.#waits = true;
  }

  #wait(i: number): void {
    this.#safe = this.#items.wait[i]!;
    this.#waits = true;
  }

  #mustLook(link: number, letter: number): boolean {
    if (hasPriority(letter) || this.#world.streets.linkContinuation[link]) return false;
    return !this.#isMajorBefore(link);
  }

  /** A driver committed to a minor link must be fast enough to make it; one who cannot be must stop before. */
  #checkLeast(v: number, t: number, speed: number): void {
    if (this.#safe + numericEpsilon >= this.#least) return;
    if (!this.#canBrakeBeforeLeast || this.#safe >= speed) {
      this.#least = this.#safe;
      return;
    }
    const { types, vehicles } = this.#world;
    const wish = this.#world.laneSpeed(vehicles.lane[v]!, v);
    const stop = types.stop(t, speed, this.#leastDistance, types.deceleration[t]!, wish);
    this.#safe = Math.min(this.#safe, Math.max(types.slowestNext(t, speed), stop));
    this.#least = 0;
    this.#waits = true;
  }

  #isOpen(v: number, i: number, canBrake: boolean): boolean {
    const { vehicles, types, signals, streets } = this.#world;
    const items = this.#items;
    const link = items.link[i]!;
    const letter = signals.state[link]!;
    if (streets.linkExit[link] && hasPriority(letter)) return true;
    const t = vehicles.type[v]!;
    const asker = this.#passage;
    asker.vehicle = v;
    asker.arrivalTime = items.arrivalTime[i]!;
    asker.arrivalSpeed = items.arrivalSpeed[i]!;
    asker.leaveSpeed = items.leavingSpeed(i);
    asker.length = types.length[t]!;
    asker.impatience = canBrake ? this.#world.impatience(v) : 1;
    asker.deceleration = types.deceleration[t]!;
    asker.waiting = vehicles.waiting[v]!;
    asker.timeGap = types.timeGapMinor[t]!;
    return this.#approaches.isOpen(link, asker);
  }

  /** The front has passed the end of its lane: takes it over the links planned. */
  #crossLinks(v: number): void {
    const { vehicles, streets, signals } = this.#world;
    const items = this.#items;
    const end = vehicles.planStart[v]! + vehicles.planCount[v]!;
    for (let i = vehicles.planStart[v]!; i < end; i++) {
      const lane = vehicles.lane[v]!;
      const beyond = vehicles.position[v]! - streets.laneLength[lane]!;
      if (beyond <= 0) return;
      const link = items.link[i]!;
      if (link === noLink || isRed(signals.state[link]!)) break;
      vehicles.position[v] = beyond;
      vehicles.lane[v] = streets.linkNext[link]!;
      if (!streets.laneInternal[streets.linkNext[link]!]) {
        vehicles.routeIndex[v] = vehicles.routeIndex[v]! + 1;
        // Without internal lanes the record was the old edge's; else it is the new one's already.
        if (!streets.linkFromInternal[link]) vehicles.record[v] = -1;
      } else if (!streets.linkFromInternal[link]) vehicles.record[v] = -1;
      this.#noteEntry(v, link);
      if (this.#hasArrived(v)) return;
    }
    const length = streets.laneLength[vehicles.lane[v]!]!;
    if (vehicles.position[v]! <= length || this.#isLastEdge(v)) return;
    // No way on: an emergency stop at the end of the lane.
    vehicles.position[v] = length;
    vehicles.speed[v] = 0;
    vehicles.acceleration[v] = 0;
  }

  #isLastEdge(v: number): boolean {
    const { vehicles, streets } = this.#world;
    return vehicles.routeIndex[v] === vehicles.lastIndex[v] && !streets.laneInternal[vehicles.lane[v]!];
  }

  /** Remembers when the vehicle came into the junction; who was there first goes first. */
  #noteEntry(v: number, link: number): void {
    const { vehicles, streets, now } = this.#world;
    const internal = streets.laneInternal[streets.linkNext[link]!] === 1;
    if (internal && !streets.linkFromInternal[link]) {
      vehicles.junctionEntry[v] = now;
      vehicles.junctionEntryNeverYield[v] = now;
    }
    if (internal && (streets.linkFromInternal[link] || !streets.linkContinuation[link])) {
      vehicles.conflictEntry[v] = now;
      vehicles.junctionEntry[v] = vehicles.junctionEntryNeverYield[v]!;
    }
    if (streets.linkExit[link]) {
      vehicles.junctionEntry[v] = never;
      vehicles.junctionEntryNeverYield[v] = never;
      vehicles.conflictEntry[v] = never;
    }
  }

  /** Wishes about lane changing are said anew each step; only the strategic direction is kept. */
  #forgetWishes(v: number): void {
    const { vehicles } = this.#world;
    if (vehicles.changeState[v] !== 0) vehicles.changeState[v] = keptState(vehicles.changeState[v]!);
    vehicles.adviceCount[v] = 0;
    vehicles.blockerLength[v] = 0;
    vehicles.leftSpace[v] = 0;
    vehicles.dontBrake[v] = 0;
  }
}
