// What the tags of an OpenStreetMap way say about driving: kind of street, direction, lanes, speed, who may drive, turn lanes
// (OSM wiki, "Key:highway" and the pages of each key). Where a way says nothing, its kind decides.
// Must not: know of geometry.

import type { PermissionBits } from '../network.ts';
import { allPermissions, type PermissionClass, permissionsOf } from '../permissions.ts';
import type { Turn } from '../plan/street-plan.ts';
import type { Tags } from './osm-xml.ts';

/** What a kind of street has unless its way says otherwise. */
interface StreetKind {
  readonly priority: number;
  /** In each direction. */
  readonly lanes: number;
  readonly speedLimitKmh: number;
  readonly oneway: boolean;
  readonly permissions: PermissionBits;
}

/** SUMO's type map forbids these on streets. */
const rails = permissionsOf('tram', 'rail_urban', 'rail', 'rail_electric', 'rail_fast', 'ship');
const streets: PermissionBits = (allPermissions & ~rails) >>> 0;
const slow = (...classes: PermissionClass[]): PermissionBits => (streets & ~permissionsOf(...classes)) >>> 0;
const fast = slow('pedestrian', 'bicycle');
const motorway = slow('pedestrian', 'bicycle', 'moped');

function kind(
  priority: number,
  lanes: number,
  speedLimitKmh: number,
  permissions: PermissionBits,
  oneway = false,
): StreetKind {
  return { priority, lanes, speedLimitKmh, oneway, permissions };
}

/** Priorities and lanes as SUMO's type map; speeds as in a European town. */
const kinds: Readonly<Record<string, StreetKind>> = {
  motorway: kind(14, 2, 130, motorway, true),
  trunk: kind(13, 2, 100, fast),
  primary: kind(12, 2, 50, streets),
  secondary: kind(11, 1, 50, streets),
  tertiary: kind(10, 1, 50, streets),
  motorway_link: kind(9, 1, 80, motorway, true),
  trunk_link: kind(8, 1, 80, fast),
  primary_link: kind(7, 1, 50, streets),
  secondary_link: kind(6, 1, 50, streets),
  tertiary_link: kind(5, 1, 50, streets),
  unclassified: kind(4, 1, 50, streets),
  road: kind(4, 1, 50, streets),
  residential: kind(3, 1, 50, streets),
  living_street: kind(2, 1, 10, streets),
  service: kind(1, 1, 20, permissionsOf('delivery', 'pedestrian', 'bicycle')),
};

/** Limits that OSM names by words, km/h: `DE:urban`, `GB:nsl_single`, `walk`, `none`. */
const speedWords: Readonly<Record<string, number>> = {
  walk: 5,
  living_street: 10,
  urban: 50,
  zone30: 30,
  rural: 100,
  trunk: 100,
  motorway: 130,
  none: 142,
  nsl_single: 60 * 1.609344,
  nsl_dual: 70 * 1.609344,
};

/** Kilometres of one mile, and of one nautical mile. */
const unitsKm: Readonly<Record<string, number>> = { mph: 1.609344, knots: 1.852 };

export interface Direction {
  readonly lanes: number;
  readonly speedLimitMps: number;
  /** From the right; undefined: unmarked. */
  readonly turnLanes: readonly (readonly Turn[])[] | undefined;
}

export interface Street {
  readonly priority: number;
  readonly permissions: PermissionBits;
  readonly roundabout: boolean;
  /** Along the way's nodes; undefined: not driven. */
  readonly forward: Direction | undefined;
  readonly backward: Direction | undefined;
}

/** What a way is for driving, or why it is none: a sentence for an omission. `unread` takes values nobody can read. */
export function streetOf(tags: Tags, unread: (what: string) => void): Street | string {
  const highway = tags.highway ?? '';
  const found = Object.hasOwn(kinds, highway) ? kinds[highway] : undefined;
  if (found === undefined) return `way of highway=${highway} (no street for vehicles)`;
  const access = tags.motor_vehicle ?? tags.vehicle ?? tags.access;
  if (access === 'no' || tags.area === 'yes') {
    return `street closed to vehicles (${tags.area === 'yes' ? 'area=yes' : 'access'})`;
  }
  const roundabout = tags.junction === 'roundabout' || tags.junction === 'circular';
  const way = wayOf(tags, found.oneway || roundabout, unread);
  const speedKmh = (direction: string): number => speedOf(tags, direction, found, unread);
  const direction = (name: 'forward' | 'backward'): Direction => ({
    lanes: lanesOf(tags, name, found, way !== 'both', unread),
    speedLimitMps: speedKmh(name) / 3.6,
    turnLanes: turnLanesOf(tags[`turn:lanes:${name}`] ?? (way === 'both' ? undefined : tags['turn:lanes'])),
  });
  return {
    priority: found.priority,
    permissions: found.permissions,
    roundabout,
    forward: way === 'backward' ? undefined : direction('forward'),
    backward: way === 'forward' ? undefined : direction('backward'),
  };
}

