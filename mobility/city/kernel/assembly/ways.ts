// Which lanes lead on along a route: for every lane of the edge a vehicle is on, how far it can go without changing
// lanes, how many lanes it should change, and the links it would follow. SUMO 1.15's best lanes
// (MSVehicle::updateBestLanes), kept by route and edge instead of by vehicle, so that vehicles of one route share them.
// Must not: know where vehicles are, or follow the signals of the moment.
//
// Word: a way is a route as driven by one type of vehicle (its class decides which lanes it may use); vehicles with
// halts have a way of their own, since a halt ahead makes its lane the best.

import { noHalt, positionEpsilon } from './constants';
import { brakeGap } from './following';
import { allocate, Edge, Halt, Lane, LaneWay, Link, none, pointerAt, rowOf, some, Way } from './records';

/** Edges looked at: at most 4 beyond 3000 m, at most 8 beyond 200 m (or the braking distance). */
const motorwayEdges: i32 = 4;
const motorwayMeters: f64 = 3000;
const urbanEdges: i32 = 8;
const urbanMeters: f64 = 200;
/** Records are kept in so many bytes; between steps with more than `trimBytes` all are forgotten (and worked out again). */
const poolBytes: usize = 48 << 20;
const trimBytes: usize = 32 << 20;
/** So much of them is kept free for the record that is worked out next. */
const recordBytesMost: usize = 256 << 10;
/** A record of two lanes with eight links each fits into so many. */
const ownBytesLeast: i32 = 128;
/** Edges and lanes that one look ahead may hold. */
const levelsMost: i32 = 256;
const rowsMost: i32 = 4096;

let pool: usize = 0;
let poolEnd: usize = 0;
/** Ways that vehicles share, to forget all records. */
let wayList: usize = 0;
let wayCount: i32 = 0;
let wayRoom: i32 = 0;

/** A lane of the edges ahead, while they are worked out. */
@unmanaged
class Row {
  length: f64;
  current: f64;
  lane: Lane;
  link: Link;
  next: i32;
  offset: i32;
  continues: bool;
}

let rows: usize = 0;
let levelStart: usize = 0;
let levelCount: i32 = 0;

// @ts-expect-error: decorator
@inline function rowAt(i: i32): Row {
  return rowOf<Row>(rows, i);
}

// @ts-expect-error: decorator
@inline function startOf(level: i32): i32 {
  return load<i32>(levelStart + (<usize>level << 2));
}

// @ts-expect-error: decorator
@inline function setStart(level: i32, row: i32): void {
  store<i32>(levelStart + (<usize>level << 2), row);
}

/** A way that vehicles share is new: its records are forgotten with all others. */
export function addSharedWay(way: Way): void {
  if (wayCount == wayRoom) {
    const room = max<i32>(256, wayRoom * 2);
    const grown = allocate(<usize>room << 2);
    memory.copy(grown, wayList, <usize>wayCount << 2);
    wayList = grown;
    wayRoom = room;
  }
  store<usize>(wayList + (<usize>wayCount << 2), changetype<usize>(way));
  wayCount += 1;
}

/** Index in the route of the edge of the next halt; `noHalt`: none is left. */
export function haltIndexOf(way: Way): i32 {
  return way.haltCount > 0 ? changetype<Halt>(way.halts).index : noHalt;
}

/** The first halt of a way, which is one vehicle's, is served: the next one decides from now on. */
export function dropHalt(way: Way): void {
  way.halts += offsetof<Halt>();
  way.haltCount -= 1;
  way.ownIndex = -1;
}

/** The record of edge `index` of `way`; pass it to `laneWay`. */
export function recordAt(way: Way, index: i32): usize {
  if (!way.shared) return way.ownIndex == index ? way.own : workOut(way, index);
  const found = load<usize>(way.records + (<usize>index << 2));
  return found != 0 ? found : workOut(way, index);
}

/** Forgets all records when they have become too many. True: it did, and nobody may go on holding one. */
export function trimRecords(): bool {
  if (pool == 0 || poolEnd < pool + trimBytes) return false;
  for (let i = 0; i < wayCount; i++) {
    const way = pointerAt<Way>(wayList, i);
    memory.fill(way.records, 0, <usize>way.count << 2);
  }
  poolEnd = pool;
  return true;
}

function workOut(way: Way, index: i32): usize {
  if (pool == 0) {
    pool = allocate(poolBytes);
    poolEnd = pool;
    rows = allocate(offsetof<Row>() * rowsMost);
    levelStart = allocate(4 * levelsMost);
  }
  const levels = lookAhead(way, index);
  levelCount = levels;
  rateLast(way, levels - 1);
  for (let level = levels - 2; level >= 0; level--) rateBefore(way, level);
  if (!way.shared) {
    keepOwn(way);
    way.ownIndex = index;
    return way.own;
  }
  // A step that works out more than the pool holds keeps the rest for good.
  if (poolEnd + recordBytesMost > pool + poolBytes) {
    pool = allocate(poolBytes);
    poolEnd = pool;
  }
  const record = poolEnd;
  poolEnd = keep(record);
  store<usize>(way.records + (<usize>index << 2), record);
  return record;
}

