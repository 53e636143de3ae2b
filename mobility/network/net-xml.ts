// Reads SUMO's net.xml (versions 1.x; met: 1.6, 1.9, 1.16, 1.20) into a Network, as SUMO's own loader takes it. Edges come
// first in such a file, then signals, junctions and connections: what names a thing further down is resolved when all is
// read, and complaints name the line they came from.
// Left out, counted and named: what no vehicle drives on (pavements, crossings) and what no model here reads.
// Must not: read files, or change what a network says.

import { RoadbedError } from '../../base/errors.ts';
import { faultAt, type XmlElement, type XmlPlace } from '../xml/element.ts';
import { readXml } from '../xml/reader.ts';
import { defaultVisibilityMeters, type LinkRow, NetworkBuilder } from './builder.ts';
import { JunctionReader } from './net-xml-junctions.ts';
import { boundaryOf, laneOf, locationOf } from './net-xml-parts.ts';
import type { Network, Projection, SignalPhase, SignalProgram } from './network.ts';
import { type OmissionList, omit } from './omissions.ts';
import { SignalReader } from './signal-xml.ts';
import { checkSignals } from './signals.ts';

/** What becomes of an edge by its `function`; `undefined`: left out with its lanes. */
const functions: Readonly<Record<string, 'normal' | 'internal' | undefined>> = {
  normal: 'normal',
  connector: 'normal',
  internal: 'internal',
};
const leftOut: Readonly<Record<string, string>> = {
  crossing: 'pedestrian crossing (pedestrians are not simulated)',
  walkingarea: 'walking area (pedestrians are not simulated)',
};
/** Elements that say nothing about driving: kinds of edges, and what netconvert wants to read again. */
const silent = new Set(['net', 'type', 'restriction', 'prohibition', 'viewsettings']);
/** Elements that change how vehicles drive in SUMO and are not read. */
const unread: Readonly<Record<string, string>> = {
  neigh: 'overtaking over the opposite lane (neigh)',
  stopOffset: 'stop offset before a junction (stopOffset)',
  param: 'param of an edge, lane, junction or connection (no model reads it)',
};

/**
 * The network of a net.xml. `file` names it in errors.
 * Throws RoadbedError('data') with file, line and element: for what is not XML, a missing or unreadable attribute, a name
 * of something that is not there, a request matrix that does not fit its junction, an unknown projection.
 */
export function networkFromNetXml(document: string | Uint8Array, file: string): Network {
  const reader = new NetReader(file);
  readXml(document, { file, roots: ['net'] }, reader);
  return reader.finish();
}

interface OpenEdge {
  readonly row: number;
  readonly from: string;
  readonly to: string;
  readonly line: number;
}

class NetReader {
  readonly #file: string;
  readonly #omissions: OmissionList = [];
  readonly #builder = new NetworkBuilder();
  readonly #signals: SignalReader;
  readonly #programs = new Map<string, SignalProgram>();
  readonly #signalRows = new Map<string, number>();
  readonly #signalPlaces: XmlPlace[] = [];
  readonly #junctions: JunctionReader;
  readonly #edges = new Map<string, number>();
  readonly #openEdges: OpenEdge[] = [];
  readonly #lanes = new Map<string, number>();
  /** Edges and lanes left out, and how many requests each lane left out makes. */
  readonly #skippedEdges = new Map<string, boolean>();
  readonly #skippedLanes = new Map<string, number>();
  #projection: Projection | undefined;
  #isInSkippedEdge = false;

  constructor(file: string) {
    this.#file = file;
    this.#signals = new SignalReader((program) => this.#takeProgram(program), this.#omissions);
    this.#junctions = new JunctionReader(file, this.#builder, this.#omissions);
  }

