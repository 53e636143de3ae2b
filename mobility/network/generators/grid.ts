// A grid of streets with a crossing at every corner, as SUMO's netgenerate draws it: the usual test bed of city traffic.
// Rows of crossings go north, columns east; crossing (column, row) is called by the column's letter and the row, edges by
// both their ends: A0B0 leads from A0 to B0.
// Must not: place vehicles.

import { RoadbedError } from '../../../base/errors.ts';
import type { Network, SignalProgram } from '../network.ts';
import { allPermissions } from '../permissions.ts';
import { networkOf } from '../plan/layout.ts';
import type { PlanEdge, PlanNode } from '../plan/street-plan.ts';

/** How to draw a grid. */
export interface GridOptions {
  /** Crossings from west to east and from south to north, >= 1 each, >= 2 together. */
  readonly columns: number;
  readonly rows: number;
  /** Between two crossings, metres; 200 by default. */
  readonly blockMeters?: number;
  /** In each direction; 2 by default. */
  readonly lanes?: number;
  /** Extra lanes for left turns before each crossing; 0 by default. */
  readonly turnLanes?: number;
  /** How long those lanes are, metres; 20 by default. */
  readonly turnLaneMeters?: number;
  /** 50 km/h by default. */
  readonly speedLimitMps?: number;
  /** Streets that lead out of the grid on all sides, metres; 0 (none) by default. */
  readonly attachMeters?: number;
  /** `none`: right before left; static by default. */
  readonly signals?: SignalProgram['kind'] | 'none';
  /** By how much the signals of neighbours are out of step, seconds; 0 by default. */
  readonly offsetSeconds?: number;
}

const defaults = {
  blockMeters: 200,
  lanes: 2,
  turnLanes: 0,
  turnLaneMeters: 20,
  speedLimitMps: 50 / 3.6,
  attachMeters: 0,
  signals: 'static',
  offsetSeconds: 0,
} satisfies Partial<GridOptions>;

const laneWidthMeters = 3.2;

/** A grid. Throws RoadbedError('usage') for sizes that make none. */
export function gridNetwork(options: GridOptions): Network {
  const grid: Grid = { ...defaults, ...options };
  checkGrid(grid);
  const drawing = new GridDrawing(grid);
  const name = `grid ${grid.columns}x${grid.rows}`;
  const plan = {
    name,
    nodes: drawing.nodes,
    edges: drawing.edges,
    projection: { offsetX: 0, offsetY: 0, proj4: undefined },
    omissions: [],
  };
  if (grid.signals === 'none') return networkOf(plan);
  const kind = grid.signals;
  const signalOf = (node: number) => ({ kind, offsetSeconds: drawing.stepsOf(node) * grid.offsetSeconds });
  return networkOf(plan, { signalOf });
}

type Grid = Required<GridOptions>;

function checkGrid(grid: Grid): void {
  const { columns, rows, lanes, turnLanes, blockMeters, turnLaneMeters } = grid;
  const whole = [columns, rows, lanes, turnLanes + 1].every((count) => Number.isInteger(count) && count >= 1);
  if (!whole || columns * rows < 2) {
    throw new RoadbedError(
      'usage',
      `a grid of ${columns} x ${rows} crossings with ${lanes}+${turnLanes} lanes is none (expected whole numbers >= 1, two crossings or more)`,
    );
  }
  const needed = 4 * (lanes + turnLanes) * laneWidthMeters + (turnLanes > 0 ? turnLaneMeters : 0) + 20;
  if (!(blockMeters >= needed)) {
    throw new RoadbedError(
      'usage',
      `blocks of ${blockMeters} m are too short for streets of ${lanes}+${turnLanes} lanes each way (expected >= ${needed} m)`,
    );
  }
}

class GridDrawing {
  readonly nodes: PlanNode[] = [];
  readonly edges: PlanEdge[] = [];
  readonly #grid: Grid;

