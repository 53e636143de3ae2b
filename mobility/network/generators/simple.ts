// The two networks of car-following tests: a straight street and a ring. Their lengths are exact: paths across the joints of a
// ring are taken off its edges.
// Must not: place vehicles.

import { RoadbedError } from '../../../base/errors.ts';
import type { Network } from '../network.ts';
import { allPermissions } from '../permissions.ts';
import { networkOf } from '../plan/layout.ts';
import type { PlanEdge, PlanNode } from '../plan/street-plan.ts';

/** A street of its own. */
export interface StreetOptions {
  /** Metres, > 0; of a ring its whole turn, >= 20. */
  readonly lengthMeters: number;
  /** 1 by default. */
  readonly lanes?: number;
  /** 50 km/h by default. */
  readonly speedLimitMps?: number;
}

const defaults = { lanes: 1, speedLimitMps: 50 / 3.6 };
const laneWidthMeters = 3.2;
/** A ring is drawn with so many edges: a route may not name one edge twice in a row. */
const ringEdges = 4;
/** Straight pieces of each of them. */
const ringPieces = 16;
const ringLeastMeters = 20;

/** One edge, `street`, from west to east. Throws RoadbedError('usage') for sizes that make none. */
export function segmentNetwork(options: StreetOptions): Network {
  const street = checked('segment', options, 0);
  const { lengthMeters } = street;
  const nodes = [node('start', 0, 0), node('end', lengthMeters, 0)];
  const edges = [edgeOf(street, 'street', [0, 1], [0, 0, lengthMeters, 0], lengthMeters)];
  return build(`segment of ${lengthMeters} m`, nodes, edges);
}

/** Four edges, `ring0` to `ring3`, counter-clockwise from the east. Throws RoadbedError('usage') for sizes that make none. */
export function ringNetwork(options: StreetOptions): Network {
  const street = checked('ring', options, ringLeastMeters);
  const radius = street.lengthMeters / (2 * Math.PI);
  const at = (piece: number): [number, number] => {
    const angle = (2 * Math.PI * piece) / (ringEdges * ringPieces);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  };
  const nodes: PlanNode[] = [];
  const edges: PlanEdge[] = [];
  for (let row = 0; row < ringEdges; row++) {
    nodes.push(node(`joint${row}`, ...at(row * ringPieces)));
    const points = Array.from({ length: ringPieces + 1 }, (_, piece) => at(row * ringPieces + piece)).flat();
    const ends: [number, number] = [row, (row + 1) % ringEdges];
    edges.push(edgeOf(street, `ring${row}`, ends, points, street.lengthMeters / ringEdges));
  }
  return build(`ring of ${street.lengthMeters} m`, nodes, edges);
}

function checked(kind: string, options: StreetOptions, leastMeters: number): Required<StreetOptions> {
  const street = { ...defaults, ...options };
  const { lengthMeters, lanes, speedLimitMps } = street;
  const isLong = Number.isFinite(lengthMeters) && lengthMeters > 0 && lengthMeters >= leastMeters;
  if (isLong && Number.isInteger(lanes) && lanes >= 1 && speedLimitMps > 0) return street;
  throw new RoadbedError(
    'usage',
    `a ${kind} of ${lengthMeters} m with ${lanes} lanes and ${speedLimitMps} m/s is none ` +
      `(expected more than ${leastMeters} m, whole lanes >= 1, a speed > 0)`,
  );
}

function node(id: string, x: number, y: number): PlanNode {
  return { id, x, y, control: 'plain' };
}

function edgeOf(
  { lanes, speedLimitMps }: Required<StreetOptions>,
  id: string,
  [from, to]: readonly [number, number],
  points: readonly number[],
  lengthMeters: number,
): PlanEdge {
  return {
    id,
    name: '',
    from,
    to,
    points,
    spread: 'center',
    lengthMeters,
    lanes,
    laneWidthMeters,
    speedLimitMps,
    priority: 1,
    permissions: allPermissions,
    roundabout: false,
  };
}

function build(name: string, nodes: readonly PlanNode[], edges: readonly PlanEdge[]): Network {
  const projection = { offsetX: 0, offsetY: 0, proj4: undefined };
  return networkOf({ name, nodes, edges, projection, omissions: [] });
}
