// Reads the attributes of <vehicle>, <trip>, <flow> and <stop>: SUMO's words for lane, place and speed of departure, the
// rates of flows. Must not: look up what ids stand for, or draw.

import { type OmissionList, omit } from '../network/omissions.ts';
import type { XmlElement } from '../xml/element.ts';
import type { Departure } from './demand.ts';
import type { StopDraft, Timing, TripEnd, VehicleDraft, WayDraft } from './draft.ts';
import { placeOf } from './place.ts';
import { nameUnread } from './unread-attributes.ts';

const laneWords = ['first', 'best', 'free', 'random', 'allowed'] as const;
const positionWords = ['base', 'random', 'free', 'last', 'random_free'] as const;
const speedWords = ['max', 'desired', 'speedLimit', 'last', 'random', 'avg'] as const;

/** What an <interval> around flows gives those that state no times of their own. */
export interface Interval {
  readonly beginSeconds: number | undefined;
  readonly endSeconds: number | undefined;
}

/** Seconds of a time attribute: a number, or `h:m:s` and `d:h:m:s` as SUMO takes them. */
export function secondsOf(element: XmlElement, attribute: string): number | undefined {
  const text = element.optional(attribute);
  if (text === undefined) return undefined;
  if (!text.includes(':')) return element.number(attribute, 'seconds, or h:m:s');
  const parts = text.split(':').map(Number);
  if (parts.length < 3 || parts.length > 4 || !parts.every(Number.isFinite))
    throw element.invalid(attribute, 'seconds, or h:m:s');
  const [seconds, minutes, hours, days = 0] = parts.toReversed() as [number, number, number, number?];
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

/** The draft of an element; undefined where it departs by something that is not simulated (counted). */
export function readVehicle(
  element: XmlElement,
  interval: Interval,
  omissions: OmissionList,
): VehicleDraft | undefined {
  const id = element.text('id', 'an id');
  const way = readWay(element, id, omissions);
  if (way === null) return undefined;
  const timing =
    element.name === 'flow' ? readFlow(element, interval) : readDeparture(element, id, omissions);
  if (timing === undefined) return undefined;
  nameUnread(element, omissions, id);
  return {
    place: placeOf(element),
    id,
    type: element.optional('type') ?? 'DEFAULT_VEHTYPE',
    way,
    lane: readLane(element),
    position: word(element, 'departPos', positionWords, 'base', { omissions, id }),
    speed: word(element, 'departSpeed', speedWords, 0, { omissions, id }),
    departEdge: readEdgeIndex(element, 'departEdge', id, omissions),
    arrivalEdge: readEdgeIndex(element, 'arrivalEdge', id, omissions),
    arrivalMeters: readArrival(element),
    speedFactor: element.numberOr('speedFactor', undefined, 'a number above 0'),
    stops: [],
    timing,
  };
}

/** Undefined: a child element gives the way. Null: by points, which are left out. */
function readWay(element: XmlElement, id: string, omissions: OmissionList): WayDraft | undefined | null {
  const route = element.optional('route');
  if (route !== undefined) return { kind: 'named', id: route };
  const from = readEnd(element, 'from');
  const to = readEnd(element, 'to');
  if (from !== undefined && to !== undefined) {
    const via =
      element
        .optional('via')
        ?.split(/[\s,]+/)
        .filter((edge) => edge !== '') ?? [];
    return { kind: 'trip', from, to, via };
  }
  for (const attribute of ['fromXY', 'toXY', 'fromLonLat', 'toLonLat']) {
    if (element.optional(attribute) === undefined) continue;
    omit(
      omissions,
      `${element.name} from or to a point (only edges, districts and junctions are routed)`,
      id,
    );
    return null;
  }
  if (element.name === 'trip' || from !== undefined || to !== undefined)
    throw element.fault('has no from and to', 'the ids of two edges, districts or junctions');
  return undefined;
}

/** An end of a trip; an edge goes before a district, as in SUMO. */
function readEnd(element: XmlElement, end: 'from' | 'to'): TripEnd | undefined {
  for (const [suffix, kind] of [
    ['', 'edge'],
    ['Taz', 'district'],
    ['Junction', 'junction'],
  ] as const) {
    const id = element.optional(end + suffix);
    if (id !== undefined) return { kind, id };
  }
  return undefined;
}

function readDeparture(element: XmlElement, id: string, omissions: OmissionList): Timing | undefined {
  const text = element.text('depart', 'seconds');
  if (['triggered', 'containerTriggered', 'split', 'begin'].includes(text)) {
    omit(omissions, `vehicle that departs when "${text}" (only departures by the clock are simulated)`, id);
    return undefined;
  }
  return { kind: 'once', atSeconds: secondsOf(element, 'depart')! };
}

function readFlow(element: XmlElement, interval: Interval): Timing {
  const endSeconds = secondsOf(element, 'end') ?? interval.endSeconds;
  const number = element.optional('number') === undefined ? undefined : element.integer('number');
  if (number !== undefined && number < 0) throw element.invalid('number', 'an integer of at least 0');
  const beginSeconds = secondsOf(element, 'begin') ?? interval.beginSeconds ?? 0;
  if (endSeconds !== undefined && endSeconds < beginSeconds)
    throw element.invalid('end', `seconds, at least its begin ${beginSeconds}`);
  const rate = readRate(element);
  if (rate !== undefined) return { kind: 'flow', beginSeconds, endSeconds, number, rate };
  if (number === undefined)
    throw element.fault('says nothing of how many depart', 'period, vehsPerHour, probability or number');
  return { kind: 'flow', beginSeconds, endSeconds, number, rate: { kind: 'even' } };
}

type Rate = Exclude<Extract<Timing, { kind: 'flow' }>['rate'], { kind: 'even' }>;

function readRate(element: XmlElement): Rate | undefined {
  for (const attribute of ['vehsPerHour', 'perHour']) {
    if (element.optional(attribute) === undefined) continue;
    const perHour = element.number(attribute, 'a number of at least 0');
    if (perHour < 0) throw element.invalid(attribute, 'a number of at least 0');
    return { kind: 'period', seconds: 3600 / perHour };
  }
  const period = element.optional('period');
  if (period !== undefined) return readPeriod(element, period);
  if (element.optional('probability') === undefined) return undefined;
  const perSecond = element.number('probability', 'a number from 0 to 1');
  if (perSecond < 0 || perSecond > 1) throw element.invalid('probability', 'a number from 0 to 1');
  return { kind: 'probability', perSecond };
}

/** Seconds between two, or SUMO's `exp(rate)` for a Poisson process. */
function readPeriod(element: XmlElement, period: string): Rate {
  const call = /^\s*exp\(([^)]+)\)\s*$/.exec(period);
  const value = call === null ? secondsOf(element, 'period')! : Number(call[1]);
  if (!(value > 0)) throw element.invalid('period', 'seconds above 0, or exp(rate)');
  return call === null ? { kind: 'period', seconds: value } : { kind: 'poisson', perSecond: value };
}

