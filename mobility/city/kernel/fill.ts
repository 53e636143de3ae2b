// Fills a kernel's tables with a network and vehicle types, once before the first step.
// Must not: know of vehicles.

import type { VehicleType } from '../../demand/demand.ts';
import type { ConflictTable } from '../conflicts.ts';
import type { PackedLists, Streets } from '../streets.ts';
import { type Kernel, keepIntegers } from './instance.ts';

/** Puts streets, conflicts and types into the kernel. */
export function fillKernel(
  kernel: Kernel,
  parts: {
    readonly streets: Streets;
    readonly conflicts: ConflictTable;
    readonly types: readonly VehicleType[];
  },
): void {
  const { streets, conflicts, types } = parts;
  const edges = streets.firstLane.length - 1;
  kernel.exports.makeTables(types.length, edges, streets.lanes, streets.links, conflicts.foeLane.length);
  types.forEach((type, row) => {
    fillType(kernel, type, row);
  });
  for (let row = 0; row < edges; row++) {
    const first = streets.firstLane[row]!;
    kernel.exports.setEdge(row, first, streets.firstLane[row + 1]! - first);
  }
  fillLanes(kernel, streets, conflicts);
  fillLinks(kernel, streets);
  fillConflicts(kernel, conflicts);
  fillJunctions(kernel, streets);
}

/** Internal lanes by junction. */
function fillJunctions(kernel: Kernel, streets: Streets): void {
  const lanes = new Map<number, number[]>();
  for (let l = 0; l < streets.lanes; l++) {
    const entry = streets.laneEntry[l]!;
    if (entry < 0) continue;
    const junction = streets.linkJunction[entry]!;
    const known = lanes.get(junction);
    if (known === undefined) lanes.set(junction, [l]);
    else known.push(l);
  }
  for (const list of lanes.values()) kernel.exports.setJunction(keepIntegers(kernel, list), list.length);
  kernel.exports.maskFoes(streets.lanes);
}

function fillType({ exports }: Kernel, type: VehicleType, row: number): void {
  const { laneChange, junctionModel } = type;
  exports.setType(
    row,
    type.lengthMeters,
    type.minGapMeters,
    type.maxSpeedMps,
    type.accelerationMps2,
    type.decelerationMps2,
    Math.max(type.emergencyDecelerationMps2, type.decelerationMps2),
    type.model === 'krauss' ? type.sigma : 0,
    type.tauSeconds,
    type.delta,
    type.permissionBit,
    Number(type.model === 'idm'),
  );
  exports.setTypeHabits(
    row,
    type.impatience,
    laneChange.strategic,
    laneChange.cooperative,
    laneChange.speedGain,
    laneChange.keepRight,
    junctionModel.jmIgnoreKeepClearTime ?? -1,
    junctionModel.jmTimegapMinor ?? 1,
  );
}

/** Keeps all lists of links as references. Returns where list i begins. */
function keepLinkLists(kernel: Kernel, { start, rows }: PackedLists): (i: number) => number {
  const address = keepIntegers(kernel, rows);
  kernel.exports.referLinks(address, rows.length);
  return (i) => address + 4 * start[i]!;
}

function fillLanes(kernel: Kernel, streets: Streets, conflicts: ConflictTable): void {
  const { exports } = kernel;
  const { incoming, firstLink } = streets;
  const incomingAt = keepLinkLists(kernel, incoming);
  for (let l = 0; l < streets.lanes; l++) {
    exports.setLane(
      l,
      streets.laneLength[l]!,
      streets.laneLimit[l]!,
      streets.laneEdge[l]!,
      streets.laneIndex[l]!,
      streets.permissions[l]!,
      streets.laneInternal[l]!,
      streets.laneRoundabout[l]!,
      firstLink[l]!,
      firstLink[l + 1]! - firstLink[l]!,
    );
    exports.setLanePath(l, streets.laneEntry[l]!, streets.laneBefore[l]!, streets.laneNormalBefore[l]!);
    const foes = conflicts.start[l + 1]! - conflicts.start[l]!;
    const lists = incoming.start[l + 1]! - incoming.start[l]!;
    exports.setLaneLists(l, incomingAt(l), lists, conflicts.start[l]!, foes);
  }
}

/** A link's flags as bits, in the order of assembly/tables.ts. */
function flagsOf(streets: Streets, k: number): number {
  const flags = [
    streets.linkFromInternal[k],
    streets.linkInternalJunction[k],
    streets.linkExit[k],
    streets.linkContinuation[k],
    streets.linkStraight[k],
    streets.linkKeepClear[k],
    streets.linkWatched[k],
    streets.linkSignal[k]! >= 0,
    streets.linkEqualWatched[k],
  ];
  return flags.reduce<number>((bits, flag, i) => (flag ? bits | (1 << i) : bits), 0);
}

function fillLinks(kernel: Kernel, streets: Streets): void {
  const { exports } = kernel;
  const { yieldsTo, firstFoe } = streets;
  const yieldsToAt = keepLinkLists(kernel, yieldsTo);
  const foesAt = keepLinkLists(kernel, { start: firstFoe, rows: streets.foes });
  const foeYields = exports.newList(streets.yields.length);
  new Uint8Array(kernel.memory.buffer, foeYields, streets.yields.length).set(streets.yields);
  for (let k = 0; k < streets.links; k++) {
    exports.setLink(
      k,
      streets.linkNext[k]!,
      streets.linkTo[k]!,
      streets.linkFrom[k]!,
      streets.linkEntry[k]!,
      streets.linkJunction[k]!,
      streets.linkLength[k]!,
      streets.linkVisibility[k]!,
      streets.linkOffState[k]!,
      flagsOf(streets, k),
    );
    const first = firstFoe[k]!;
    const yielded = yieldsTo.start[k + 1]! - yieldsTo.start[k]!;
    exports.setLinkFoes(k, yieldsToAt(k), yielded, foesAt(k), foeYields + first, firstFoe[k + 1]! - first);
  }
}

function fillConflicts({ exports }: Kernel, conflicts: ConflictTable): void {
  for (let c = 0; c < conflicts.foeLane.length; c++) {
    exports.setConflict(
      c,
      conflicts.foeLane[c]!,
      conflicts.behind[c]!,
      conflicts.foeBehind[c]!,
      conflicts.size[c]!,
      conflicts.foeSize[c]!,
      conflicts.sameTarget[c]!,
      conflicts.sameSource[c]!,
      conflicts.foeWaits[c]!,
    );
  }
}