  constructor(grid: Grid) {
    this.#grid = grid;
    for (let column = 0; column < grid.columns; column++) {
      for (let row = 0; row < grid.rows; row++) this.#addCrossing(column, row);
    }
    for (let column = 0; column < grid.columns; column++) {
      for (let row = 0; row < grid.rows; row++) {
        const here = column * grid.rows + row;
        if (column + 1 < grid.columns) this.#addStreet(here, here + grid.rows);
        if (row + 1 < grid.rows) this.#addStreet(here, here + 1);
      }
    }
    if (grid.attachMeters > 0) this.#attach();
  }

  /** How many blocks a node is from the south-western corner. */
  stepsOf(node: number): number {
    return Math.floor(node / this.#grid.rows) + (node % this.#grid.rows);
  }

  #addCrossing(column: number, row: number): void {
    const { columns, rows, blockMeters, signals, attachMeters } = this.#grid;
    const isCorner = (column === 0 || column === columns - 1) && (row === 0 || row === rows - 1);
    // A corner without streets leading out has two arms: nothing crosses there.
    const control = signals === 'none' || (isCorner && attachMeters === 0) ? 'plain' : 'signal';
    this.nodes.push({
      id: `${lettersOf(column)}${row}`,
      x: column * blockMeters,
      y: row * blockMeters,
      control,
    });
  }

  /** Streets that lead out of the grid, from each crossing at its border. */
  #attach(): void {
    const { columns, rows, blockMeters, attachMeters } = this.#grid;
    const add = (crossing: number, side: string, dx: number, dy: number): void => {
      const { id, x, y } = this.nodes[crossing]!;
      const outer = {
        id: `${side}${id}`,
        x: x + dx * attachMeters,
        y: y + dy * attachMeters,
        control: 'plain',
      } as const;
      this.#addStreet(crossing, this.nodes.push(outer) - 1, Math.min(attachMeters, blockMeters));
    };
    for (let row = 0; row < rows; row++) {
      add(row, 'west', -1, 0);
      add((columns - 1) * rows + row, 'east', 1, 0);
    }
    for (let column = 0; column < columns; column++) {
      add(column * rows, 'south', 0, -1);
      add(column * rows + rows - 1, 'north', 0, 1);
    }
  }

  /** Both directions between two nodes. */
  #addStreet(a: number, b: number, lengthMeters = this.#grid.blockMeters): void {
    this.#addDirection(a, b, lengthMeters);
    this.#addDirection(b, a, lengthMeters);
  }

  #addDirection(from: number, to: number, lengthMeters: number): void {
    const { turnLanes, turnLaneMeters, lanes } = this.#grid;
    const [start, end] = [this.nodes[from]!, this.nodes[to]!];
    const id = `${start.id}${end.id}`;
    if (turnLanes === 0 || end.control === 'plain') {
      this.edges.push(this.#edge(id, from, to, lanes));
      return;
    }
    // The street widens to its left where its turn lanes begin.
    const share = (this.#stopMeters() + turnLaneMeters) / lengthMeters;
    const middle: PlanNode = {
      id: `${id}.turn`,
      x: end.x + share * (start.x - end.x),
      y: end.y + share * (start.y - end.y),
      control: 'plain',
    };
    const node = this.nodes.push(middle) - 1;
    this.edges.push(this.#edge(id, from, node, lanes), this.#edge(`${id}.turn`, node, to, lanes + turnLanes));
  }

  /** How far before a crossing its stop lines are: the width of the street that crosses, and its corner. */
  #stopMeters(): number {
    return (this.#grid.lanes + this.#grid.turnLanes) * laneWidthMeters + 4;
  }

  #edge(id: string, from: number, to: number, lanes: number): PlanEdge {
    const [a, b] = [this.nodes[from]!, this.nodes[to]!];
    return {
      id,
      name: '',
      from,
      to,
      points: [a.x, a.y, b.x, b.y],
      spread: 'right',
      lanes,
      laneWidthMeters,
      speedLimitMps: this.#grid.speedLimitMps,
      priority: 1,
      permissions: allPermissions,
      roundabout: false,
    };
  }
}

/** A, B, ... Z, AA, AB, ... */
function lettersOf(column: number): string {
  const letter = String.fromCharCode('A'.charCodeAt(0) + (column % 26));
  return column < 26 ? letter : lettersOf(Math.floor(column / 26) - 1) + letter;
}
