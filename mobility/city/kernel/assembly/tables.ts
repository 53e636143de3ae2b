// Fills the kernel's tables, before the first step and as vehicles depart: types, lanes, links, conflicts, ways. The
// callers number things by row; here rows become references.
// Must not: hold rules of driving.

import { yellowDeceleration } from './constants';
import { stepSeconds } from './following';
import {
  allocate,
  Conflict,
  Edge,
  Halt,
  Junction,
  Lane,
  Link,
  LinkFoes,
  none,
  rowOf,
  some,
  VehicleType,
  Way,
} from './records';
import { addSharedWay } from './ways';
import { setLanes } from './world';

let types: usize = 0;
let edges: usize = 0;
let lanes: usize = 0;
let links: usize = 0;
let linkFoes: usize = 0;
let conflicts: usize = 0;

export function makeTables(typeCount: i32, edgeCount: i32, laneCount: i32, linkCount: i32, conflictCount: i32): void {
  types = allocate(offsetof<VehicleType>() * typeCount);
  edges = allocate(offsetof<Edge>() * edgeCount);
  lanes = allocate(offsetof<Lane>() * laneCount);
  links = allocate(offsetof<Link>() * linkCount);
  linkFoes = allocate(offsetof<LinkFoes>() * linkCount);
  conflicts = allocate(offsetof<Conflict>() * conflictCount);
  setLanes(lanes, laneCount);
}

/** A block of memory for a list that the caller fills. */
export function newList(bytes: i32): usize {
  return allocate(bytes);
}

function edgeOf(row: i32): Edge {
  return rowOf<Edge>(edges, row);
}

export function laneOf(row: i32): Lane {
  return row < 0 ? none<Lane>() : rowOf<Lane>(lanes, row);
}

function linkOf(row: i32): Link {
  return row < 0 ? none<Link>() : rowOf<Link>(links, row);
}

/** Turns a list of rows into one of references. */
export function referEdges(list: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const at = list + (<usize>i << 2);
    store<usize>(at, changetype<usize>(edgeOf(load<i32>(at))));
  }
}

export function referLinks(list: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const at = list + (<usize>i << 2);
    store<usize>(at, changetype<usize>(linkOf(load<i32>(at))));
  }
}

export function setType(
  row: i32,
  length: f64,
  minGap: f64,
  maxSpeed: f64,
  acceleration: f64,
  deceleration: f64,
  emergency: f64,
  sigma: f64,
  tau: f64,
  delta: f64,
  permission: u32,
  idm: bool,
): void {
  const t = rowOf<VehicleType>(types, row);
  t.length = length;
  t.minGap = minGap;
  t.room = length + minGap;
  t.maxSpeed = maxSpeed;
  t.acceleration = acceleration;
  t.accelerationStep = acceleration * stepSeconds;
  t.deceleration = deceleration;
  t.decelerationStep = deceleration * stepSeconds;
  t.emergency = emergency;
  t.emergencyStep = emergency * stepSeconds;
  t.slowestStep = (idm ? max(deceleration, min<f64>(emergency, 1.5)) : deceleration) * stepSeconds;
  t.closedBrakes = max(min(yellowDeceleration, emergency), deceleration);
  t.sigma = sigma;
  t.tau = tau;
  t.delta = delta;
  t.halfInverse = 1 / (2 * t.decelerationStep);
  t.idmRoot = 2 * Math.sqrt(acceleration * deceleration);
  t.permission = permission;
  t.idm = idm;
}

/** How a type's drivers change lanes and what they make of junctions. */
export function setTypeHabits(
  row: i32,
  impatience: f64,
  strategic: f64,
  cooperative: f64,
  speedGain: f64,
  keepRight: f64,
  ignoreKeepClear: f64,
  timeGapMinor: f64,
): void {
  const t = rowOf<VehicleType>(types, row);
  t.impatience = impatience;
  t.strategic = strategic;
  t.cooperative = cooperative;
  t.speedGain = speedGain;
  t.keepRight = keepRight;
  t.ignoreKeepClear = ignoreKeepClear;
  t.timeGapMinor = timeGapMinor;
}

export function setEdge(row: i32, firstLane: i32, laneCount: i32): void {
  const edge = edgeOf(row);
  edge.firstLane = laneOf(firstLane);
  edge.lanes = laneCount;
}

export function setLane(
  row: i32,
  length: f64,
  limit: f64,
  edge: i32,
  index: i32,
  permissions: u32,
  internal: bool,
  roundabout: bool,
  firstLink: i32,
  linkCount: i32,
): void {
  const lane = laneOf(row);
  lane.row = row;
  lane.length = length;
  lane.limit = limit;
  lane.edge = edgeOf(edge);
  lane.index = <i16>index;
  lane.permissions = permissions;
  lane.internal = internal;
  lane.roundabout = roundabout;
  lane.firstLink = rowOf<Link>(links, firstLink);
  lane.links = <i16>linkCount;
}

