// Writes a Network as SUMO's net.xml, so that SUMO drives what roadbed generated or imported. Read back, it is the same
// network. Numbers are written in full: both sides must drive the same metres.
// Must not: write files.

import { defaultVisibilityMeters } from './builder.ts';
import { defaultLaneWidthMeters } from './net-xml-parts.ts';
import type { Network, SignalProgram } from './network.ts';
import { allPermissions, classesOf } from './permissions.ts';
import { earthMap } from './projection.ts';

/** The text of a net.xml. */
export function netXmlOf(network: Network): string {
  const rows = new Writer(network);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<net version="1.16" junctionCornerDetail="5" limitTurnSpeed="5.50">',
    rows.location(),
    ...rows.edges(true),
    ...rows.edges(false),
    ...network.signals.flatMap(signalLines),
    ...rows.junctions(),
    ...rows.waitingPoints(),
    ...rows.connections(),
    ...rows.roundabouts(),
    '</net>',
  ];
  return `${lines.join('\n')}\n`;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** `name a="1" b="2"`, without what is undefined. */
function tag(name: string, attributes: Attributes): string {
  const words = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === 'number' ? value : escaped(value)}"`],
  );
  return name + words.join('');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function pointsOf(points: ArrayLike<number>): string {
  const words: string[] = [];
  for (let i = 0; i < points.length; i += 2) words.push(`${points[i]},${points[i + 1]}`);
  return words.join(' ');
}

function signalLines(program: SignalProgram): string[] {
  const { id, kind, programId, offsetSeconds, phases, parameters } = program;
  return [
    `    <${tag('tlLogic', { id, type: kind, programID: programId, offset: offsetSeconds })}>`,
    ...Object.entries(parameters).map(([key, value]) => `        <${tag('param', { key, value })}/>`),
    ...phases.map(({ durationSeconds, state, minimumSeconds, maximumSeconds, next }) => {
      const limits = kind === 'static' ? {} : { minDur: minimumSeconds, maxDur: maximumSeconds };
      const after = next.length > 0 ? next.join(' ') : undefined;
      return `        <${tag('phase', { duration: durationSeconds, state, ...limits, next: after })}/>`;
    }),
    '    </tlLogic>',
  ];
}

class Writer {
  readonly #network: Network;
  /** Links of each junction that have a request, in the order of their requests: that order is written. */
  readonly #requests: number[][];
  readonly #incoming: number[][];

