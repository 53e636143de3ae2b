// How far lane changing has come on the present edge: which vehicles are done, how much room those ahead take, and who
// urgently must come over. Must not: decide who changes.

import { allocate, Edge, Lane, none, rowOf, some, Vehicle } from '../records';

/** Of one lane of the present edge. */
@unmanaged
class LaneState {
  /** Room the vehicles done take, m. */
  taken: f64;
  next: Vehicle;
  /** The last one that is done. */
  done: Vehicle;
  /** Who urgently wants to come over to the lane: the first and the last. */
  first: Vehicle;
  last: Vehicle;
}

/** No edge has more lanes. */
const lanesMost: i32 = 256;
const states = allocate(offsetof<LaneState>() * lanesMost);

// @ts-expect-error: decorator
@inline function at(j: i32): LaneState {
  return rowOf<LaneState>(states, j);
}

/** Nobody on the edge is done. */
export function beginEdge(edge: Edge): void {
  for (let j = 0; j < edge.lanes; j++) {
    const state = at(j);
    state.taken = 0;
    state.next = rowOf<Lane>(changetype<usize>(edge.firstLane), j).front;
    state.done = none<Vehicle>();
    state.first = none<Vehicle>();
    state.last = none<Vehicle>();
  }
}

// @ts-expect-error: decorator
@inline export function next(j: i32): Vehicle {
  return at(j).next;
}

// @ts-expect-error: decorator
@inline export function setNext(j: i32, v: Vehicle): void {
  at(j).next = v;
}

/** The vehicle done last on lane number `j`. */
// @ts-expect-error: decorator
@inline export function lastDone(j: i32): Vehicle {
  return at(j).done;
}

/** `v`, which has come over, counts as done, but its room is not taken. */
export function done(j: i32, v: Vehicle): void {
  at(j).done = v;
}

/** The next vehicle of lane number `j` stays on it. */
export function noteDone(j: i32, v: Vehicle): void {
  const state = at(j);
  state.taken = state.taken + v.type.room;
  state.done = v;
  state.next = v.behind;
}

// @ts-expect-error: decorator
@inline export function takenOn(j: i32): f64 {
  return at(j).taken;
}

export function noteBlocked(j: i32, v: Vehicle): void {
  const state = at(j);
  state.last = v;
  if (!some(state.first)) state.first = v;
}

export function blockedFirst(j: i32): Vehicle {
  return at(j).first;
}

export function blockedLast(j: i32): Vehicle {
  return at(j).last;
}
