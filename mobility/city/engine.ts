// The city engine: drives a demand through a street network, step by step, as SUMO 1.15 does with its default models.
// Why so many files: every rule has its own; here is only the order of work.
// Must not: draw, print, read a clock, or know why anybody watches.
//
// A step, for the instant `now` it leads to:
//   1. signals change                                     signals.ts
//   2. everybody plans from the same state of the road    planner.ts, junction-leaders.ts, keep-clear.ts
//   3. everybody tells the links ahead what it plans      approaches.ts
//   4. everybody moves                                    mover.ts, halts.ts
//   5. who has stood too long is lifted                   teleports.ts
//   6. lanes are changed                                  lane-change/
//   7. new vehicles come in, lifted ones come back        insertion.ts

import type { CityCounts, CityEngine, CityEngineOptions, VehicleColumns } from '../driving/city-engine.ts';
import { Approaches } from './approaches.ts';
import { findConflicts } from './conflicts.ts';
import { LaneDetectors } from './detectors.ts';
import { Halts } from './halts.ts';
import { Insertion } from './insertion.ts';
import { LaneChanger } from './lane-change/lane-changer.ts';
import { Mover } from './mover.ts';
import { Neighbours } from './neighbours.ts';
import { PlanItems } from './plan-items.ts';
import { Planner } from './planner.ts';
import { Shown } from './shown.ts';
import { Signals } from './signals.ts';
import { Streets } from './streets.ts';
import { Teleports } from './teleports.ts';
import { Types } from './types.ts';
import { recordWidth } from './vehicles.ts';
import { Ways } from './ways.ts';
import { World } from './world.ts';

/** Vehicles are put in the order of the lanes in memory every so many steps. */
const reorderSteps = 4;

/** Builds the engine. After the n-th step its vehicles are as SUMO shows them at begin + (n - 1) steps. */
export function createCityEngine(options: CityEngineOptions): CityEngine {
  return new Engine(options);
}

class Engine implements CityEngine {
  readonly #world: World;
  readonly #items = new PlanItems();
  readonly #approaches: Approaches;
  readonly #planner: Planner;
  readonly #mover: Mover;
  readonly #changer: LaneChanger;
  readonly #insertion: Insertion;
  readonly #teleports: Teleports;
  readonly #detectors: LaneDetectors;
  readonly #begin: number;
  readonly #shown = new Shown();
  #insertedCount = 0;
  #arrivedCount = 0;
  #arrived: number[] = [];
  #order = new Int32Array(0);

  constructor(options: CityEngineOptions) {
    const streets = new Streets(options.network);
    const types = new Types(options.demand.types, options.stepSeconds);
    const signals = new Signals(streets, options.beginSeconds);
    const ways = new Ways(streets, types, options.demand);
    const conflicts = findConflicts(streets);
    this.#begin = options.beginSeconds;
    this.#world = new World(
      { streets, types, signals, ways, conflicts, seed: options.seed },
      options.beginSeconds,
    );
    this.#approaches = new Approaches(this.#world);
    const halts = new Halts(this.#world);
    const shared = { world: this.#world, items: this.#items, approaches: this.#approaches, halts };
    this.#planner = new Planner(shared);
    this.#mover = new Mover({ ...shared, isMajorBefore: (link) => this.#planner.lastWasMajor(link) });
    const neighbours = new Neighbours(this.#world, this.#approaches);
    this.#changer = new LaneChanger(this.#world, neighbours);
    this.#insertion = new Insertion(this.#world, options.demand, {
      neighbours,
      approaches: this.#approaches,
    });
    this.#teleports = new Teleports(this.#world, this.#insertion, options.teleportAfterSeconds);
    this.#detectors = new LaneDetectors(this.#world, signals.detectorLanes());
  }

  get nowSeconds(): number {
    return this.#world.now;
  }

  get vehicles(): VehicleColumns {
    return this.#shown;
  }

  get counts(): CityCounts {
    return {
      inserted: this.#insertedCount,
      running: this.#world.vehicles.count + this.#teleports.inAir,
      arrived: this.#arrivedCount,
      waiting: this.#insertion.waitingCount,
      teleports: this.#teleports.count,
    };
  }

  get inserted(): readonly number[] {
    return this.#insertion.inserted;
  }

  get arrived(): readonly number[] {
    return this.#arrived;
  }

  signalState(row: number): string {
    return this.#world.signals.stateOf(row);
  }

  step(): void {
    const world = this.#world;
    world.steps += 1;
    world.now = this.#begin + (world.steps - 1) * world.stepSeconds;
    if (world.ways.trim()) this.#forgetRecords();
    if (world.steps % reorderSteps === 0) this.#reorder();
    world.signals.update(world.now, this.#detectors);
    this.#plan();
    this.#mover.moveAll();
    this.#arrived = this.#mover.arrived.map((v) => world.vehicles.departure[v]!);
    this.#takeOut(this.#mover.arrived);
    this.#takeOut(this.#teleports.liftAll());
    world.lists.tidy();
    world.noteBodies();
    this.#changer.changeAll();
    world.noteBodies();
    this.#insertion.insertAll();
    this.#insertedCount += this.#insertion.inserted.length;
    this.#arrived.push(...this.#teleports.landAll());
    this.#arrivedCount += this.#arrived.length;
    world.lists.tidy();
    this.#detectors.watch();
    this.#shown.show(world.vehicles);
  }

  /** All records of ways were forgotten: nobody may go on holding one. */
  #forgetRecords(): void {
    const { record, end } = this.#world.vehicles;
    for (let v = 0; v < end; v += recordWidth) record[v] = -1;
  }

  #plan(): void {
    const { lists } = this.#world;
    this.#items.clear();
    for (let i = 0; i < lists.activeCount; i++) this.#planner.planLane(lists.active[i]!);
    this.#planner.registerAll();
  }

  /** Removes rows that are on no list any more. */
  #takeOut(rows: readonly number[]): void {
    const { vehicles, lists } = this.#world;
    // From the last row down, so that no row yet to be taken moves.
    for (const v of [...rows].sort((a, b) => b - a)) {
      const moved = vehicles.remove(v);
      if (moved !== v) lists.rename(vehicles.lane[v]!, moved, v);
    }
  }

  /** Puts the rows in the order of the lanes. */
  #reorder(): void {
    const { vehicles, lists } = this.#world;
    if (this.#order.length < vehicles.count) this.#order = new Int32Array(2 * vehicles.count);
    lists.renumber(recordWidth, this.#order);
    vehicles.reorder(this.#order);
    this.#world.noteBodies();
  }
}
