// Vehicles inside a junction that a driver must not hit: those on foe paths that cross or join its own. SUMO 1.15's
// MSLink::getLeaderInfo, MSVehicle::isLeader and adaptToJunctionLeader.
// Must not: ask who approaches from outside (approaches.ts does).

import { haltingSpeed, junctionBlockageSeconds, positionEpsilon } from './constants.ts';
import { hasPriority, isGreen, isRed, isYellow } from './signals.ts';
import { vehicleAt } from './vehicles.ts';
import type { World } from './world.ts';

/** The driver's plan while it is made; the planner's registers. */
export interface PlanRegisters {
  speed: number;
  linkPass: number;
  linkWait: number;
  request: boolean;
  /** The slowest any leader makes the driver leave the path before. */
  leaving: number;
  /** The driver's request at the link before must be withdrawn too. */
  withdrawBefore: boolean;
}

/** Gap of a leader that blocks however far it is. */
const blockedGap = Number.NEGATIVE_INFINITY;

export class JunctionLeaders {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** True where anybody is on a path that crosses or joins internal lane `lane`. */
  anyFoe(lane: number): boolean {
    const { conflicts, lists } = this.#world;
    for (let c = conflicts.start[lane]!; c < conflicts.start[lane + 1]!; c++) {
      const foe = conflicts.foeLane[c]!;
      if (!lists.isFree(foe)) return true;
    }
    return false;
  }

  /**
   * Lowers the plan of `ego` for leaders around the internal lane that `link` leaves, whose end is `seen` metres ahead.
   * `waitBefore`: the speed to wait before the link before; -1: there is none.
   */
  adapt(ego: number, link: number, seen: number, waitBefore: number, plan: PlanRegisters): void {
    const { streets, conflicts, lists } = this.#world;
    const lane = streets.linkFrom[link]!;
    if (!streets.laneInternal[lane]) return;
    for (let c = conflicts.start[lane]!; c < conflicts.start[lane + 1]!; c++) {
      const foeLane = conflicts.foeLane[c]!;
      if (lists.isFree(foeLane)) continue;
      const distance = seen - conflicts.behind[c]!;
      const width = conflicts.sameTarget[c] || conflicts.sameSource[c] ? 0 : conflicts.size[c]!;
      if (distance + width < 0 && !conflicts.sameTarget[c]) continue;
      const ignoreGreen = conflicts.foeWaits[c] === 1 && this.#bothGreen(lane, foeLane);
      this.#link = link;
      this.#seen = seen;
      this.#distance = distance;
      this.#ignoreGreen = ignoreGreen;
      this.#waitBefore = waitBefore;
      for (let place = lists.count(foeLane) - 1; place >= 0; place--)
        this.#weigh(ego, lists.at(foeLane, place), c, plan);
      for (let e = lists.body(foeLane); e >= 0; e = this.#world.nextBody(e))
        this.#weigh(ego, vehicleAt(e), c, plan);
    }
    if (plan.speed < plan.linkWait) plan.linkWait = plan.speed;
  }

  #bothGreen(lane: number, foeLane: number): boolean {
    const { streets, signals } = this.#world;
    const entry = streets.laneEntry[lane]!;
    const foeEntry = streets.laneEntry[foeLane]!;
    return (
      isGreen(signals.state[entry]!) &&
      isGreen(signals.state[foeEntry]!) &&
      streets.linkFrom[entry] !== streets.linkFrom[foeEntry]
    );
  }

  // The foe lane being weighed: the link asked about, metres to the end of the own lane and to the conflict, whether
  // foes may be ignored that wait at a green light, and the speed to wait before the link before.
  #link = -1;
  #seen = 0;
  #distance = 0;
  #ignoreGreen = false;
  #waitBefore = -1;

