// Builds a network from a plan of streets, node by node: arms, connections, paths across, right of way, signals. The result
// means the same as a net.xml of SUMO's netconvert and drives in the same engine.
// Must not: know where the plan came from.

import { defaultVisibilityMeters, type LinkRow, NetworkBuilder } from '../builder.ts';
import type { RequestRow } from '../foes.ts';
import type { Network, Projection, SignalProgram } from '../network.ts';
import { type Arm, armsOf, borderOf, type Cuts, cutsOf } from './arms.ts';
import { type Path, pathOf } from './paths.ts';
import { lengthOf, parallelOf, partOf, poseAt } from './polyline.ts';
import { ranksOf } from './ranks.ts';
import { type RightOfWay, rightOfWay } from './right-of-way.ts';
import { type SignalOptions, signalProgramOf } from './signal-plan.ts';
import type { PlanEdge, StreetPlan } from './street-plan.ts';
import { crossingsOf } from './turns.ts';

/** Choices of a layout; signals are static and in step unless told otherwise. */
export interface LayoutOptions {
  /** The signal of a node, by its row. */
  readonly signalOf?: (node: number) => SignalOptions;
}

/** SUMO's shortest lane, metres. */
const shortestLaneMeters = 0.1;
/** A coordinate without the noise of its calculation. */
const millimetres = (value: number): number => Math.round(value * 1000) / 1000 + 0;

const inStep: SignalOptions = { kind: 'static', offsetSeconds: 0 };

/** The network of a plan. Rows of nodes and edges of the plan are rows of its junctions and of its first edges. */
export function networkOf(plan: StreetPlan, options: LayoutOptions = {}): Network {
  const arms = armsOf(plan);
  const layout = new Layout(plan, arms, cutsOf(plan, arms), options);
  for (const node of plan.nodes.keys()) layout.addNode(node);
  return layout.finish();
}

class Layout {
  readonly #plan: StreetPlan;
  readonly #arms: readonly (readonly Arm[])[];
  readonly #cuts: Cuts;
  readonly #options: LayoutOptions;
  readonly #builder = new NetworkBuilder();
  /** Rows of the lanes of each edge of the plan, and their shapes, from the right. */
  readonly #lanes: number[][] = [];
  readonly #shapes: number[][][] = [];
  readonly #signals: SignalProgram[] = [];
  readonly #points: number[] = [];

  constructor(plan: StreetPlan, arms: readonly (readonly Arm[])[], cuts: Cuts, options: LayoutOptions) {
    this.#plan = plan;
    this.#arms = arms;
    this.#cuts = cuts;
    this.#options = options;
    for (const [row, edge] of plan.edges.entries()) this.#addEdge(edge, row);
  }

  /** Adds a node with all that crosses it. */
  addNode(node: number): void {
    const arms = this.#arms[node]!;
    const paths = this.#pathsOf(arms);
    const way = rightOfWay(this.#plan, this.#plan.nodes[node]!, arms, paths);
    const isSignal = this.#plan.nodes[node]!.control === 'signal' && paths.length > 1;
    this.#addJunction(node, paths, way, isSignal);
    const inside = this.#addInnerLanes(node, paths, way);
    const signal = isSignal ? this.#addSignal(node, paths, way) : -1;
    this.#addLinks(paths, way, inside, signal);
    if (paths.length > 0)
      this.#builder.addMatrix({ incoming: this.#incomingOf(arms), requests: requestsOf(way) });
    this.#addWaitingPoints(paths, way, inside);
  }

  finish(): Network {
    const { name, projection, omissions } = this.#plan;
    const bounds = boundsOf(this.#points);
    return this.#builder.finish({
      name,
      signals: this.#signals,
      projection: { ...projection, bounds },
      omissions,
    });
  }

