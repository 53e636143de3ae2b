// The registers of the plan that is being made: one driver plans at a time, and several rules lower its plan.
// Must not: hold a rule.

import { never } from './constants';

/** Speeds: for this step, at the end of the present lane, if it waits before the next link. */
export let planSpeed: f64 = 0;
export let linkPass: f64 = 0;
export let linkWait: f64 = 0;
/** The driver asks to pass the next link. */
export let request: bool = false;
/** The slowest any leader makes the driver leave the path before. */
export let leaving: f64 = never;
/** The driver's request at the link before must be withdrawn too. */
export let withdrawBefore: bool = false;

// @ts-expect-error: decorator
@inline export function setPlanSpeed(speed: f64): void {
  planSpeed = speed;
}

// @ts-expect-error: decorator
@inline export function setLinkPass(speed: f64): void {
  linkPass = speed;
}

// @ts-expect-error: decorator
@inline export function setLinkWait(speed: f64): void {
  linkWait = speed;
}

// @ts-expect-error: decorator
@inline export function setRequest(asks: bool): void {
  request = asks;
}

/** Nobody inside the junction has been met yet. */
export function forgetLeaders(): void {
  leaving = never;
  withdrawBefore = false;
}

// @ts-expect-error: decorator
@inline export function limitTo(safe: f64): void {
  if (safe < planSpeed) planSpeed = safe;
  if (safe < linkPass) linkPass = safe;
}

export function limitToLeader(safe: f64): void {
  leaving = min(leaving, safe);
  limitTo(safe);
}

export function withdraw(before: bool): void {
  request = false;
  if (before) withdrawBefore = true;
}