/** Where an internal lane is in its path; of others `normalBefore` is the lane itself. */
export function setLanePath(row: i32, entry: i32, before: i32, normalBefore: i32): void {
  const lane = laneOf(row);
  lane.entry = linkOf(entry);
  lane.before = laneOf(before);
  lane.normalBefore = laneOf(normalBefore);
}

export function setLaneLists(row: i32, incoming: usize, incomingCount: i32, conflict: i32, conflictCount: i32): void {
  const lane = laneOf(row);
  lane.incoming = incoming;
  lane.incomingCount = incomingCount;
  lane.conflicts = conflicts + <usize>conflict * offsetof<Conflict>();
  lane.conflictCount = conflictCount;
}

/** Lanes of one junction, in their order, get bits in it; those beyond the 64th have none. */
export function setJunction(list: usize, count: i32): void {
  const junction = changetype<Junction>(allocate(offsetof<Junction>()));
  for (let i = 0; i < count; i++) {
    const lane = laneOf(load<i32>(list + (<usize>i << 2)));
    lane.junction = junction;
    lane.bit = i < 64 ? 1 << <u64>i : 0;
  }
}

/** Gathers the bits of all foe lanes, once junctions and conflicts are known. */
export function maskFoes(laneCount: i32): void {
  for (let l = 0; l < laneCount; l++) {
    const lane = laneOf(l);
    if (lane.conflictCount == 0 || !some(lane.junction)) continue;
    lane.masked = true;
    for (let i = 0; i < lane.conflictCount; i++) {
      const foe = rowOf<Conflict>(lane.conflicts, i).foeLane;
      if (foe.junction != lane.junction || foe.bit == 0) lane.masked = false;
      lane.foeMask |= foe.bit;
    }
  }
}

export function setLink(
  row: i32,
  next: i32,
  to: i32,
  from: i32,
  entry: i32,
  junction: i32,
  length: f64,
  visibility: f64,
  letter: i32,
  flags: i32,
): void {
  const link = linkOf(row);
  link.next = laneOf(next);
  link.to = laneOf(to);
  link.from = laneOf(from);
  link.entry = linkOf(entry);
  link.foes = rowOf<LinkFoes>(linkFoes, row);
  link.foes.junction = junction;
  link.length = length;
  link.visibility = visibility;
  link.state = <u8>letter;
  link.offPriority = letter >= 65 && letter <= 90;
  link.fromInternal = (flags & 1) != 0;
  link.internalJunction = (flags & 2) != 0;
  link.exit = (flags & 4) != 0;
  link.continuation = (flags & 8) != 0;
  link.straight = (flags & 16) != 0;
  link.keepClear = (flags & 32) != 0;
  link.watched = (flags & 64) != 0;
  link.signalised = (flags & 128) != 0;
  link.equalWatched = (flags & 256) != 0;
}

export function setLinkFoes(
  row: i32,
  yieldsTo: usize,
  yieldsToCount: i32,
  foes: usize,
  foeYields: usize,
  foeCount: i32,
): void {
  const link = linkOf(row);
  link.yieldsTo = yieldsTo;
  link.yieldsToCount = <u16>yieldsToCount;
  link.foes.links = foes;
  link.foes.yields = foeYields;
  link.foes.count = foeCount;
}

/** What a signal shows at a link. */
export function setLetter(row: i32, letter: i32): void {
  linkOf(row).state = <u8>letter;
}

export function setConflict(
  row: i32,
  foeLane: i32,
  behind: f64,
  foeBehind: f64,
  size: f64,
  foeSize: f64,
  sameTarget: bool,
  sameSource: bool,
  foeWaits: bool,
): void {
  const conflict = rowOf<Conflict>(conflicts, row);
  conflict.foeLane = laneOf(foeLane);
  conflict.behind = behind;
  conflict.foeBehind = foeBehind;
  conflict.width = sameTarget || sameSource ? 0 : size;
  conflict.foeWidth = sameTarget || sameSource ? 0 : foeSize;
  conflict.sameTarget = sameTarget;
  conflict.sameSource = sameSource;
  conflict.foeWaits = foeWaits;
}

/** A way over the edges of a list of references; `shared`: more than one vehicle may drive it. */
export function newWay(type: i32, list: usize, count: i32, shared: bool): Way {
  const way = changetype<Way>(allocate(offsetof<Way>()));
  way.type = rowOf<VehicleType>(types, type);
  way.count = count;
  way.edges = list;
  way.ownIndex = -1;
  way.shared = shared;
  if (!shared) return way;
  way.records = allocate(<usize>count << 2);
  addSharedWay(way);
  return way;
}

/** Room for a way's halts, to be filled in order by `setHalt`. */
export function makeHalts(way: Way, count: i32): void {
  way.halts = allocate(offsetof<Halt>() * count);
  way.haltCount = count;
}

export function setHalt(
  way: Way,
  i: i32,
  index: i32,
  lane: i32,
  start: f64,
  end: f64,
  duration: f64,
  until: f64,
): void {
  const halt = rowOf<Halt>(way.halts, i);
  halt.index = index;
  halt.lane = laneOf(lane);
  halt.start = start;
  halt.end = end;
  halt.duration = duration;
  halt.until = until;
}
