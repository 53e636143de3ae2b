// The junctions of a net.xml with their request matrices, and its internal junctions: where a continuation waits.
// Trap: a request is counted over the incoming lanes in the order of `incLanes` and over each lane's connections in the order of
// the file; where a connection runs over an internal lane `:J_16_1`, that gives 16 + 1 as well.
// Must not: know how foes are stored.

import { faultAt, type XmlElement } from '../xml/element.ts';
import type { NetworkBuilder } from './builder.ts';
import type { RequestRow } from './foes.ts';
import { shapeOf } from './net-xml-parts.ts';
import { type OmissionList, omit } from './omissions.ts';

/** SUMO's type of the places inside a junction where continuations wait. */
const internalType = 'internal';

interface OpenJunction {
  readonly id: string;
  readonly line: number;
  readonly isInternal: boolean;
  readonly incoming: string;
  readonly crossed: string;
  readonly requests: RequestRow[];
}

export class JunctionReader {
  /** Rows of the junctions by id. */
  readonly rows = new Map<string, number>();
  /** Their positions as x, y, x, y. */
  readonly points: number[] = [];
  readonly #file: string;
  readonly #builder: NetworkBuilder;
  readonly #omissions: OmissionList;
  readonly #open: OpenJunction[] = [];

  constructor(file: string, builder: NetworkBuilder, omissions: OmissionList) {
    this.#file = file;
    this.#builder = builder;
    this.#omissions = omissions;
  }

  /** A junction begins. */
  open(element: XmlElement): void {
    const id = element.text('id', 'the name of the junction');
    const type = element.optional('type') ?? 'priority';
    const isInternal = type === internalType;
    this.#open.push({
      id,
      line: element.line,
      isInternal,
      incoming: element.optional('incLanes') ?? '',
      crossed: isInternal ? (element.optional('intLanes') ?? '') : '',
      requests: [],
    });
    if (isInternal) return;
    if (this.rows.has(id)) throw element.fault('stands here again', 'ids of junctions to be unique');
    const x = element.number('x', 'metres');
    const y = element.number('y', 'metres');
    this.points.push(x, y);
    const outline = Float64Array.from(shapeOf(element, this.#omissions));
    this.rows.set(id, this.#builder.addJunction({ id, type, x, y, outline }));
  }

  /** A row of the matrix of the junction begun last. */
  request(element: XmlElement): void {
    const junction = this.#open.at(-1);
    if (junction === undefined) throw element.fault('stands outside a junction', 'to stand in <junction>');
    junction.requests.push({
      index: element.integer('index', 'the place of the request'),
      response: bitsOf(element, 'response'),
      foes: bitsOf(element, 'foes'),
      continuation: element.flagOr('cont', false),
    });
  }

  /**
   * Hands the matrices to the builder. `lanes`: rows by id; `skipped`: how many requests each lane left out makes.
   * Throws RoadbedError('data') for lanes that are not there and matrices that do not fit.
   */
  finish(lanes: ReadonlyMap<string, number>, skipped: ReadonlyMap<string, number>): void {
    for (const junction of this.#open) {
      const incoming = this.#rowsOf(junction, junction.incoming, 'incLanes', lanes, skipped);
      if (junction.isInternal) this.#addWaitingPoint(junction, incoming, lanes, skipped);
      else if (junction.requests.length > 0) this.#addMatrix(junction, incoming);
    }
  }

  #addMatrix(junction: OpenJunction, incoming: readonly number[]): void {
    const { requests } = junction;
    const count = this.#builder.requestCount(incoming);
    if (count > requests.length) {
      const what = `<junction id="${junction.id}"> has ${requests.length} requests`;
      throw this.#fault(junction, what, `${count}: one for each connection of its incoming lanes`);
    }
    this.#builder.addMatrix({ incoming, requests });
  }

  #addWaitingPoint(
    junction: OpenJunction,
    [lane, ...incoming]: readonly number[],
    lanes: ReadonlyMap<string, number>,
    skipped: ReadonlyMap<string, number>,
  ): void {
    if (lane === undefined || lane < 0) {
      omit(this.#omissions, 'internal junction without an incoming lane', junction.id);
      return;
    }
    const crossed = this.#rowsOf(junction, junction.crossed, 'intLanes', lanes, skipped);
    this.#builder.addWaitingPoint({ lane, incoming, crossed });
  }

  /** Rows of the lanes of a list of ids; -1 - n for a lane left out that makes n requests. */
  #rowsOf(
    junction: OpenJunction,
    ids: string,
    attribute: string,
    lanes: ReadonlyMap<string, number>,
    skipped: ReadonlyMap<string, number>,
  ): number[] {
    const rows: number[] = [];
    for (const id of ids.split(' ')) {
      if (id === '') continue;
      const requests = skipped.get(id);
      const row = lanes.get(id) ?? (requests === undefined ? undefined : -1 - requests);
      if (row === undefined) {
        const what = `<junction id="${junction.id}"> names lane "${id}" in ${attribute}, which is not there`;
        throw this.#fault(junction, what, 'ids of lanes of this network');
      }
      rows.push(row);
    }
    return rows;
  }

  #fault(junction: OpenJunction, what: string, expected: string): Error {
    return faultAt({ file: this.#file, line: junction.line }, what, expected);
  }
}

function bitsOf(element: XmlElement, attribute: string): string {
  const text = element.text(attribute, 'a text of 0 and 1');
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 48 && code !== 49) throw element.invalid(attribute, 'a text of 0 and 1');
  }
  return text;
}
