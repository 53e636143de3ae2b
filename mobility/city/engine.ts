// The city engine: drives a demand through a street network, step by step, as SUMO 1.15 does with its default models.
// The rules run in a kernel of WebAssembly (kernel/assembly/, with the order of a step in its index.ts); here is what
// feeds it: streets once, signals and departures each step.
// Must not: draw, print, read a clock, or know why anybody watches.

import type { CityCounts, CityEngine, CityEngineOptions, VehicleColumns } from '../driving/city-engine.ts';
import { findConflicts } from './conflicts.ts';
import { Departing } from './departing.ts';
import { fillKernel } from './kernel/fill.ts';
import { integersAt, type Kernel, newKernel } from './kernel/instance.ts';
import { Shown } from './shown.ts';
import { type Detectors, Signals } from './signals.ts';
import { Streets } from './streets.ts';

/** Builds the engine. After the n-th step its vehicles are as SUMO shows them at begin + (n - 1) steps. */
export function createCityEngine(options: CityEngineOptions): CityEngine {
  return new Engine(options);
}

class Engine implements CityEngine {
  readonly #kernel: Kernel = newKernel();
  readonly #signals: Signals;
  readonly #departing: Departing;
  readonly #detectors: Detectors;
  readonly #begin: number;
  readonly #stepSeconds: number;
  readonly #shown = new Shown();
  #now: number;
  #steps = 0;
  #insertedCount = 0;
  #arrivedCount = 0;
  readonly #skipped: number[] = [];
  #inserted: readonly number[] = [];
  #arrived: readonly number[] = [];

  constructor({ network, demand, beginSeconds, stepSeconds, seed, teleportAfterSeconds }: CityEngineOptions) {
    const { exports } = this.#kernel;
    const streets = new Streets(network);
    exports.begin(stepSeconds, seed, teleportAfterSeconds);
    fillKernel(this.#kernel, { streets, conflicts: findConflicts(streets), types: demand.types });
    this.#signals = new Signals(streets, beginSeconds, exports.setLetter);
    const loops = new Map<number, number>();
    for (const { lane, distance } of this.#signals.detectorLanes())
      loops.set(lane, exports.newDetector(lane, streets.laneLength[lane]! - distance));
    this.#detectors = { gapSeconds: (lane, now) => now - exports.lastSeenOn(loops.get(lane)!) };
    this.#departing = new Departing(this.#kernel, {
      streets,
      demand,
      beginSeconds: beginSeconds - stepSeconds,
    });
    this.#begin = beginSeconds;
    this.#stepSeconds = stepSeconds;
    this.#now = beginSeconds - stepSeconds;
  }

  get nowSeconds(): number {
    return this.#now;
  }

  get vehicles(): VehicleColumns {
    return this.#shown;
  }

  get counts(): CityCounts {
    const { vehicleCount, waitingCount, inAir, teleportCount } = this.#kernel.exports;
    return {
      inserted: this.#insertedCount,
      running: vehicleCount.value + inAir.value,
      arrived: this.#arrivedCount,
      waiting: waitingCount.value,
      skipped: this.#skipped.length,
      teleports: teleportCount.value,
    };
  }

  get inserted(): readonly number[] {
    return this.#inserted;
  }

  get arrived(): readonly number[] {
    return this.#arrived;
  }

  get skipped(): readonly number[] {
    return this.#skipped;
  }

  signalState(row: number): string {
    return this.#signals.stateOf(row);
  }

  step(): void {
    const { exports } = this.#kernel;
    this.#steps += 1;
    this.#now = this.#begin + (this.#steps - 1) * this.#stepSeconds;
    this.#signals.update(this.#now, this.#detectors);
    // Who departs between two steps comes in at the later one; clocks of decimal steps round.
    this.#departing.departUntil(this.#now + 1e-9);
    exports.step(this.#now, this.#steps);
    const { inserted, insertedCount, arrived, arrivedCount, gone, goneCount } = exports;
    this.#skipped.push(...integersAt(this.#kernel, exports.skipped.value, exports.skippedCount.value));
    this.#inserted = integersAt(this.#kernel, inserted.value, insertedCount.value);
    this.#arrived = [
      ...integersAt(this.#kernel, arrived.value, arrivedCount.value),
      ...integersAt(this.#kernel, gone.value, goneCount.value),
    ];
    this.#insertedCount += insertedCount.value;
    this.#arrivedCount += this.#arrived.length;
    this.#shown.refresh(this.#kernel);
  }
}
