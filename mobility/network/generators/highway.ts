// One carriageway of a highway from west to east with ramps: an on-ramp joins over a lane of its own that ends, an off-ramp
// leaves from a lane of its own that begins.
// Must not: place vehicles.

import { RoadbedError } from '../../../base/errors.ts';
import type { Network } from '../network.ts';
import { permissionsOf } from '../permissions.ts';
import { networkOf } from '../plan/layout.ts';
import type { PlanConnection, PlanEdge, PlanNode } from '../plan/street-plan.ts';

export interface HighwayRamp {
  readonly kind: 'on' | 'off';
  /** Where the ramp meets the highway, metres from its start. */
  readonly atMeters: number;
}

export interface HighwayOptions {
  readonly lengthMeters: number;
  /** Of the highway; 2 by default. */
  readonly lanes?: number;
  /** 120 km/h by default. */
  readonly speedLimitMps?: number;
  readonly ramps?: readonly HighwayRamp[];
  /** 80 km/h by default. */
  readonly rampSpeedLimitMps?: number;
  /** 250 m by default. */
  readonly rampMeters?: number;
  /** How long the extra lane beside the highway is; 250 m by default. */
  readonly extraLaneMeters?: number;
}

const defaults = {
  lanes: 2,
  speedLimitMps: 120 / 3.6,
  ramps: [] as readonly HighwayRamp[],
  rampSpeedLimitMps: 80 / 3.6,
  rampMeters: 250,
  extraLaneMeters: 250,
};

const laneWidthMeters = 3.2;
const highwayPriority = 13;
const rampPriority = 12;
/** The angle between a ramp and the highway, radians (15 degrees). */
const rampRadians = Math.PI / 12;
/** Room between two ramps' lanes, metres. */
const roomMeters = 100;
/** Who may drive there: no pedestrians, bicycles or rails. */
const permissions = permissionsOf(
  ...([
    'private',
    'emergency',
    'authority',
    'army',
    'vip',
    'passenger',
    'hov',
    'taxi',
    'bus',
    'coach',
  ] as const),
  ...(['delivery', 'truck', 'trailer', 'motorcycle', 'evehicle', 'custom1', 'custom2'] as const),
);

/**
 * A highway. Edges `main0`, `main1`, ... follow each other from west to east; ramps are `on0`, `off1`, ... by their place in
 * `ramps`. Throws RoadbedError('usage') where ramps do not fit.
 */
export function highwayNetwork(options: HighwayOptions): Network {
  const highway: Highway = { ...defaults, ...options };
  const sections = sectionsOf(highway);
  const drawing = new HighwayDrawing(highway, sections);
  return networkOf({
    name: `highway of ${highway.lengthMeters} m with ${highway.ramps.length} ramps`,
    nodes: drawing.nodes,
    edges: drawing.edges,
    projection: { offsetX: 0, offsetY: 0, proj4: undefined },
    omissions: [],
  });
}

type Highway = Required<HighwayOptions>;

/** A stretch of the highway and what happens where it ends. */
interface Section {
  readonly endMeters: number;
  readonly extra: boolean;
  /** The ramp that joins or leaves at its end, by its place in `ramps`; -1: none. */
  readonly ramp: number;
}

function sectionsOf(highway: Highway): Section[] {
  const { lengthMeters, ramps, extraLaneMeters } = highway;
  const order = ramps.map((_, row) => row).sort((a, b) => ramps[a]!.atMeters - ramps[b]!.atMeters);
  const sections: Section[] = [];
  let free = 0;
  for (const row of order) {
    const { kind, atMeters } = ramps[row]!;
    const [first, last] =
      kind === 'on' ? [atMeters, atMeters + extraLaneMeters] : [atMeters - extraLaneMeters, atMeters];
    if (!(first >= free + roomMeters && last + roomMeters <= lengthMeters)) {
      throw new RoadbedError(
        'usage',
        `the ${kind}-ramp at ${atMeters} m does not fit: its lane from ${first} m to ${last} m needs ${roomMeters} m free on both sides ` +
          `(expected within ${free} m .. ${lengthMeters} m; move it or make the highway longer)`,
      );
    }
    sections.push({ endMeters: first, extra: false, ramp: kind === 'on' ? row : -1 });
    sections.push({ endMeters: last, extra: true, ramp: kind === 'off' ? row : -1 });
    free = last;
  }
  return [...sections, { endMeters: lengthMeters, extra: false, ramp: -1 }];
}