// @ts-expect-error: decorator
@inline function edgeAt(way: Way, index: i32): Edge {
  return index < way.count ? pointerAt<Edge>(way.edges, index) : none<Edge>();
}

/** Fills the rows with the lanes of the edges ahead, level by level. Returns how many levels. */
function lookAhead(way: Way, index: i32): i32 {
  const permission = way.type.permission;
  const braking = brakingMeters(way) + edgeAt(way, index).firstLane.length;
  const halt = way.haltCount > 0 ? changetype<Halt>(way.halts) : none<Halt>();
  const haltAt = haltIndexOf(way);
  let used = 0;
  let seenMeters: f64 = 0;
  let level = 0;
  for (let at = index; ; level++) {
    const edge = edgeAt(way, at);
    const lanes = edge.lanes;
    setStart(level, used);
    for (let j = 0; j < lanes; j++) {
      const lane = rowOf<Lane>(changetype<usize>(edge.firstLane), j);
      addLane(rowAt(used + j), lane, edgeAt(way, at + 1), (lane.permissions & permission) != 0);
    }
    if (haltAt == at) preferHalt(used, lanes, halt);
    used += lanes;
    seenMeters += edge.firstLane.length;
    at += 1;
    const seen = level + 1;
    const more =
      (seen <= motorwayEdges || seenMeters < max(braking, motorwayMeters)) &&
      (seen <= urbanEdges || seenMeters < max(braking, urbanMeters));
    if (!more || at >= way.count || haltAt == at - 1) break;
    if (level + 3 >= levelsMost || used + 64 > rowsMost) break;
  }
  setStart(level + 1, used);
  return level + 1;
}

function brakingMeters(way: Way): f64 {
  const t = way.type;
  return t.tau * t.maxSpeed + brakeGap(t.maxSpeed, t.deceleration, t.tau) + t.minGap;
}

function addLane(row: Row, lane: Lane, nextEdge: Edge, allowed: bool): void {
  const length = allowed ? lane.length : 0;
  row.lane = lane;
  row.length = length;
  row.current = length;
  row.offset = 0;
  row.link = none<Link>();
  row.next = -1;
  row.continues = !some(nextEdge) || (allowed && leadsTo(lane, nextEdge));
}

function leadsTo(lane: Lane, edge: Edge): bool {
  for (let k = 0; k < lane.links; k++)
    if (rowOf<Link>(changetype<usize>(lane.firstLink), k).to.edge == edge) return true;
  return false;
}

/** A halt is ahead: other lanes than its own lead no further than its place. */
function preferHalt(first: i32, lanes: i32, halt: Halt): void {
  const end = halt.lane.length - 2 * positionEpsilon;
  const place = max(positionEpsilon, min(halt.start, end));
  for (let i = first; i < first + lanes; i++) {
    const row = rowAt(i);
    if (row.lane == halt.lane) continue;
    row.continues = false;
    row.length = place;
    row.current = place;
  }
}

function rateLast(way: Way, level: i32): void {
  const from = startOf(level);
  const to = startOf(level + 1);
  let best = from;
  let bestLast = from;
  for (let i = from; i < to; i++) {
    if (rowAt(i).length > rowAt(best).length) {
      best = i;
      bestLast = i;
    } else if (rowAt(i).length == rowAt(best).length) bestLast = i;
  }
  const bestLength = rowAt(best).length;
  let rightForbidden = false;
  let leftForbidden = from - 1;
  for (let i = from; i < to; i++) {
    const row = rowAt(i);
    if (row.length >= bestLength) continue;
    row.offset = nearer(best, bestLast, i);
    if (row.offset < 0 && (rightForbidden || !allows(way, i - 1))) {
      rightForbidden = true;
      row.length = 0;
    } else if (row.offset > 0 && !allows(way, i + 1)) leftForbidden = i;
  }
  for (let i = leftForbidden; i >= from; i--) rowAt(i).length = 0;
}

function allows(way: Way, row: i32): bool {
  return (rowAt(row).lane.permissions & way.type.permission) != 0;
}

