// A street network as flat tables: what every importer and generator makes and the city engine drives on. Rows are
// numbered from 0; a table names rows of another by number, so the hot loop follows no object.
// Must not: hold behaviour, or know where the network came from.
//
// Glossary (SUMO's words). Edge: a directed street between two junctions, with one or more lanes; lane 0 is rightmost.
// Internal edge, internal lane: a path across a junction. Link (SUMO: connection): the way from the end of one lane to
// the start of another, over internal lanes. Foe: a link whose path crosses or joins another's. Response: the foes a link
// must give way to. Continuation (`cont`): a link whose vehicles may enter the junction and wait inside it; its path is
// two internal lanes. All lengths are metres in network coordinates (x east, y north), all speeds m/s.

/** Bits of `LaneTable.permissions`: which vehicle classes may use a lane. */
export type PermissionBits = number;

export interface EdgeTable {
  readonly count: number;
  readonly ids: readonly string[];
  /** Row of the junction at the start and at the end; of an internal edge both are its own junction. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly priority: Int32Array;
  /** 1: internal. */
  readonly internal: Uint8Array;
  /** Lanes of edge e: rows firstLane[e] .. firstLane[e + 1] - 1, from right to left. Length count + 1. */
  readonly firstLane: Int32Array;
  /** 1: part of a roundabout. */
  readonly roundabout: Uint8Array;
  /** The street's name for people; empty where the source names none. */
  readonly names: readonly string[];
}

export interface LaneTable {
  readonly count: number;
  readonly ids: readonly string[];
  readonly edge: Int32Array;
  /** What vehicles drive, which may differ from the length of the shape. */
  readonly lengthMeters: Float64Array;
  readonly speedLimitMps: Float64Array;
  readonly widthMeters: Float64Array;
  readonly permissions: Uint32Array;
  /** Points of lane l: shape[2 * firstPoint[l]] .. shape[2 * firstPoint[l + 1]] as x, y, x, y. Length count + 1. */
  readonly firstPoint: Int32Array;
  readonly shape: Float64Array;
  /** Links that leave lane l: rows firstLink[l] .. firstLink[l + 1] - 1. Length count + 1. Internal lanes have one each. */
  readonly firstLink: Int32Array;
}

/**
 * Links, sorted by the lane they leave. The path of a link between two normal lanes is `via` (an internal lane, -1 where
 * the network has no internal lanes). An internal lane's only link leads to the second internal lane of a continuation
 * (SUMO's internal junction) or to the normal lane behind.
 */
export interface LinkTable {
  readonly count: number;
  readonly fromLane: Int32Array;
  /** The normal lane it leads to; of a link out of an internal lane: the next lane, internal or not. */
  readonly toLane: Int32Array;
  /** The first internal lane of its path, -1: none. */
  readonly via: Int32Array;
  /** SUMO's letter of direction: s straight, l left, r right, L, R partially, t turnaround, T, i invalid. */
  readonly direction: readonly string[];
  /** SUMO's letter of right of way without signal: M major, m minor, = equal, s stop, w allway, o O signal, Z zipper, - dead end. */
  readonly state: readonly string[];
  readonly junction: Int32Array;
  /** Row in the junction's request matrix; -1: none (a link with no conflict). */
  readonly request: Int32Array;
  /** Row in `signals`; -1: not signalised. */
  readonly signal: Int32Array;
  /** Which letter of the signal's state is this link's; -1: none. */
  readonly signalIndex: Int32Array;
  /** 1: vehicles may wait inside the junction. */
  readonly continuation: Uint8Array;
  /** From how far before the stop line drivers see the foes, metres (SUMO: 4.5 where nothing is said). */
  readonly visibilityMeters: Float64Array;
  /** 1: drivers stay out of the junction while there is no room behind it. */
  readonly keepClear: Uint8Array;
  /**
   * Foes of link k: foes[firstFoe[k]] .. foes[firstFoe[k + 1] - 1], rows of this table; `yields` beside: 1 where k must
   * give way. Foes of a link between two internal lanes (the waiting point of a continuation): the links between normal
   * lanes whose paths the second half meets; `yields` is 1 where their approaching vehicles count too, 0 where only those
   * already on the path do.
   */
  readonly firstFoe: Int32Array;
  readonly foes: Int32Array;
  readonly yields: Uint8Array;
}

export interface JunctionTable {
  readonly count: number;
  readonly ids: readonly string[];
  /** SUMO's type: priority, traffic_light, right_before_left, dead_end, internal, ... */
  readonly types: readonly string[];
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Outline, as x, y, x, y; empty where the source has none. */
  readonly outlines: readonly Float64Array[];
}

export interface SignalPhase {
  readonly durationSeconds: number;
  /** One letter a link: G g green with and without priority, y yellow, r red, u red-yellow, o blinking, O off, s stop then go. */
  readonly state: string;
  /** Of actuated programs; equal to the duration otherwise. */
  readonly minimumSeconds: number;
  readonly maximumSeconds: number;
  /** Rows of the phases that may follow; empty: the next one. */
  readonly next: readonly number[];
}

export interface SignalProgram {
  readonly id: string;
  readonly programId: string;
  readonly kind: 'static' | 'actuated';
  readonly offsetSeconds: number;
  readonly phases: readonly SignalPhase[];
  /** SUMO's `param` children: max-gap, detector-gap, passing-time and others. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** How network coordinates relate to longitude and latitude: subtract the offset, then invert the projection. */
export interface Projection {
  readonly offsetX: number;
  readonly offsetY: number;
  /** A proj4 string; undefined: the network has no place on earth. */
  readonly proj4: string | undefined;
  /** minX, minY, maxX, maxY in network coordinates. */
  readonly bounds: readonly [number, number, number, number];
}

/** Something the source holds that the network leaves out. Counted and named, never dropped silently. */
export interface Omission {
  /** One sentence of what and why, equal for equal cases, e.g. `pedestrian crossing (pedestrians are not simulated)`. */
  readonly what: string;
  readonly count: number;
  /** Ids of the first few. */
  readonly examples: readonly string[];
}

export interface Network {
  /** The file name, or the generator with its arguments. */
  readonly name: string;
  readonly edges: EdgeTable;
  readonly lanes: LaneTable;
  readonly links: LinkTable;
  readonly junctions: JunctionTable;
  readonly signals: readonly SignalProgram[];
  readonly projection: Projection;
  readonly omissions: readonly Omission[];
}