function readLane(element: XmlElement): Departure['lane'] {
  const text = element.optional('departLane');
  if (text === undefined) return 'first';
  // Newer SUMO asks again for the best lane at each attempt to enter; here every attempt does.
  const known = laneWords.find((lane) => lane === (text === 'best_prob' ? 'best' : text));
  if (known !== undefined) return known;
  const lane = Number(text);
  if (Number.isInteger(lane) && lane >= 0) return lane;
  throw element.invalid('departLane', `an index from 0, or one of ${laneWords.join(', ')}`);
}

interface WordContext {
  readonly omissions: OmissionList;
  readonly id: string;
}

/** A number or one of `words`; SUMO's other words are replaced by the default and counted. */
function word<T extends string>(
  element: XmlElement,
  attribute: string,
  words: readonly T[],
  fallback: T | number,
  { omissions, id }: WordContext,
): T | number {
  const text = element.optional(attribute);
  if (text === undefined) return fallback;
  const known = words.find((candidate) => candidate === text);
  if (known !== undefined) return known;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  if (!['stop', 'splitFront', 'speedLimitOnly'].includes(text))
    throw element.invalid(attribute, `a number, or one of ${words.join(', ')}`);
  omit(omissions, `${attribute}="${text}" (${fallback} instead)`, id);
  return fallback;
}

function readArrival(element: XmlElement): VehicleDraft['arrivalMeters'] {
  const text = element.optional('arrivalPos');
  if (text === undefined || text === 'max') return undefined;
  if (text === 'random' || text === 'center') return text;
  return element.number('arrivalPos', 'metres, max, random or center');
}

/** Which edge of the way; SUMO's `random` is counted. */
function readEdgeIndex(
  element: XmlElement,
  attribute: 'departEdge' | 'arrivalEdge',
  id: string,
  omissions: OmissionList,
): number | undefined {
  const text = element.optional(attribute);
  if (text === undefined) return undefined;
  if (text === 'random') {
    omit(
      omissions,
      `${attribute}="random" (the ${attribute === 'departEdge' ? 'first' : 'last'} instead)`,
      id,
    );
    return undefined;
  }
  const index = element.integer(attribute, 'the place of an edge in the route, from 0');
  if (index < 0) throw element.invalid(attribute, 'the place of an edge in the route, from 0');
  return index;
}

/** A <stop>; undefined where it waits for something that is not simulated (counted). */
export function readStop(element: XmlElement, omissions: OmissionList): StopDraft | undefined {
  const on = readStopPlace(element);
  if (element.flagOr('triggered', false) || element.optional('containerTriggered') === 'true') {
    omit(omissions, 'stop that waits for persons or containers (not simulated)', on.id);
    return undefined;
  }
  if (element.numberOr('speed', 0) > 0) {
    omit(omissions, 'stop that is passed at a speed (a waypoint: passed as if it were not there)', on.id);
    return undefined;
  }
  nameUnread(element, omissions, on.id);
  if (element.optional('parking') === 'true')
    omit(omissions, 'stop beside the road (the vehicle stands on its lane)', on.id);
  const untilSeconds = secondsOf(element, 'until');
  const durationSeconds = secondsOf(element, 'duration');
  if (durationSeconds === undefined && untilSeconds === undefined)
    throw element.fault('says not how long', 'duration or until, in seconds');
  const parking = element.optional('parking');
  return {
    place: placeOf(element),
    on,
    startMeters: element.numberOr('startPos', undefined),
    endMeters: element.numberOr('endPos', undefined),
    durationSeconds: Math.max(0, durationSeconds ?? 0),
    untilSeconds,
    parking: parking === 'opportunistic' ? false : element.flagOr('parking', false),
    friendly: element.flagOr('friendlyPos', false),
  };
}

function readStopPlace(element: XmlElement): StopDraft['on'] {
  const lane = element.optional('lane');
  if (lane !== undefined) return { kind: 'lane', id: lane };
  for (const attribute of ['busStop', 'trainStop', 'containerStop', 'chargingStation', 'parkingArea']) {
    const id = element.optional(attribute);
    if (id !== undefined) return { kind: 'place', id };
  }
  const edge = element.optional('edge');
  if (edge !== undefined) return { kind: 'edge', id: edge };
  throw element.fault('names no place', 'lane, edge, busStop or parkingArea');
}