function rateBefore(way: Way, level: i32): void {
  const from = startOf(level);
  const to = startOf(level + 1);
  const nextTo = startOf(level + 2);
  let bestLength: f64 = -1;
  for (let m = to; m < nextTo; m++) bestLength = max(bestLength, rowAt(m).length);
  const bestConnected = connectLanes(way, from, to, nextTo);
  let best = from;
  let bestLast = from;
  for (let i = from; i < to; i++) {
    const row = rowAt(i);
    const m = row.next;
    if (m >= 0) {
      const next = rowAt(m);
      const wide = next.length == bestConnected && abs<i32>(next.offset) < 2;
      row.length = row.length + (wide ? bestLength : next.length);
      row.offset = next.offset;
    }
    if (m < 0 || (!rowAt(m).continues && rowAt(m).length <= 0)) {
      row.continues = false;
      row.next = -1;
      row.link = none<Link>();
    }
    const order = compare(i, best);
    if (order > 0) {
      best = i;
      bestLast = i;
    } else if (order == 0) bestLast = i;
  }
  setOffsets(way, from, to, best, bestLast);
}

/** Chooses for every lane the best one it leads to. Returns the length of the best lane that is led to at all. */
function connectLanes(way: Way, from: i32, to: i32, nextTo: i32): f64 {
  const edge = rowAt(to).lane.edge;
  let bestConnected: f64 = -1;
  for (let i = from; i < to; i++) {
    const row = rowAt(i);
    for (let k = 0; k < row.lane.links; k++) {
      const link = rowOf<Link>(changetype<usize>(row.lane.firstLink), k);
      if (link.to.edge != edge) continue;
      const m = to + link.to.index;
      const target = rowAt(m);
      bestConnected = max(bestConnected, target.length);
      if (!row.continues || !allows(way, m)) continue;
      const known = row.next;
      const better =
        known < 0 ||
        rowAt(known).length < target.length ||
        (rowAt(known).length == target.length && abs<i32>(rowAt(known).offset) > abs<i32>(target.offset));
      if (!better) continue;
      row.next = m;
      row.link = link;
    }
  }
  return bestConnected;
}

/** Above 0: lane row `a` is better than `b`; 0: as good. */
function compare(a: i32, b: i32): f64 {
  if (rowAt(a).length != rowAt(b).length) return rowAt(a).length - rowAt(b).length;
  const nearer = abs<i32>(rowAt(b).offset) - abs<i32>(rowAt(a).offset);
  return <f64>(nearer != 0 ? nearer : priority(a) - priority(b));
}

/** 1: leads on with priority, 0: without, -1: leads nowhere. */
function priority(row: i32): i32 {
  const link = rowAt(row).link;
  if (!some(link)) return -1;
  return link.offPriority ? 1 : 0;
}

function setOffsets(way: Way, from: i32, to: i32, best: i32, bestLast: i32): void {
  const bestLength = rowAt(best).length;
  const bestOffset = abs<i32>(rowAt(best).offset);
  const bestPriority = priority(best);
  let rightForbidden = false;
  let leftForbidden = from - 1;
  for (let i = from; i < to; i++) {
    const row = rowAt(i);
    const own = priority(i);
    const worse =
      row.length < bestLength ||
      (row.length == bestLength && abs<i32>(row.offset) > bestOffset) ||
      own < bestPriority;
    if (!worse) {
      row.offset = 0;
      continue;
    }
    row.offset = nearer(best, bestLast, i);
    if (own < bestPriority) row.length = row.current;
    if (row.offset < 0 && (rightForbidden || !allows(way, i - 1))) {
      rightForbidden = true;
      if (row.length == row.current) row.length = 0;
    } else if (row.offset > 0 && !allows(way, i + 1)) leftForbidden = i;
  }
  for (let i = leftForbidden; i >= from; i--) if (rowAt(i).length == rowAt(i).current) rowAt(i).length = 0;
}

/** Copies the first level to where the way of one vehicle has its record, in place of the one for the edge before. */
function keepOwn(way: Way): void {
  const lanes = startOf(1);
  const most = lanes * (<i32>offsetof<LaneWay>() + 4 * levelCount);
  if (most > way.ownBytes) {
    way.ownBytes = max<i32>(ownBytesLeast, most);
    way.own = allocate(way.ownBytes);
  }
  keep(way.own);
}

/** Copies the first level to `record`. Returns the place behind. */
function keep(record: usize): usize {
  const lanes = startOf(1);
  let end = record + offsetof<LaneWay>() * lanes;
  for (let j = 0; j < lanes; j++) {
    const row = rowAt(j);
    const way = rowOf<LaneWay>(record, j);
    way.length = row.length;
    way.offset = row.offset;
    way.links = end;
    let count = 0;
    for (let at = j; at >= 0 && some(rowAt(at).link); at = rowAt(at).next) {
      store<usize>(end, changetype<usize>(rowAt(at).link));
      end += 4;
      count += 1;
    }
    way.linkCount = count;
  }
  return (end + 7) & ~7;
}

/** The offset from row `i` to the nearer end of the best rows. */
function nearer(best: i32, bestLast: i32, i: i32): i32 {
  return abs<i32>(best - i) < abs<i32>(bestLast - i) ? best - i : bestLast - i;
}
