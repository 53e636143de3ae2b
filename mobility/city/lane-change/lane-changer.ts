// Changing lanes: edge by edge, from the vehicle farthest along to the last, each may go one lane to the right or left if
// it wants to and the gaps there are safe. SUMO 1.15's MSLaneChanger.
// Must not: decide what a driver wants (wishes.ts does).

import { type Neighbour, type Neighbours, nobody } from '../neighbours.ts';
import type { World } from '../world.ts';
import { change, isBlocked } from './change-state.ts';
import { Helping } from './helping.ts';
import type { View } from './view.ts';
import { type Sight, Wishes } from './wishes.ts';

export class LaneChanger implements Sight {
  readonly #world: World;
  readonly #neighbours: Neighbours;
  readonly #wishes: Wishes;
  /** Edges looked at in this step. */
  readonly #seen: Int32Array;
  // Of the lanes of the present edge: how many of its vehicles are done; room those ahead take; who urgently must come over.
  #done = new Int32Array(16);
  #taken = new Float64Array(16);
  #first = new Int32Array(16);
  #last = new Int32Array(16);
  readonly #leader = nobody();
  readonly #view: View = {
    ego: -1,
    direction: 1,
    lane: -1,
    beside: -1,
    record: -1,
    leader: this.#leader,
    besideLeader: nobody(),
    besideFollower: nobody(),
    knowsLeader: false,
    bestOffset: 0,
    firstBlocked: -1,
    lastBlocked: -1,
    blocked: 0,
  };

  constructor(world: World, neighbours: Neighbours) {
    this.#world = world;
    this.#neighbours = neighbours;
    this.#wishes = new Wishes(world, new Helping(world), this);
    this.#seen = new Int32Array(world.streets.network.edges.count).fill(-1);
  }

  /** All edges with vehicles and more than one lane. */
  changeAll(): void {
    const { lists, streets, steps } = this.#world;
    for (let i = 0; i < lists.activeCount; i++) {
      const lane = lists.active[i]!;
      const edge = streets.laneEdge[lane]!;
      const lanes = streets.firstLane[edge + 1]! - streets.firstLane[edge]!;
      if (lanes < 2 || streets.laneInternal[lane] || this.#seen[edge] === steps) continue;
      this.#seen[edge] = steps;
      this.#changeEdge(streets.firstLane[edge]!, lanes);
    }
  }

  #changeEdge(firstLane: number, lanes: number): void {
    if (lanes > this.#done.length) this.#makeRoom(lanes);
    for (let j = 0; j < lanes; j++) {
      this.#done[j] = 0;
      this.#taken[j] = 0;
      this.#first[j] = -1;
      this.#last[j] = -1;
    }
    for (;;) {
      const j = this.#farthest(firstLane, lanes);
      if (j < 0) return;
      this.#changeVehicle(firstLane, lanes, j);
    }
  }

  /** The lane number whose next vehicle is farthest along; -1: all are done. */
  #farthest(firstLane: number, lanes: number): number {
    const { lists, vehicles } = this.#world;
    let best = -1;
    let bestPosition = -1;
    for (let j = 0; j < lanes; j++) {
      const lane = firstLane + j;
      if (this.#done[j]! >= lists.count(lane)) continue;
      const position = vehicles.position[lists.at(lane, this.#done[j]!)]!;
      if (position <= bestPosition) continue;
      best = j;
      bestPosition = position;
    }
    return best;
  }

  #changeVehicle(firstLane: number, lanes: number, j: number): void {
    const { lists, vehicles } = this.#world;
    const view = this.#view;
    view.lane = firstLane + j;
    view.ego = lists.at(view.lane, this.#done[j]!);
    if (!vehicles.halted[view.ego]) {
      view.record = this.#world.recordOf(view.ego);
      view.knowsLeader = false;
      const right = j > 0 ? this.#consider(firstLane, j, -1) : 0;
      if (this.#mayGo(right, change.right)) return this.#go(firstLane, j, -1);
      this.#noteBlocked(j - 1, right, change.right);
      let left = j + 1 < lanes ? this.#consider(firstLane, j, 1) : 0;
      if (this.#mayGo(left, change.left)) return this.#go(firstLane, j, 1);
      this.#noteBlocked(j + 1, left, change.left);
      if (right & left & change.urgent) left = 0;
      vehicles.changeState[view.ego] = (vehicles.changeState[view.ego]! & change.said) | right | left;
    }
    const t = vehicles.type[view.ego]!;
    this.#taken[j] = this.#taken[j]! + this.#world.types.length[t]! + this.#world.types.minGap[t]!;
    this.#done[j] = this.#done[j]! + 1;
  }

  #mayGo(state: number, wanted: number): boolean {
    return (state & wanted) !== 0 && (state & isBlocked) === 0;
  }

  #noteBlocked(j: number, state: number, wanted: number): void {
    if ((state & wanted) === 0 || (state & change.urgent) === 0) return;
    this.#last[j] = this.#view.ego;
    if (this.#first[j] === -1) this.#first[j] = this.#view.ego;
  }

  roomTaken(view: View, offset: number): number {
    const { ways, brutto, streets } = this.#world;
    const { record } = view;
    const i = streets.laneIndex[view.lane]! + offset;
    const links = ways.linkCount(record, i);
    let sum = this.#taken[i]!;
    for (let view = 0; view < links; view++) sum += brutto[streets.linkTo[ways.linkAt(record, i, view)]!]!;
    return sum;
  }

  /** What the driver wants of the lane `direction` beside, and what hinders it. */
  #consider(firstLane: number, j: number, direction: number): number {
    const { streets, types, vehicles, ways } = this.#world;
    const view = this.#view;
    const beside = firstLane + j + direction;
    if ((streets.permissions[beside]! & types.permission[vehicles.type[view.ego]!]!) === 0) return 0;
    if (this.#wishes.staysSurely(view.ego, view.record, j, direction)) return 0;
    view.direction = direction;
    view.beside = beside;
    view.bestOffset = ways.offsetOf(view.record, j);
    if (view.bestOffset === 0 && ways.offsetOf(view.record, j + direction) === 0) view.bestOffset = direction;
    view.firstBlocked = this.#first[j]!;
    view.lastBlocked = this.#last[j]!;
    view.blocked = 0;
    const wish = this.#wishes.ask(view);
    return view.blocked | wish;
  }

  look(view: View): void {
    const { laneIndex } = this.#world.streets;
    const { besideLeader, besideFollower } = view;
    if (!view.knowsLeader) this.#findLeader(view.lane, this.#done[laneIndex[view.lane]!]!, view.leader);
    view.knowsLeader = true;
    const done = this.#done[laneIndex[view.beside]!]!;
    this.#findLeader(view.beside, done, besideLeader);
    this.#findFollower(view.beside, done, besideFollower);
    if (besideLeader.vehicle >= 0 && besideLeader.vehicle === besideFollower.vehicle)
      besideFollower.vehicle = -1;
    view.blocked = this.#hindrances(view);
  }

  #findLeader(lane: number, done: number, into: Neighbour): void {
    const { lists, vehicles, types } = this.#world;
    const { ego } = this.#view;
    if (done === 0) {
      this.#neighbours.leaderBeyond(ego, lane, into);
      return;
    }
    const leader = lists.at(lane, done - 1);
    const back = vehicles.position[leader]! - types.length[vehicles.type[leader]!]!;
    into.vehicle = leader;
    into.gap = back - vehicles.position[ego]! - types.minGap[vehicles.type[ego]!]!;
  }

  #findFollower(lane: number, done: number, into: Neighbour): void {
    const { lists, vehicles, types } = this.#world;
    const { ego } = this.#view;
    const t = vehicles.type[ego]!;
    const back = vehicles.position[ego]! - types.length[t]!;
    if (done >= lists.count(lane)) {
      const front = { back, speed: vehicles.speed[ego]!, deceleration: types.deceleration[t]! };
      this.#neighbours.followerBefore(ego, lane, front, into);
      return;
    }
    into.vehicle = lists.at(lane, done);
    into.gap = back - vehicles.position[into.vehicle]! - types.minGap[vehicles.type[into.vehicle]!]!;
  }

  /** Gaps beside that are too small. */
  #hindrances({ ego, besideLeader, besideFollower }: View): number {
    const { vehicles, types, stepSeconds } = this.#world;
    const t = vehicles.type[ego]!;
    const speed = vehicles.speed[ego]!;
    let state = 0;
    if (besideFollower.vehicle >= 0) {
      const f = vehicles.type[besideFollower.vehicle]!;
      const reaction = Math.max(0, types.tau[f]! - stepSeconds);
      const next =
        vehicles.speed[besideFollower.vehicle]! +
        Math.max(0, reaction * vehicles.acceleration[besideFollower.vehicle]!);
      const own = speed + Math.min(0, reaction * vehicles.acceleration[ego]!);
      const needed = types.secureGap(f, next, own, types.deceleration[t]!);
      if (besideFollower.gap < 0 || besideFollower.gap < needed) state |= change.blockedByFollower;
    }
    if (besideLeader.vehicle >= 0) {
      const reaction = Math.max(0, types.tau[t]! - stepSeconds);
      const own = speed + Math.max(0, reaction * vehicles.acceleration[ego]!);
      const next =
        vehicles.speed[besideLeader.vehicle]! +
        Math.min(0, reaction * vehicles.acceleration[besideLeader.vehicle]!);
      const needed = types.secureGap(t, own, next, types.deceleration[vehicles.type[besideLeader.vehicle]!]!);
      if (besideLeader.gap < 0 || besideLeader.gap < needed) state |= change.blockedByLeader;
    }
    return state;
  }

  /** Moves the vehicle one lane over. */
  #go(firstLane: number, j: number, direction: number): void {
    const { lists, vehicles, brutto, types } = this.#world;
    const { ego } = this.#view;
    const to = j + direction;
    this.#world.delist(firstLane + j, this.#done[j]!);
    lists.insert(firstLane + to, this.#done[to]!, ego);
    const t = vehicles.type[ego]!;
    const length = types.length[t]! + types.minGap[t]!;
    brutto[firstLane + to] = brutto[firstLane + to]! + length;
    this.#done[to] = this.#done[to]! + 1;
    vehicles.lane[ego] = firstLane + to;
    vehicles.changeState[ego] = 0;
    vehicles.speedGain[ego] = 0;
    vehicles.keepRight[ego] = 0;
    vehicles.lookAheadSpeed[ego] = 0;
    vehicles.adviceCount[ego] = 0;
    vehicles.dontBrake[ego] = 0;
    if (this.#world.ways.offsetOf(this.#view.record, to) === 0) {
      vehicles.blockerLength[ego] = 0;
      vehicles.leftSpace[ego] = 0;
    }
    if (vehicles.position[ego]! < types.length[t]!) this.#world.layBody(ego);
    else vehicles.furtherCount[ego] = 0;
  }

  #makeRoom(lanes: number): void {
    this.#done = new Int32Array(lanes);
    this.#taken = new Float64Array(lanes);
    this.#first = new Int32Array(lanes);
    this.#last = new Int32Array(lanes);
  }
}