/** Which directions are driven. */
function wayOf(
  { oneway }: Tags,
  byDefault: boolean,
  unread: (what: string) => void,
): 'forward' | 'backward' | 'both' {
  if (oneway === '-1' || oneway === 'reverse') return 'backward';
  if (oneway === 'yes' || oneway === 'true' || oneway === '1') return 'forward';
  if (oneway === 'no' || oneway === 'false' || oneway === '0') return 'both';
  if (oneway !== undefined) unread(`oneway that cannot be read (${shown(oneway)})`);
  return byDefault ? 'forward' : 'both';
}

function lanesOf(
  tags: Tags,
  direction: 'forward' | 'backward',
  found: StreetKind,
  isOneway: boolean,
  unread: (what: string) => void,
): number {
  const own = countOf(tags[`lanes:${direction}`], unread);
  if (own !== undefined) return own;
  const total = countOf(tags.lanes, unread);
  if (total === undefined) return found.lanes;
  if (isOneway) return total;
  const other = countOf(tags[direction === 'forward' ? 'lanes:backward' : 'lanes:forward'], unread);
  if (other !== undefined) return Math.max(1, total - other);
  // A street of three lanes has its odd one forward.
  return Math.max(1, direction === 'forward' ? Math.ceil(total / 2) : Math.floor(total / 2));
}

const shown = (text: string): string => (text.length > 20 ? 'a long text' : text);

/** No street has more lanes in one direction; a greater number is a slip of a mapper. */
const lanesMost = 12;

function countOf(text: string | undefined, unread: (what: string) => void): number | undefined {
  if (text === undefined) return undefined;
  const counts = text.split(';').map((word) => Math.floor(Number(word)));
  const count = Math.min(...counts);
  if (Number.isFinite(count) && count >= 1 && count <= lanesMost) return count;
  unread(`lanes that are no number (${shown(text)})`);
  return undefined;
}

function speedOf(tags: Tags, direction: string, found: StreetKind, unread: (what: string) => void): number {
  const text =
    tags[`maxspeed:${direction}`] ?? tags.maxspeed ?? tags['zone:maxspeed'] ?? tags['maxspeed:type'];
  if (text === undefined) return found.speedLimitKmh;
  const kmh = text
    .split(';')
    .map(kmhOf)
    .filter((value) => value !== undefined);
  if (kmh.length > 0) return Math.min(...kmh);
  unread(`maxspeed that cannot be read (${shown(text)})`);
  return found.speedLimitKmh;
}

/** km/h of `50`, `30 mph`, `DE:urban`, `DE:zone:30`, `none`; undefined: none of these. */
function kmhOf(text: string): number | undefined {
  const word = text.trim().replace(/^[A-Z]{2}(?:-[A-Z]+)?:/, '');
  const [, number, unit = ''] = /^(?:zone:?)?(\d+(?:\.\d+)?)\s*(mph|knots|km\/h|kmh|kph)?$/.exec(word) ?? [];
  if (number !== undefined) {
    const kmh = Number(number) * (unitsKm[unit] ?? 1);
    return kmh > 0 ? kmh : undefined;
  }
  return Object.hasOwn(speedWords, word) ? speedWords[word] : undefined;
}

const turnWords: Readonly<Record<string, Turn>> = {
  left: 'l',
  slight_left: 'l',
  sharp_left: 'l',
  through: 's',
  none: 's',
  '': 's',
  merge_to_left: 's',
  merge_to_right: 's',
  right: 'r',
  slight_right: 'r',
  sharp_right: 'r',
  reverse: 't',
};

/** OSM writes lanes from the left, `left|through;right`; ours count from the right. */
function turnLanesOf(text: string | undefined): Turn[][] | undefined {
  if (text === undefined) return undefined;
  const lanes = text.split('|').map((lane) => lane.split(';').map((word) => turnWords[word.trim()]));
  const known = lanes.map((lane) => lane.filter((turn) => turn !== undefined));
  return known.every((lane) => lane.length > 0) ? known.reverse() : undefined;
}
