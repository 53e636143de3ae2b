// Computes everyone's next speed from everyone's present state; moving comes afterwards (mover.ts).
// Must not: change a position or a present speed, or allocate in the loop.
//
// Update (MAVFL, see docs/mavfl.md: x <- x + v dt, v <- max(0, v + (dv/dt) dt)), semi-implicit Euler as SUMO does it: first the
// speed, then the position with the new speed. So a vehicle moves at constant speed inside a sub-step, and every
// crossing is an exact linear one. Steps are cut into sub-steps of about 0.25 s, as SUMO cuts its IDM.

import type { RoadNetwork } from '../roads/network.ts';
import type { Fleet } from '../traffic/fleet.ts';
import { freeAcceleration, type IdmParameters, interactionDeceleration } from './idm.ts';
import { emptyProbe, LookAhead, type Probe } from './look-ahead.ts';

/** Length of a sub-step that the engine aims at, seconds. */
const subStepSeconds = 0.25;
/**
 * Nobody closes the last micrometre to the car ahead, metres: rounding of offsets (1e-12 at 10 km) can then never make
 * bumpers overlap.
 */
const reserveMeters = 1e-6;

/** Sub-steps in a step: max(1, round(step / 0.25 s)). */
export function subStepsIn(stepSeconds: number): number {
  return Math.max(1, Math.floor(stepSeconds / subStepSeconds + 0.5));
}

export class CarFollowing {
  readonly #network: RoadNetwork;
  readonly #fleet: Fleet;
  readonly #idm: IdmParameters;
  readonly #lookAhead: LookAhead;
  readonly #probe = emptyProbe();
  /** Mean v0 on each road, m/s: the common desired speed where the limit allows it. */
  readonly #meanDesired: Float64Array;

  constructor(network: RoadNetwork, fleet: Fleet, options: { idm: IdmParameters; desiredSpeedMps: number }) {
    this.#network = network;
    this.#fleet = fleet;
    this.#idm = options.idm;
    this.#lookAhead = new LookAhead(network, fleet, options.idm);
    this.#meanDesired = network.speedLimit.map((limit) => Math.min(limit, options.desiredSpeedMps));
  }

  /**
   * v0 of a driver on a road, m/s: its factor times the smaller of the common desired speed and the limit. As with
   * SUMO's speedFactor, the factor applies to the limit too: some drivers exceed it.
   */
  desiredSpeed(road: number, speedFactor: number): number {
    return this.#meanDesired[road]! * speedFactor;
  }

  /** Writes `nextSpeed` of every vehicle for a sub-step of `seconds`. */
  plan(seconds: number): void {
    for (let road = 0; road < this.#network.roads.length; road++) {
      const lane = this.#fleet.lanes[road]!;
      if (lane.size === 0) continue;
      this.#planHead(lane.at(0), road, seconds);
      for (let rank = 1; rank < lane.size; rank++)
        this.#planFollower(lane.at(rank), lane.at(rank - 1), seconds);
    }
  }

  /**
   * Fills `probe`'s answer for a vehicle that would stand at the tail of `probe.road`: behind the last one there, or
   * behind whoever is on the roads beyond.
   */
  answerAtTail(probe: Probe): void {
    const lane = this.#fleet.lanes[probe.road]!;
    if (lane.size === 0) {
      this.#lookAhead.answer(probe);
      return;
    }
    const leader = lane.tail();
    probe.clearance = this.#fleet.offset[leader]! - this.#idm.vehicleLengthMeters - probe.offset;
    probe.acceleration =
      freeAcceleration(this.#idm, probe.speed, probe.desiredSpeed) -
      interactionDeceleration(this.#idm, probe.speed, probe.clearance, this.#fleet.speed[leader]!);
  }

  #planFollower(slot: number, leader: number, seconds: number): void {
    const { offset, speed, speedFactor, road } = this.#fleet;
    const gap = offset[leader]! - this.#idm.vehicleLengthMeters - offset[slot]!;
    const desired = this.#meanDesired[road[slot]!]! * speedFactor[slot]!;
    const free = freeAcceleration(this.#idm, speed[slot]!, desired);
    const braking = interactionDeceleration(this.#idm, speed[slot]!, gap, speed[leader]!);
    this.#fleet.nextSpeed[slot] = nextSpeed(speed[slot]! + (free - braking) * seconds, gap, seconds);
  }

  #planHead(slot: number, road: number, seconds: number): void {
    const fleet = this.#fleet;
    const probe = this.#probe;
    probe.road = road;
    probe.offset = fleet.offset[slot]!;
    probe.speed = fleet.speed[slot]!;
    probe.desiredSpeed = this.#meanDesired[road]! * fleet.speedFactor[slot]!;
    probe.routeSeed = fleet.routeSeed[slot]!;
    probe.hop = fleet.hop[slot]!;
    probe.slot = slot;
    this.#lookAhead.answer(probe);
    fleet.nextSpeed[slot] = nextSpeed(probe.speed + probe.acceleration * seconds, probe.clearance, seconds);
  }
}

/**
 * The wanted speed, not below 0, and never so high that the present clearance would be used up before the next look.
 * The second bound is no part of IDM: it matters only where a model without a leader's past would overlap bumpers.
 */
function nextSpeed(wanted: number, clearance: number, seconds: number): number {
  const reachable = Math.max(0, clearance - reserveMeters) / seconds;
  return Math.min(Math.max(0, wanted), reachable);
}