  #weigh(ego: number, leader: number, c: number, plan: PlanRegisters): void {
    if (leader === ego) return;
    const { streets, conflicts, vehicles, types } = this.#world;
    const lane = streets.linkFrom[this.#link]!;
    const foeLane = conflicts.foeLane[c]!;
    const sameTarget = conflicts.sameTarget[c] === 1;
    const sameSource = conflicts.sameSource[c] === 1;
    const foeWaits = conflicts.foeWaits[c] === 1;
    const foeWidth = sameTarget || sameSource ? 0 : conflicts.foeSize[c]!;
    const leaderLength = types.length[vehicles.type[leader]!]!;
    const back = this.#world.backOn(leader, foeLane);
    const backDistance = streets.laneLength[foeLane]! - conflicts.foeBehind[c]! - back;
    const past = backDistance + foeWidth < 0;
    const entered = backDistance < leaderLength;
    const foeOut = streets.firstLink[foeLane]!;
    const inTheWay =
      ((!past && this.#distance > 0) || (sameTarget && this.#distance > backDistance - leaderLength)) &&
      entered &&
      !streets.linkInternalJunction[foeOut];
    if (!inTheWay && this.#ignoreGreen) return;
    if (this.#distance < -positionEpsilon && !inTheWay) return;
    if (sameSource && this.#isClearlyAhead(ego, lane, back + leaderLength)) return;
    const frontHere = vehicles.lane[leader] === foeLane;
    const willPass = frontHere ? vehicles.willPass[leader] === 1 : sameTarget;
    const mayIgnore = !(foeWaits || sameTarget || sameSource) || vehicles.halted[leader] === 1 || sameTarget;
    if (mayIgnore && !willPass && frontHere && !inTheWay) return;
    let gap = blockedGap;
    if (!foeWaits || sameSource) {
      if (past && !sameTarget) return;
      let back2 = backDistance;
      if (sameTarget && back2 < 0) back2 += Math.max(0, conflicts.foeBehind[c]! - conflicts.behind[c]!);
      gap = this.#distance - types.minGap[vehicles.type[ego]!]! - back2 - foeWidth;
    }
    if (!inTheWay && !this.#isLeader(ego, this.#link, leader, gap)) return;
    const stopNow = frontHere ? foeWaits || sameTarget || sameSource : sameTarget || sameSource;
    this.#follow(ego, leader, gap, plan, stopNow ? -1 : this.#distance);
    if (this.#waitBefore >= 0 && plan.speed < this.#waitBefore) plan.speed = this.#waitBefore;
    this.#withdraw(ego, leader, plan);
  }

  #isClearlyAhead(ego: number, lane: number, leaderFront: number): boolean {
    const { streets, vehicles, types } = this.#world;
    if (streets.laneEdge[vehicles.lane[ego]!] !== streets.laneEdge[lane]) return false;
    return leaderFront < vehicles.position[ego]! - types.length[vehicles.type[ego]!]!;
  }

  /** Lowers the plan so far that ego stays behind the leader; `crossing`: metres it may drive up to; -1: none. */
  #follow(ego: number, leader: number, gap: number, plan: PlanRegisters, crossing: number): void {
    const { streets, vehicles, types } = this.#world;
    const t = vehicles.type[ego]!;
    const speed = vehicles.speed[ego]!;
    const leaderSpeed = vehicles.speed[leader]!;
    const wish = this.#world.laneSpeed(vehicles.lane[ego]!, ego);
    const before = this.#seen - streets.laneLength[streets.linkFrom[this.#link]!]! - positionEpsilon;
    let safe =
      gap >= 0
        ? types.follow(t, speed, gap, leaderSpeed, types.deceleration[vehicles.type[leader]!]!, wish)
        : types.stop(t, speed, before, types.deceleration[t]!, wish);
    if (crossing >= 0) {
      const room = crossing - types.minGap[t]!;
      const stop = types.stop(t, speed, room, types.deceleration[t]!, wish);
      if (gap === blockedGap) {
        safe = Math.max(safe, stop);
      } else {
        const pastSeconds = (crossing - gap) / Math.max(leaderSpeed, haltingSpeed);
        const final = Math.max(speed, (2 * room) / pastSeconds - speed);
        const next = speed + (types.stepSeconds * (final - speed)) / pastSeconds;
        safe = Math.max(safe, Math.min(next, stop));
      }
    }
    plan.leaving = Math.min(plan.leaving, safe);
    if (safe < plan.speed) plan.speed = safe;
    if (safe < plan.linkPass) plan.linkPass = safe;
  }

  /** Whoever is stopped by a leader from its own lane, or by one that stands, gives the way free for others. */
  #withdraw(ego: number, leader: number, plan: PlanRegisters): void {
    if (plan.speed >= haltingSpeed) return;
    const { streets, vehicles } = this.#world;
    const own = vehicles.lane[ego]!;
    const before = streets.laneBefore[vehicles.lane[leader]!]!;
    const sameBefore = before >= 0 && before === streets.laneBefore[own];
    const stands = vehicles.halted[leader] === 1 || vehicles.waiting[leader]! > junctionBlockageSeconds;
    if (!sameBefore && before !== own && !stands) return;
    plan.request = false;
    if (before === own) plan.withdrawBefore = true;
  }

  /** True where `leader` goes first. */
  #isLeader(ego: number, link: number, leader: number, gap: number): boolean {
    const { streets, vehicles } = this.#world;
    const own = vehicles.lane[ego]!;
    const junction = streets.linkJunction[streets.linkEntry[link]!]!;
    if (!streets.laneInternal[own] || streets.linkJunction[streets.laneEntry[own]!] !== junction) return true;
    const foeLane = vehicles.lane[leader]!;
    if (!streets.laneInternal[foeLane]) return true;
    if (streets.linkJunction[streets.laneEntry[foeLane]!] !== junction) return true;
    let egoTime = vehicles.conflictEntry[ego]!;
    let foeTime = vehicles.junctionEntry[leader]!;
    if (streets.laneNormalBefore[foeLane] === streets.laneNormalBefore[streets.linkFrom[link]!]) {
      egoTime = vehicles.junctionEntryNeverYield[ego]!;
      foeTime = vehicles.junctionEntryNeverYield[leader]!;
    } else {
      const response = this.#responds(ego, leader, link, gap);
      const response2 = this.#responds2;
      if (!response) {
        foeTime = vehicles.conflictEntry[leader]!;
        egoTime = vehicles.junctionEntry[ego]!;
      } else if (response2) {
        foeTime = vehicles.conflictEntry[leader]!;
        egoTime = vehicles.conflictEntry[ego]!;
      }
    }
    if (egoTime !== foeTime) return egoTime > foeTime;
    if (vehicles.speed[ego] !== vehicles.speed[leader]) return vehicles.speed[ego]! < vehicles.speed[leader]!;
    return vehicles.departure[ego]! < vehicles.departure[leader]!;
  }

  #responds2 = false;

  /** True where ego must give way to the leader; #responds2: the leader to ego. */
  #responds(ego: number, leader: number, link: number, gap: number): boolean {
    const { streets, signals, vehicles, types } = this.#world;
    const entry = streets.linkEntry[link]!;
    const foeEntry = streets.laneEntry[vehicles.lane[leader]!]!;
    const letter = signals.state[entry]!;
    const foeLetter = signals.state[foeEntry]!;
    if (isRed(letter) || isRed(foeLetter)) {
      if (!isRed(foeLetter) && vehicles.speed[leader]! > haltingSpeed && gap < 0) {
        const t = vehicles.type[leader]!;
        const foeGap = -gap - types.length[t]!;
        const yieldsNow =
          foeGap < types.brakeGap(vehicles.speed[leader]!, types.deceleration[t]!, types.tau[t]!);
        this.#responds2 = !yieldsNow;
        return yieldsNow;
      }
      this.#responds2 = isRed(letter);
      return isRed(foeLetter);
    }
    if (hasPriority(letter) !== hasPriority(foeLetter)) {
      this.#responds2 = !hasPriority(foeLetter);
      return !hasPriority(letter);
    }
    if (isYellow(letter) && isYellow(foeLetter)) {
      this.#responds2 = vehicles.speed[ego]! >= vehicles.speed[leader]!;
      return vehicles.speed[leader]! >= vehicles.speed[ego]!;
    }
    this.#responds2 = streets.respondsTo(foeEntry, entry);
    return streets.respondsTo(entry, foeEntry);
  }
}