  #addEdge(edge: PlanEdge, row: number): void {
    const total = lengthOf(edge.points);
    const line = partOf(edge.points, this.#cuts.atStart[row]!, total - this.#cuts.atEnd[row]!);
    const leftmost = edge.spread === 'right' ? 0 : -edge.lanes / 2;
    const shapes = Array.from({ length: edge.lanes }, (_, lane) =>
      parallelOf(line, (leftmost + edge.lanes - lane - 0.5) * edge.laneWidthMeters).map(millimetres),
    );
    const drawn = shapes.reduce((sum, shape) => sum + lengthOf(shape), 0) / edge.lanes;
    const kept = total - this.#cuts.atStart[row]! - this.#cuts.atEnd[row]!;
    const lengthMeters = edge.lengthMeters === undefined ? drawn : edge.lengthMeters * (kept / total);
    const { id, priority, name } = edge;
    this.#builder.addEdge({ id, priority, internal: false, name });
    this.#builder.connectEdge(row, edge.from, edge.to);
    if (edge.roundabout) this.#builder.markRoundabout(row);
    this.#shapes.push(shapes);
    this.#lanes.push(
      shapes.map((shape, lane) => {
        this.#points.push(...shape);
        return this.#builder.addLane({
          id: `${id}_${lane}`,
          lengthMeters,
          speedLimitMps: edge.speedLimitMps,
          widthMeters: edge.laneWidthMeters,
          permissions: edge.permissions,
          shape,
        });
      }),
    );
  }

  #pathsOf(arms: readonly Arm[]): Path[] {
    return crossingsOf(this.#plan, arms)
      .filter(
        ({ fromEdge, toEdge }) => (this.#edge(fromEdge).permissions & this.#edge(toEdge).permissions) !== 0,
      )
      .map((crossing) => {
        const from = this.#edge(crossing.fromEdge);
        const to = this.#edge(crossing.toEdge);
        const path = pathOf(
          crossing,
          { shape: this.#shapes[crossing.fromEdge]![crossing.fromLane]!, speedLimitMps: from.speedLimitMps },
          { shape: this.#shapes[crossing.toEdge]![crossing.toLane]!, speedLimitMps: to.speedLimitMps },
        );
        const stated = this.#statedLength(crossing.fromEdge, crossing.toEdge);
        return stated === undefined ? path : { ...path, lengthMeters: stated };
      });
  }

  /** Where two edges state their lengths, the path between them is what is missing of both. */
  #statedLength(fromEdge: number, toEdge: number): number | undefined {
    const [from, to] = [this.#edge(fromEdge), this.#edge(toEdge)];
    if (from.lengthMeters === undefined || to.lengthMeters === undefined) return undefined;
    const before = (from.lengthMeters * this.#cuts.atEnd[fromEdge]!) / lengthOf(from.points);
    return before + (to.lengthMeters * this.#cuts.atStart[toEdge]!) / lengthOf(to.points);
  }

  #edge(row: number): PlanEdge {
    return this.#plan.edges[row]!;
  }

  #addJunction(node: number, paths: readonly Path[], way: RightOfWay, isSignal: boolean): void {
    const { id, x, y } = this.#plan.nodes[node]!;
    const type = isSignal ? 'traffic_light' : this.#typeOf(node, paths, way);
    this.#builder.addJunction({ id, type, x, y, outline: this.#outlineOf(node) });
  }

  #typeOf(node: number, paths: readonly Path[], way: RightOfWay): string {
    if (paths.length === 0) return 'dead_end';
    return this.#isEqual(node) && way.foes.some((list) => list.length > 0) ? 'right_before_left' : 'priority';
  }

  /** True where no street of a node ranks above another. */
  #isEqual(node: number): boolean {
    const arms = this.#arms[node]!;
    const ranks = ranksOf(this.#plan, arms).filter((rank) => rank > Number.NEGATIVE_INFINITY);
    const hasRing = arms.some(({ inEdge }) => inEdge >= 0 && this.#edge(inEdge).roundabout);
    return !hasRing && ranks.every((rank) => rank === ranks[0]);
  }

  /** The corners of the streets that end at a node, counter-clockwise. */
  #outlineOf(node: number): Float64Array {
    return Float64Array.from(
      this.#arms[node]!.flatMap((arm) => {
        const row = arm.inEdge >= 0 ? arm.inEdge : arm.outEdge;
        const { points } = this.#edge(row);
        const isIn = arm.inEdge >= 0;
        const pose = poseAt(
          points,
          isIn ? lengthOf(points) - this.#cuts.atEnd[row]! : this.#cuts.atStart[row]!,
        );
        const [dx, dy] = isIn ? [-pose.dx, -pose.dy] : [pose.dx, pose.dy];
        const right = borderOf(this.#plan, arm, 'right');
        const left = borderOf(this.#plan, arm, 'left');
        return [pose.x + right * dy, pose.y - right * dx, pose.x - left * dy, pose.y + left * dx];
      }),
    );
  }

  /** Adds the internal lanes of a node: one a path, two where it waits inside. Returns rows of firsts and seconds. */
  #addInnerLanes(node: number, paths: readonly Path[], way: RightOfWay): InnerLanes {
    const { id } = this.#plan.nodes[node]!;
    const first: number[] = [];
    let start = 0;
    for (const [row, path] of paths.entries()) {
      const before = paths[row - 1];
      const isNext = before?.fromEdge === path.fromEdge && before.toEdge === path.toEdge;
      if (!isNext) {
        this.#addInnerEdge(`:${id}_${row}`, node);
        start = row;
      }
      const end = way.waitsAt[row] ?? lengthOf(path.shape);
      first.push(this.#addInnerLane(`:${id}_${start}_${row - start}`, path, 0, end));
    }
    const second: number[] = [];
    let next = paths.length;
    for (const [row, path] of paths.entries()) {
      const wait = way.waitsAt[row];
      if (wait !== undefined) this.#addInnerEdge(`:${id}_${next}`, node);
      second.push(
        wait === undefined ? -1 : this.#addInnerLane(`:${id}_${next++}_0`, path, wait, lengthOf(path.shape)),
      );
    }
    return { first, second };
  }

  /** Adds the part of a path between two distances along its shape. */
  #addInnerLane(id: string, path: Path, fromMeters: number, toMeters: number): number {
    const shape = partOf(path.shape, fromMeters, toMeters).map(millimetres);
    const drawn = lengthOf(path.shape);
    // Lanes that end where others begin have a path of no length.
    const share = drawn > 0 ? (toMeters - fromMeters) / drawn : 1;
    this.#points.push(...shape);
    const [from, to] = [this.#edge(path.fromEdge), this.#edge(path.toEdge)];
    return this.#builder.addLane({
      id,
      lengthMeters: Math.max(shortestLaneMeters, path.lengthMeters * share),
      speedLimitMps: path.speedLimitMps,
      widthMeters: to.laneWidthMeters,
      permissions: (from.permissions & to.permissions) >>> 0,
      shape,
    });
  }

  #addInnerEdge(id: string, node: number): void {
    const row = this.#builder.addEdge({ id, priority: -1, internal: true });
    this.#builder.connectEdge(row, node, node);
  }

  #addSignal(node: number, paths: readonly Path[], way: RightOfWay): number {
    const options = this.#options.signalOf?.(node) ?? inStep;
    const { id } = this.#plan.nodes[node]!;
    return this.#signals.push(signalProgramOf(id, this.#arms[node]!, paths, way, options)) - 1;
  }

  #addLinks(paths: readonly Path[], way: RightOfWay, inside: InnerLanes, signal: number): void {
    paths.forEach((path, row) => {
      const toLane = this.#lanes[path.toEdge]![path.toLane]!;
      const mustYield = way.yields[row]!.some(Boolean);
      const open = { direction: path.turn, visibilityMeters: defaultVisibilityMeters, keepClear: true };
      const inner = { ...open, via: -1, signal: -1, signalIndex: -1 };
      const [first, second] = [inside.first[row]!, inside.second[row]!];
      const link: LinkRow = {
        ...open,
        fromLane: this.#lanes[path.fromEdge]![path.fromLane]!,
        toLane,
        via: first,
        state: signal >= 0 ? (mustYield ? 'o' : 'O') : mustYield ? 'm' : 'M',
        signal,
        signalIndex: signal >= 0 ? row : -1,
      };
      this.#builder.addLink(link);
      if (second >= 0) {
        this.#builder.addLink({ ...inner, fromLane: first, toLane: second, state: 'm' });
        this.#builder.addLink({ ...inner, fromLane: second, toLane, state: 'M' });
      } else this.#builder.addLink({ ...inner, fromLane: first, toLane, state: 'M' });
    });
  }

  #incomingOf(arms: readonly Arm[]): number[] {
    return arms.flatMap(({ inEdge }) => (inEdge < 0 ? [] : this.#lanes[inEdge]!));
  }

  #addWaitingPoints(paths: readonly Path[], way: RightOfWay, inside: InnerLanes): void {
    paths.forEach((_, row) => {
      if (inside.second[row]! < 0) return;
      const foes = way.foes[row]!;
      const approaching = foes.filter((_, i) => way.yields[row]![i]);
      this.#builder.addWaitingPoint({
        lane: inside.first[row]!,
        incoming: approaching.map((foe) => this.#lanes[paths[foe]!.fromEdge]![paths[foe]!.fromLane]!),
        crossed: foes.map((foe) => inside.first[foe]!),
      });
    });
  }
}

/** Rows of lanes by path; -1: no second lane. */
interface InnerLanes {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** The matrix in SUMO's form: the last letter is path 0. */
function requestsOf({ foes, yields, waitsAt }: RightOfWay): RequestRow[] {
  return foes.map((list, index) => {
    const foeBits = new Array<string>(foes.length).fill('0');
    const responseBits = [...foeBits];
    list.forEach((foe, i) => {
      foeBits[foes.length - 1 - foe] = '1';
      if (yields[index]![i]) responseBits[foes.length - 1 - foe] = '1';
    });
    return {
      index,
      response: responseBits.join(''),
      foes: foeBits.join(''),
      continuation: waitsAt[index] !== undefined,
    };
  });
}

function boundsOf(points: readonly number[]): Projection['bounds'] {
  let [left, bottom, right, top] = [points[0] ?? 0, points[1] ?? 0, points[0] ?? 0, points[1] ?? 0];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]!);
    right = Math.max(right, points[i]!);
    bottom = Math.min(bottom, points[i + 1]!);
    top = Math.max(top, points[i + 1]!);
  }
  return [left, bottom, right, top];
}