  constructor(network: Network) {
    this.#network = network;
    const { links, lanes, edges, junctions } = network;
    this.#requests = Array.from({ length: junctions.count }, () => []);
    this.#incoming = Array.from({ length: junctions.count }, () => []);
    for (let link = 0; link < links.count; link++) {
      if (links.request[link]! >= 0) this.#requests[links.junction[link]!]!.push(link);
    }
    for (const list of this.#requests) list.sort((a, b) => links.request[a]! - links.request[b]!);
    this.#requests.forEach((list, junction) => {
      this.#incoming[junction]!.push(...new Set(list.map((link) => links.fromLane[link]!)));
    });
    const listed = this.#incoming.map((list) => new Set(list));
    for (let lane = 0; lane < lanes.count; lane++) {
      const edge = lanes.edge[lane]!;
      const junction = edges.to[edge]!;
      if (edges.internal[edge] === 0 && !listed[junction]!.has(lane)) this.#incoming[junction]!.push(lane);
    }
  }

  location(): string {
    const { projection, name } = this.#network;
    const { offsetX, offsetY, proj4, bounds } = projection;
    const [left, bottom, right, top] = bounds;
    const map = proj4 === undefined ? undefined : earthMap(projection, name);
    const original = map === undefined ? bounds : [...map.toEarth(left, bottom), ...map.toEarth(right, top)];
    return `    <${tag('location', {
      netOffset: `${offsetX},${offsetY}`,
      convBoundary: bounds.join(','),
      origBoundary: original.join(','),
      projParameter: proj4 ?? '!',
    })}/>`;
  }

  edges(internal: boolean): string[] {
    const { edges, junctions } = this.#network;
    const lines: string[] = [];
    for (let edge = 0; edge < edges.count; edge++) {
      if ((edges.internal[edge] === 1) !== internal) continue;
      const id = edges.ids[edge];
      const attributes = internal
        ? { id, function: 'internal' }
        : {
            id,
            from: junctions.ids[edges.from[edge]!],
            to: junctions.ids[edges.to[edge]!],
            priority: edges.priority[edge],
            name: edges.names[edge] === '' ? undefined : edges.names[edge],
          };
      lines.push(`    <${tag('edge', attributes)}>`);
      for (let lane = edges.firstLane[edge]!; lane < edges.firstLane[edge + 1]!; lane++) {
        lines.push(this.#lane(lane, lane - edges.firstLane[edge]!));
      }
      lines.push('    </edge>');
    }
    return lines;
  }

  #lane(lane: number, index: number): string {
    const { lanes } = this.#network;
    const width = lanes.widthMeters[lane]!;
    return `        <${tag('lane', {
      id: lanes.ids[lane],
      index,
      ...permissionWords(lanes.permissions[lane]!),
      speed: lanes.speedLimitMps[lane],
      length: lanes.lengthMeters[lane],
      width: width === defaultLaneWidthMeters ? undefined : width,
      shape: pointsOf(lanes.shape.subarray(2 * lanes.firstPoint[lane]!, 2 * lanes.firstPoint[lane + 1]!)),
    })}/>`;
  }

  junctions(): string[] {
    const { junctions } = this.#network;
    return Array.from({ length: junctions.count }, (_, junction) => {
      const requests = this.#requests[junction]!;
      const head = tag('junction', {
        id: junctions.ids[junction],
        type: junctions.types[junction],
        x: junctions.x[junction],
        y: junctions.y[junction],
        incLanes: this.#laneIds(this.#incoming[junction]!),
        intLanes: this.#laneIds(requests.flatMap((link) => this.#lastInside(link))),
        shape: pointsOf(junctions.outlines[junction]!),
      });
      if (requests.length === 0) return [`    <${head}/>`];
      return [`    <${head}>`, ...this.#matrix(requests), '    </junction>'];
    }).flat();
  }

  #laneIds(lanes: readonly number[]): string {
    return lanes.map((lane) => this.#network.lanes.ids[lane]).join(' ');
  }

  /** The internal lane that a path leaves the junction from. */
  #lastInside(link: number): number[] {
    const { links, lanes, edges } = this.#network;
    const via = links.via[link]!;
    if (via < 0) return [];
    const next = links.toLane[lanes.firstLink[via]!]!;
    return [edges.internal[lanes.edge[next]!] === 1 ? next : via];
  }

  #matrix(requests: readonly number[]): string[] {
    const { links } = this.#network;
    const index = new Map(requests.map((link, i) => [link, i]));
    return requests.map((link, row) => {
      const foes = new Array<string>(requests.length).fill('0');
      const response = [...foes];
      for (let i = links.firstFoe[link]!; i < links.firstFoe[link + 1]!; i++) {
        const bit = requests.length - 1 - index.get(links.foes[i]!)!;
        foes[bit] = '1';
        if (links.yields[i] === 1) response[bit] = '1';
      }
      return `        <${tag('request', {
        index: row,
        response: response.join(''),
        foes: foes.join(''),
        cont: links.continuation[link],
      })}/>`;
    });
  }

  /** Internal junctions: one for each link between two internal lanes, called by the second. */
  waitingPoints(): string[] {
    const { links, lanes } = this.#network;
    return this.#betweenInner().map((link) => {
      const second = links.toLane[link]!;
      const point = 2 * lanes.firstPoint[second]!;
      const incoming = new Set([links.fromLane[link]!]);
      const crossed: number[] = [];
      for (let i = links.firstFoe[link]!; i < links.firstFoe[link + 1]!; i++) {
        const foe = links.foes[i]!;
        if (links.yields[i] === 1) incoming.add(links.fromLane[foe]!);
        crossed.push(links.via[foe]!);
      }
      return `    <${tag('junction', {
        id: lanes.ids[second],
        type: 'internal',
        x: lanes.shape[point],
        y: lanes.shape[point + 1],
        incLanes: this.#laneIds([...incoming]),
        intLanes: this.#laneIds(crossed),
      })}/>`;
    });
  }

  #betweenInner(): number[] {
    const { links } = this.#network;
    const all = Array.from({ length: links.count }, (_, link) => link);
    return all.filter((link) => this.#isInner(links.fromLane[link]!) && this.#isInner(links.toLane[link]!));
  }

  #isInner(lane: number): boolean {
    return this.#network.edges.internal[this.#network.lanes.edge[lane]!] === 1;
  }

  connections(): string[] {
    const { links } = this.#network;
    const all = Array.from({ length: links.count }, (_, link) => link);
    const normal = all.filter((link) => !this.#isInner(links.fromLane[link]!));
    const inner = all.filter((link) => this.#isInner(links.fromLane[link]!));
    return [...normal, ...inner].map((link) => this.#connection(link));
  }

  #connection(link: number): string {
    const { links, lanes, edges, signals } = this.#network;
    const [fromLane, next] = [links.fromLane[link]!, links.toLane[link]!];
    const waits = this.#isInner(next);
    // SUMO names the normal lane behind both halves of a continuation, and the second half as the way there.
    const toLane = waits ? links.toLane[lanes.firstLink[next]!]! : next;
    const via = waits ? next : links.via[link]!;
    const [from, to] = [lanes.edge[fromLane]!, lanes.edge[toLane]!];
    const signal = links.signal[link]!;
    const visibility = links.visibilityMeters[link]!;
    return `    <${tag('connection', {
      from: edges.ids[from],
      to: edges.ids[to],
      fromLane: fromLane - edges.firstLane[from]!,
      toLane: toLane - edges.firstLane[to]!,
      via: via < 0 ? undefined : lanes.ids[via],
      tl: signal < 0 ? undefined : signals[signal]!.id,
      linkIndex: signal < 0 ? undefined : links.signalIndex[link],
      dir: links.direction[link],
      state: links.state[link],
      visibility: visibility === defaultVisibilityMeters ? undefined : visibility,
      keepClear: links.keepClear[link] === 1 ? undefined : 0,
    })}/>`;
  }

  /** Edges of roundabouts that touch are one roundabout. */
  roundabouts(): string[] {
    const { edges, junctions } = this.#network;
    const left = new Set(Array.from(edges.ids.keys()).filter((edge) => edges.roundabout[edge] === 1));
    const lines: string[] = [];
    for (const start of left) {
      const ring = new Set([start]);
      for (const edge of ring) {
        for (const other of left) {
          if (edges.from[other] === edges.to[edge] || edges.to[other] === edges.from[edge]) ring.add(other);
        }
      }
      for (const edge of ring) left.delete(edge);
      const nodes = new Set([...ring].map((edge) => junctions.ids[edges.from[edge]!]!));
      const ids = [...ring].map((edge) => edges.ids[edge]!);
      lines.push(`    <${tag('roundabout', { nodes: [...nodes].join(' '), edges: ids.join(' ') })}/>`);
    }
    return lines;
  }
}

/** Classes that SUMO learnt after 1.15: older versions refuse a file that names them. */
const newClasses: readonly string[] = ['scooter', 'subway', 'container', 'cable_car', 'aircraft'];

function permissionWords(permissions: number): Attributes {
  if (permissions === allPermissions) return {};
  if (permissions === 0) return { disallow: 'all' };
  const allowed = classesOf(permissions);
  const forbidden = classesOf((allPermissions & ~permissions) >>> 0);
  const isShort = allowed.length <= forbidden.length || forbidden.some((name) => newClasses.includes(name));
  return isShort ? { allow: allowed.join(' ') } : { disallow: forbidden.join(' ') };
}