  open(element: XmlElement): void {
    switch (element.name) {
      case 'lane':
        return this.#lane(element);
      case 'edge':
        return this.#edge(element);
      case 'connection':
        return this.#connection(element);
      case 'request':
        return this.#junctions.request(element);
      case 'junction':
        return this.#junctions.open(element);
      case 'location':
        this.#projection = locationOf(element);
        return;
      case 'roundabout':
        return this.#roundabout(element);
      case 'tlLogic':
        this.#signalPlaces.push({ file: this.#file, line: element.line });
        break;
    }
    if (this.#signals.open(element) || silent.has(element.name)) return;
    const what = unread[element.name] ?? `element <${element.name}> (not known)`;
    omit(this.#omissions, what, element.optional('id') ?? element.optional('key') ?? element.parent);
  }

  close(name: string): void {
    this.#signals.close(name);
    if (name === 'edge') this.#closeEdge();
  }

  finish(): Network {
    const junctionRows = this.#junctions.rows;
    for (const edge of this.#openEdges) {
      this.#builder.connectEdge(
        edge.row,
        this.#junctionRow(junctionRows, edge, edge.from),
        this.#junctionRow(junctionRows, edge, edge.to),
      );
    }
    if (this.#openEdges.length === 0)
      throw new RoadbedError('data', `${this.#file}: a network without edges (expected at least one <edge>)`);
    this.#junctions.finish(this.#lanes, this.#skippedLanes);
    const network = this.#builder.finish({
      name: this.#file,
      signals: [...this.#programs.values()],
      projection: this.#projection ?? boundaryOf(this.#junctions.points),
      omissions: this.#omissions,
    });
    checkSignals(network, (signal) => this.#signalPlaces[signal]!);
    this.#checkPaths(network);
    nameLooseLanes(network, this.#omissions);
    return network;
  }

  /** Every internal lane that a path runs over must lead on to one lane. */
  #checkPaths({ links, lanes, edges }: Network): void {
    for (let link = 0; link < links.count; link++) {
      const next = links.via[link]! >= 0 ? links.via[link]! : links.toLane[link]!;
      const edge = lanes.edge[next]!;
      const onward = lanes.firstLink[next + 1]! - lanes.firstLink[next]!;
      if (edges.internal[edge] === 0 || onward === 1) continue;
      const what = `<lane id="${lanes.ids[next]}"> of a path across a junction has ${onward} connections`;
      throw faultAt({ file: this.#file, line: this.#openEdges[edge]!.line }, what, 'one: the way on');
    }
  }

  #takeProgram(program: SignalProgram): void {
    if (this.#programs.has(program.id)) {
      omit(this.#omissions, 'signal program replaced by a later one of the same signal', program.id);
      this.#signalPlaces.splice(this.#signalRows.get(program.id)!, 1);
    } else this.#signalRows.set(program.id, this.#signalRows.size);
    this.#programs.set(program.id, program);
  }

  #edge(element: XmlElement): void {
    const id = element.text('id', 'the name of the edge');
    const role = element.optional('function') ?? 'normal';
    const kind = Object.hasOwn(functions, role) ? functions[role] : undefined;
    this.#isInSkippedEdge = kind === undefined;
    if (kind === undefined) {
      const what = leftOut[role];
      if (what === undefined) {
        throw element.invalid('function', [...Object.keys(functions), ...Object.keys(leftOut)].join(', '));
      }
      omit(this.#omissions, what, id);
      this.#skippedEdges.set(id, role === 'crossing');
      return;
    }
    if (this.#edges.has(id)) throw element.fault('stands here again', 'ids of edges to be unique');
    const internal = kind === 'internal';
    const priority = element.integerOr('priority', -1);
    const row = this.#builder.addEdge({ id, priority, internal, name: element.optional('name') });
    this.#edges.set(id, row);
    // An internal edge is called ":junction_number".
    const junction = internal ? id.slice(1, id.lastIndexOf('_')) : undefined;
    const from = junction ?? element.text('from', 'the junction it begins at');
    const to = junction ?? element.text('to', 'the junction it ends at');
    this.#openEdges.push({ row, from, to, line: element.line });
  }

  #closeEdge(): void {
    if (this.#isInSkippedEdge) return;
    const edge = this.#openEdges.at(-1)!;
    if (this.#builder.lanesOf(edge.row).count > 0) return;
    throw faultAt(
      { file: this.#file, line: edge.line },
      `<edge id="${this.#builder.edgeId(edge.row)}"> has no lanes`,
      'at least one <lane>',
    );
  }

  #lane(element: XmlElement): void {
    const id = element.text('id', 'the name of the lane');
    if (element.parent !== 'edge') throw element.fault(`stands in <${element.parent}>`, 'to stand in <edge>');
    if (this.#isInSkippedEdge) {
      this.#skippedLanes.set(id, 0);
      return;
    }
    if (this.#lanes.has(id)) throw element.fault('stands here again', 'ids of lanes to be unique');
    const edge = this.#builder.edgeCount - 1;
    const expected = this.#builder.lanesOf(edge).count;
    // Trap: netconvert gives both second lanes of two continuations of one edge the index 0. Their order is right.
    const isInternal = id.startsWith(':');
    if (!isInternal && element.integer('index', 'the place of the lane, 0 at the right') !== expected) {
      throw element.invalid('index', `${expected}: lanes in order from the right`);
    }
    this.#lanes.set(id, this.#builder.addLane(laneOf(element, id, this.#omissions)));
  }

  #connection(element: XmlElement): void {
    const from = element.text('from', 'the name of an edge');
    const to = element.text('to', 'the name of an edge');
    if (this.#skippedEdges.has(from) || this.#skippedEdges.has(to))
      return this.#skipConnection(element, from, to);
    const via = element.optional('via');
    const viaRow = via === undefined ? -1 : this.#laneRow(element, 'via', via);
    const fromLane = this.#connected(element, 'from', from, 'fromLane');
    const toLane = this.#connected(element, 'to', to, 'toLane');
    const isInside = from.startsWith(':');
    const tl = element.optional('tl');
    const row: LinkRow = {
      fromLane,
      // A link between two internal lanes leads to the second; what lies behind it is that lane's link.
      toLane: isInside && viaRow >= 0 ? viaRow : toLane,
      via: isInside ? -1 : viaRow,
      direction: element.text('dir', 'a letter of direction'),
      state: element.text('state', 'a letter of right of way'),
      signal: tl === undefined ? -1 : this.#signalRow(element, tl),
      signalIndex: tl === undefined ? -1 : element.integer('linkIndex', signalPlace),
      visibilityMeters: element.numberOr('visibility', defaultVisibilityMeters, 'metres'),
      keepClear: element.flagOr('keepClear', true),
    };
    this.#builder.addLink(row);
  }

  /** A pavement's link to a crossing is a request of its junction; its links to other pavements are none. */
  #skipConnection(element: XmlElement, from: string, to: string): void {
    if (this.#skippedEdges.get(to) !== true || !this.#skippedEdges.has(from)) return;
    const lane = `${from}_${element.integer('fromLane')}`;
    this.#skippedLanes.set(lane, (this.#skippedLanes.get(lane) ?? 0) + 1);
  }

  /** The row of the lane that `edge` and the index in `attribute` name. */
  #connected(element: XmlElement, end: 'from' | 'to', edge: string, attribute: string): number {
    const row = this.#edges.get(edge);
    if (row === undefined) throw element.invalid(end, 'the id of an edge of this network');
    const { first, count } = this.#builder.lanesOf(row);
    const index = element.integer(attribute, 'the place of a lane');
    if (index < 0 || index >= count) {
      throw element.invalid(attribute, `a lane of edge ${edge}: 0..${count - 1}`);
    }
    return first + index;
  }

  #laneRow(element: XmlElement, attribute: string, id: string): number {
    const row = this.#lanes.get(id);
    if (row === undefined) throw element.invalid(attribute, 'the id of a lane of this network');
    return row;
  }

  /** A signal without program is off, as SUMO has it, until an additional file brings one. */
  #signalRow(element: XmlElement, id: string): number {
    if (!this.#signalRows.has(id)) {
      this.#signalRows.set(id, this.#signalRows.size);
      this.#signalPlaces.push({ file: this.#file, line: element.line });
      this.#programs.set(id, { id, ...programOff });
      omit(this.#omissions, 'signal without a program (it is off)', id);
    }
    const program = this.#programs.get(id)!;
    if (program.programId === programOff.programId) {
      const at = element.integer('linkIndex', signalPlace);
      const letter = /[a-z]/.test(element.text('state', 'a letter of right of way')) ? 'o' : 'O';
      this.#programs.set(id, { ...program, phases: [offPhase(program.phases[0]?.state ?? '', at, letter)] });
    }
    return this.#signalRows.get(id)!;
  }

  #junctionRow(rows: ReadonlyMap<string, number>, edge: OpenEdge, junction: string): number {
    const row = rows.get(junction);
    if (row !== undefined) return row;
    const what = `<edge id="${this.#builder.edgeId(edge.row)}"> names junction "${junction}", which is not there`;
    throw faultAt({ file: this.#file, line: edge.line }, what, 'the id of a <junction> of this network');
  }

  #roundabout(element: XmlElement): void {
    for (const id of element.text('edges', 'ids of edges').split(' ')) {
      const row = this.#edges.get(id);
      if (row !== undefined) this.#builder.markRoundabout(row);
      else if (id !== '') throw element.invalid('edges', `ids of edges of this network, which ${id} is not`);
    }
  }
}

const signalPlace = 'the place of its letter in the signal';
const programOff = {
  programId: 'off',
  kind: 'static',
  offsetSeconds: 0,
  phases: [],
  parameters: {},
} as const satisfies Omit<SignalProgram, 'id'>;

/** The only phase of a signal that is off: `O` for a link with priority, `o` for one that gives way. */
function offPhase(state: string, at: number, letter: 'o' | 'O'): SignalPhase {
  const letters = [...state.padEnd(at + 1, 'O')];
  letters[at] = letter;
  const seconds = 1e6;
  const phase = { durationSeconds: seconds, minimumSeconds: seconds, maximumSeconds: seconds, next: [] };
  return { ...phase, state: letters.join('') };
}

/** Counts lanes that lead nowhere beside lanes that go on: legal, but nobody can drive on from them. */
function nameLooseLanes(network: Network, omissions: OmissionList): void {
  const { lanes, edges } = network;
  for (let edge = 0; edge < edges.count; edge++) {
    const [first, end] = [edges.firstLane[edge]!, edges.firstLane[edge + 1]!];
    if (edges.internal[edge] === 1) continue;
    if (lanes.firstLink[first] === lanes.firstLink[end]) {
      nameClosedEdge(network, edge, omissions);
      continue;
    }
    for (let lane = first; lane < end; lane++) {
      if (lanes.firstLink[lane] !== lanes.firstLink[lane + 1]) continue;
      omit(omissions, 'lane without a connection (vehicles must leave it before its end)', lanes.ids[lane]!);
    }
  }
}

/** Counts an edge that nothing leads out of although another street begins behind it: at the border all edges end so. */
function nameClosedEdge({ edges, junctions }: Network, edge: number, omissions: OmissionList): void {
  const junction = edges.to[edge]!;
  if (junctions.types[junction] === 'dead_end') return;
  const onward = edges.from.findIndex(
    (from, other) => from === junction && edges.internal[other] === 0 && edges.to[other] !== edges.from[edge],
  );
  if (onward >= 0) omit(omissions, 'edge without a connection (routes can only end on it)', edges.ids[edge]!);
}
