// The registry of selection policies: the one place that names them all. Adding one is a file in this folder and a line
// here. Must not: decide anything.

import { byName } from '../by-name.ts';
import { allInRange } from './all-in-range.ts';
import { fedcs } from './fedcs.ts';
import { foresight } from './foresight.ts';
import { linucb } from './linucb.ts';
import { longestStay } from './longest-stay.ts';
import { mavfl } from './mavfl.ts';
import { nearest } from './nearest.ts';
import { oort } from './oort.ts';
import type { Policy } from './policy.ts';
import { powerOfChoice } from './power-of-choice.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { slidingWindowUcb } from './sliding-window-ucb.ts';
import { thompson } from './thompson.ts';
import { ucb1 } from './ucb1.ts';
import { volatileUcb } from './volatile-ucb.ts';

// Each policy is given back only the state it made itself, so its type may be forgotten here.
export const policies: readonly Policy[] = [
  mavfl,
  random,
  roundRobin,
  allInRange,
  nearest,
  longestStay,
  fedcs,
  powerOfChoice,
  oort,
  ucb1,
  slidingWindowUcb,
  volatileUcb,
  thompson,
  linucb,
  foresight,
] as readonly Policy[];

/** Legal values of `selection.policy`. */
export const policyNames: readonly string[] = policies.map((policy) => policy.name);

/** The policy called `name`. Throws RoadbedError('scenario') that names the nearest legal one. */
export function policyByName(name: string): Policy {
  return byName(policies, name, { what: 'selection.policy', reason: 'scenario' });
}
