// The memory of what drivers plan: two stores that take turns, since at the links the plans of the step before are still
// asked about while new ones are made. The items of one driver lie beside each other.
// Must not: decide anything.

import { after, allocate, Item, Link, none, Vehicle } from './records';

/** Items that one block holds, and that one driver may need. */
const blockItems: i32 = 16384;
const planMost: i32 = 1024;
const blocksMost: i32 = 4096;

/** Pointers to the blocks of each store. */
const blocks: usize = allocate(2 * 4 * blocksMost);
let turn: i32 = 0;
let block: i32 = 0;
/** The next item, and the last with which a driver may begin a plan. */
let next: Item = none<Item>();
let lastStart: Item = none<Item>();

/** A new step: the other store is emptied. */
export function turnItems(): void {
  turn = 1 - turn;
  openBlock(0);
}

function openBlock(i: i32): void {
  block = i;
  const at = blocks + (<usize>(turn * blocksMost + i) << 2);
  if (load<usize>(at) == 0) store<usize>(at, allocate(offsetof<Item>() * blockItems));
  next = changetype<Item>(load<usize>(at));
  lastStart = changetype<Item>(changetype<usize>(next) + offsetof<Item>() * (blockItems - planMost));
}

/** A driver begins its plan. */
// @ts-expect-error: decorator
@inline export function beginPlan(v: Vehicle): void {
  if (changetype<usize>(next) > changetype<usize>(lastStart)) openBlock(block + 1);
  v.plan = next;
  v.planCount = 0;
}

/** True where the plan may go on; no real plan comes near to the end of its room. */
// @ts-expect-error: decorator
@inline export function hasRoom(v: Vehicle): bool {
  return v.planCount < planMost - 2;
}

/** Adds an item to the plan of v. */
export function addItem(v: Vehicle, link: Link, pass: f64, wait: f64, distance: f64): Item {
  const item = next;
  next = after<Item>(item);
  v.planCount += 1;
  item.link = link;
  item.pass = pass;
  item.wait = wait;
  item.distance = distance;
  item.request = false;
  item.toldIn = -1;
  item.arrivalTime = 0;
  item.arrivalSpeed = 0;
  item.brakingSpeed = 0;
  item.leaveSpeed = -1;
  item.space = 0;
  item.stopped = false;
  return item;
}

/** The driver will leave the link's path no faster than `speed`. */
// @ts-expect-error: decorator
@inline export function limitLeaving(item: Item, speed: f64): void {
  if (item.leaveSpeed <= 0 || speed < item.leaveSpeed) item.leaveSpeed = speed;
}

// @ts-expect-error: decorator
@inline export function leavingSpeed(item: Item): f64 {
  return item.leaveSpeed < 0 ? item.pass : item.leaveSpeed;
}
