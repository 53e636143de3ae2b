// A plan of streets: crossings joined by directed edges along lines. Generators, OSM and GeoJSON make it; layout.ts builds
// the network from it: lanes, connections, paths across junctions, right of way, signals.
// Must not: hold behaviour.

import type { Omission, PermissionBits, Projection } from '../network.ts';

export interface PlanNode {
  readonly id: string;
  /** Metres, network coordinates. */
  readonly x: number;
  readonly y: number;
  /** `plain`: right of way by priority of the edges, else from the right. */
  readonly control: 'plain' | 'signal';
}

/** Where a lane may lead: SUMO's letters s, l, r, t. */
export type Turn = 's' | 'l' | 'r' | 't';

/** A connection that the plan states: lanes are counted from the right, edges are rows of the plan. */
export interface PlanConnection {
  readonly fromLane: number;
  readonly toEdge: number;
  readonly toLane: number;
}

export interface PlanEdge {
  readonly id: string;
  readonly name: string;
  /** Rows of nodes. */
  readonly from: number;
  readonly to: number;
  /** The line of the street from node to node, x, y, x, y: with `spread` right its lanes lie right of it, else around it. */
  readonly points: readonly number[];
  readonly spread: 'right' | 'center';
  /** What vehicles drive from node to node where it differs from the line's length; undefined: the line's length. */
  readonly lengthMeters?: number;
  readonly lanes: number;
  readonly laneWidthMeters: number;
  readonly speedLimitMps: number;
  /** Higher goes first. */
  readonly priority: number;
  readonly permissions: PermissionBits;
  readonly roundabout: boolean;
  /** Which turns each lane may take, from the right; undefined: by the shape of the junction. */
  readonly turnLanes?: readonly (readonly Turn[])[];
  /** Rows of edges that may not be entered from it. */
  readonly forbidden?: readonly number[];
  /** All connections at its end; undefined: found by the layout. */
  readonly connections?: readonly PlanConnection[];
}

export interface StreetPlan {
  readonly name: string;
  readonly nodes: readonly PlanNode[];
  readonly edges: readonly PlanEdge[];
  /** Where the plane lies; bounds are found by the layout. */
  readonly projection: Omit<Projection, 'bounds'>;
  readonly omissions: readonly Omission[];
}
