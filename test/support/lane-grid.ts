// A grid of streets as network tables, and cars that drive on it at random, without any engine: enough to test and to
// measure what watches lanes. Streets are `blockMeters` long, two lanes each way, with internal lanes of 12 m across
// every crossing; internal lanes are drawn straight but count 20 % longer than drawn. Must not: import a test.

import type { Rng } from '../../base/rng.ts';
import type { Network } from '../../mobility/network/network.ts';

interface Row {
  readonly id: string;
  readonly edge: number;
  readonly length: number;
  readonly shape: readonly number[];
}

const crossingMeters = 10;
const laneWidthMeters = 3;

/** `size` x `size` crossings, `blockMeters` apart. */
export function laneGrid(size: number, blockMeters: number): Network {
  const edges: { id: string; from: number; to: number; internal: boolean; firstLane: number }[] = [];
  const lanes: Row[] = [];
  const links: { from: number; to: number; via: number }[] = [];
  const node = (i: number, j: number): number => i * size + j;
  const addEdge = (id: string, from: number, to: number, internal: boolean): number => {
    edges.push({ id, from, to, internal, firstLane: lanes.length });
    return edges.length - 1;
  };
  const incoming: number[][] = Array.from({ length: size * size }, () => []);
  const outgoing: number[][] = Array.from({ length: size * size }, () => []);
  const steps = [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ] as const;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      for (const [dx, dy] of steps) {
        const [x, y] = [i + dx, j + dy];
        if (x < 0 || y < 0 || x >= size || y >= size) continue;
        const edge = addEdge(`${node(i, j)}to${node(x, y)}`, node(i, j), node(x, y), false);
        outgoing[node(i, j)]!.push(edge);
        incoming[node(x, y)]!.push(edge);
        for (let lane = 0; lane < 2; lane++) {
          const side = laneWidthMeters * (1.5 - lane);
          const start = crossingMeters / 2;
          const end = blockMeters - crossingMeters / 2;
          const at = (along: number): number[] => [
            i * blockMeters + dx * along + dy * side,
            j * blockMeters + dy * along - dx * side,
          ];
          const shape = [...at(start), ...at(end)];
          lanes.push({ id: `${edges[edge]!.id}_${lane}`, edge, length: blockMeters - crossingMeters, shape });
        }
      }
  for (let n = 0; n < size * size; n++)
    for (const from of incoming[n]!)
      for (const to of outgoing[n]!) {
        if (edges[from]!.from === edges[to]!.to) continue;
        const edge = addEdge(`:${n}_${edges.length}`, n, n, true);
        for (let lane = 0; lane < 2; lane++) {
          const a = lanes[edges[from]!.firstLane + lane]!.shape;
          const b = lanes[edges[to]!.firstLane + lane]!.shape;
          const shape = [a[2]!, a[3]!, b[0]!, b[1]!];
          const drawn = Math.hypot(shape[2]! - shape[0]!, shape[3]! - shape[1]!);
          lanes.push({ id: `${edges[edge]!.id}_${lane}`, edge, length: Math.max(0.1, 1.2 * drawn), shape });
          const via = lanes.length - 1;
          const target = edges[to]!.firstLane + lane;
          links.push({ from: edges[from]!.firstLane + lane, to: target, via });
          links.push({ from: via, to: target, via: -1 });
        }
      }
  return tables(edges, lanes, links, size * size);
}