class HighwayDrawing {
  readonly nodes: PlanNode[] = [];
  readonly edges: PlanEdge[] = [];
  readonly #highway: Highway;

  constructor(highway: Highway, sections: readonly Section[]) {
    this.#highway = highway;
    this.#node('start', 0, 0);
    for (const [row, { endMeters }] of sections.entries()) this.#node(`main${row}`, endMeters, 0);
    // Edges of the highway come first, so that section i is edge i; the ramps follow.
    let nextRamp = sections.length;
    const rampEdges = sections.map(({ ramp }) => (ramp < 0 ? -1 : nextRamp++));
    sections.forEach((section, row) => {
      const start = sections[row - 1]?.endMeters ?? 0;
      const connections = this.#onward(section, sections[row + 1], row, rampEdges[row]!);
      this.#addMain(row, start, section, connections);
    });
    sections.forEach(({ ramp, endMeters }, row) => {
      if (ramp >= 0) this.#addRamp(ramp, row + 1, endMeters);
    });
  }

  #node(id: string, x: number, y: number): number {
    return this.nodes.push({ id, x, y, control: 'plain' }) - 1;
  }

  /** Lanes keep their place counted from the left; an extra lane begins, ends or becomes the ramp at the right. */
  #onward({ extra }: Section, next: Section | undefined, row: number, rampEdge: number): PlanConnection[] {
    if (next === undefined) return [];
    const { lanes } = this.#highway;
    const [here, there] = [extra ? 1 : 0, next.extra ? 1 : 0];
    const through = Array.from({ length: lanes }, (_, lane) => ({
      fromLane: lane + here,
      toEdge: row + 1,
      toLane: lane + there,
    }));
    if (extra && rampEdge >= 0) return [{ fromLane: 0, toEdge: rampEdge, toLane: 0 }, ...through];
    if (!extra && rampEdge < 0 && there === 1)
      return [{ fromLane: 0, toEdge: row + 1, toLane: 0 }, ...through];
    return through;
  }

  #addMain(row: number, startMeters: number, section: Section, connections: readonly PlanConnection[]): void {
    const { lanes, speedLimitMps } = this.#highway;
    this.edges.push({
      id: `main${row}`,
      name: '',
      from: row,
      to: row + 1,
      points: [startMeters, 0, section.endMeters, 0],
      spread: 'right',
      lanes: lanes + (section.extra ? 1 : 0),
      laneWidthMeters,
      speedLimitMps,
      priority: highwayPriority,
      permissions,
      roundabout: false,
      connections,
    });
  }

  #addRamp(ramp: number, node: number, atMeters: number): void {
    const { lanes, ramps, rampMeters, rampSpeedLimitMps } = this.#highway;
    const { kind } = ramps[ramp]!;
    // The ramp's one lane lies right of its line and meets the extra lane, right of the highway's own.
    const y = -lanes * laneWidthMeters;
    const far = kind === 'on' ? -rampMeters : rampMeters;
    const outer = [atMeters + far * Math.cos(rampRadians), y - rampMeters * Math.sin(rampRadians)] as const;
    const end = this.#node(`${kind}${ramp}`, ...outer);
    const inner = [atMeters, y] as const;
    this.edges.push({
      id: `${kind}${ramp}`,
      name: '',
      from: kind === 'on' ? end : node,
      to: kind === 'on' ? node : end,
      points: kind === 'on' ? [...outer, ...inner] : [...inner, ...outer],
      spread: 'right',
      lanes: 1,
      laneWidthMeters,
      speedLimitMps: rampSpeedLimitMps,
      priority: rampPriority,
      permissions,
      roundabout: false,
      connections: kind === 'on' ? [{ fromLane: 0, toEdge: node, toLane: 0 }] : [],
    });
  }
}