function tables(
  edges: readonly { id: string; from: number; to: number; internal: boolean; firstLane: number }[],
  lanes: readonly Row[],
  unsorted: readonly { from: number; to: number; via: number }[],
  junctions: number,
): Network {
  const links = [...unsorted].sort((a, b) => a.from - b.from);
  const zeros = new Int32Array(links.length);
  const firstLink = new Int32Array(lanes.length + 1);
  for (const { from } of links) firstLink[from + 1]!++;
  for (let lane = 0; lane < lanes.length; lane++) firstLink[lane + 1]! += firstLink[lane]!;
  const firstPoint = Int32Array.from({ length: lanes.length + 1 }, (_, lane) => 2 * lane);
  return {
    name: 'lane grid',
    edges: {
      count: edges.length,
      ids: edges.map(({ id }) => id),
      from: Int32Array.from(edges, ({ from }) => from),
      to: Int32Array.from(edges, ({ to }) => to),
      priority: new Int32Array(edges.length),
      internal: Uint8Array.from(edges, ({ internal }) => Number(internal)),
      firstLane: Int32Array.from([...edges.map(({ firstLane }) => firstLane), lanes.length]),
      roundabout: new Uint8Array(edges.length),
      names: edges.map(() => ''),
    },
    lanes: {
      count: lanes.length,
      ids: lanes.map(({ id }) => id),
      edge: Int32Array.from(lanes, ({ edge }) => edge),
      lengthMeters: Float64Array.from(lanes, ({ length }) => length),
      speedLimitMps: new Float64Array(lanes.length).fill(13.89),
      widthMeters: new Float64Array(lanes.length).fill(laneWidthMeters),
      permissions: new Uint32Array(lanes.length).fill(0xffffffff),
      firstPoint,
      shape: Float64Array.from(lanes.flatMap(({ shape }) => shape)),
      firstLink,
    },
    links: {
      count: links.length,
      fromLane: Int32Array.from(links, ({ from }) => from),
      toLane: Int32Array.from(links, ({ to }) => to),
      via: Int32Array.from(links, ({ via }) => via),
      direction: links.map(() => 's'),
      state: links.map(() => 'M'),
      junction: zeros,
      request: zeros,
      signal: new Int32Array(links.length).fill(-1),
      signalIndex: new Int32Array(links.length).fill(-1),
      continuation: new Uint8Array(links.length),
      visibilityMeters: new Float64Array(links.length).fill(4.5),
      keepClear: new Uint8Array(links.length).fill(1),
      firstFoe: new Int32Array(links.length + 1),
      foes: new Int32Array(0),
      yields: new Uint8Array(0),
    },
    junctions: {
      count: junctions,
      ids: Array.from({ length: junctions }, (_, n) => `j${n}`),
      types: Array.from({ length: junctions }, () => 'priority'),
      x: new Float64Array(junctions),
      y: new Float64Array(junctions),
      outlines: Array.from({ length: junctions }, () => new Float64Array(0)),
    },
    signals: [],
    projection: { offsetX: 0, offsetY: 0, proj4: undefined, bounds: [0, 0, 1, 1] },
    omissions: [],
  };
}

/** Cars that drive at constant speeds, turn at random and change lanes now and then. Columns as an engine has them. */
export class WanderingCars {
  readonly lane: Int32Array;
  readonly position: Float64Array;
  readonly speed: Float64Array;
  /** The lanes each car drove in the last step, with the metres on each: for an oracle. */
  readonly way: { lane: number; from: number; to: number }[][];
  readonly #network: Network;
  readonly #rng: Rng;

  constructor(network: Network, cars: number, rng: Rng) {
    this.#network = network;
    this.#rng = rng;
    const normal = Array.from({ length: network.lanes.count }, (_, lane) => lane).filter(
      (lane) => network.edges.internal[network.lanes.edge[lane]!] === 0,
    );
    this.lane = Int32Array.from({ length: cars }, () => normal[rng.integer(normal.length)]!);
    this.position = Float64Array.from({ length: cars }, (_, car) =>
      rng.between(0, network.lanes.lengthMeters[this.lane[car]!]!),
    );
    this.speed = Float64Array.from({ length: cars }, () => rng.between(1, 30));
    this.way = Array.from({ length: cars }, () => []);
  }

  /** Drives everybody for `seconds`. `changes`: the share of cars that change lanes after the step. */
  step(seconds: number, changes = 0): void {
    for (let car = 0; car < this.lane.length; car++) {
      this.#drive(car, this.speed[car]! * seconds);
      if (changes > 0 && this.#rng.uniform() < changes) this.#changeLane(car);
    }
  }

  #drive(car: number, meters: number): void {
    const { lengthMeters, firstLink } = this.#network.lanes;
    const way = this.way[car]!;
    way.length = 0;
    for (let left = meters; ; ) {
      const lane = this.lane[car]!;
      const from = this.position[car]!;
      const to = Math.min(lengthMeters[lane]!, from + left);
      way.push({ lane, from, to });
      left -= to - from;
      this.position[car] = to;
      if (to < lengthMeters[lane]!) return;
      const first = firstLink[lane]!;
      const link = first + this.#rng.integer(firstLink[lane + 1]! - first);
      const via = this.#network.links.via[link]!;
      this.lane[car] = via >= 0 ? via : this.#network.links.toLane[link]!;
      this.position[car] = 0;
    }
  }

  #changeLane(car: number): void {
    const { edges, lanes } = this.#network;
    const edge = lanes.edge[this.lane[car]!]!;
    if (edges.internal[edge] === 1) return;
    const first = edges.firstLane[edge]!;
    this.lane[car] = first + (this.lane[car] === first ? 1 : 0);
  }
}
