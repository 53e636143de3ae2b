// The parts of a net.xml that stand alone: lanes with their shapes and permissions, and where the network lies on earth.
// Must not: know what came before or after.

import type { XmlElement } from '../xml/element.ts';
import type { LaneRow } from './builder.ts';
import type { PermissionBits, Projection } from './network.ts';
import { type OmissionList, omit } from './omissions.ts';
import { allPermissions, parseClasses } from './permissions.ts';
import { planeProjection, projectionFault, projectionText } from './projection.ts';
import { parseShape } from './shape-text.ts';

/** SUMO's width of a lane that states none, metres. */
export const defaultLaneWidthMeters = 3.2;

/** The points of an attribute as x, y, x, y; empty where it is absent. Throws RoadbedError('data') for another text. */
export function shapeOf(element: XmlElement, omissions: OmissionList): number[] {
  const text = element.optional('shape');
  if (text === undefined) return [];
  const parsed = parseShape(text);
  if (parsed === undefined) throw element.invalid('shape', 'points as x,y x,y in metres');
  if (parsed.hasHeight)
    omit(omissions, 'heights of a shape (the network is flat)', element.optional('id') ?? '');
  return parsed.points;
}

/** A lane of a net.xml. */
export function laneOf(element: XmlElement, id: string, omissions: OmissionList): LaneRow {
  const shape = shapeOf(element, omissions);
  if (shape.length < 4)
    throw element.fault('has a shape of fewer than two points', 'points as x,y x,y in metres');
  const lengthMeters = element.number('length', 'metres > 0');
  if (!(lengthMeters > 0)) throw element.invalid('length', 'metres > 0');
  const speedLimitMps = element.number('speed', 'metres per second >= 0');
  if (speedLimitMps < 0) throw element.invalid('speed', 'metres per second >= 0');
  if (element.optional('changeLeft') !== undefined || element.optional('changeRight') !== undefined) {
    omit(omissions, 'forbidden lane change (changeLeft, changeRight)', id);
  }
  return {
    id,
    lengthMeters,
    speedLimitMps,
    widthMeters: element.numberOr('width', defaultLaneWidthMeters, 'metres'),
    permissions: permissionsIn(element, omissions),
    shape,
  };
}

/** SUMO's rule: what `allow` names, else all but what `disallow` names, else all. */
function permissionsIn(element: XmlElement, omissions: OmissionList): PermissionBits {
  const allow = element.optional('allow');
  if (allow !== undefined && allow !== '') return classesIn(element, allow, omissions);
  const disallow = element.optional('disallow');
  if (disallow === undefined) return allPermissions;
  return (allPermissions & ~classesIn(element, disallow, omissions)) >>> 0;
}

/** Lanes of one network repeat a few lists of classes. */
const known = new Map<string, PermissionBits>();
const knownMost = 1000;

function classesIn(element: XmlElement, words: string, omissions: OmissionList): PermissionBits {
  const found = known.get(words);
  if (found !== undefined) return found;
  const { permissions, unknown } = parseClasses(words);
  for (const word of unknown)
    omit(omissions, `vehicle class ${word} (not known)`, element.optional('id') ?? '');
  if (unknown.length === 0 && known.size < knownMost) known.set(words, permissions);
  return permissions;
}

/** Where the network lies. Throws RoadbedError('data') for a projection that proj4 does not know. */
export function locationOf(element: XmlElement): Projection {
  const [offsetX, offsetY] = numbersOf(element, 'netOffset', 2);
  const bounds = numbersOf(element, 'convBoundary', 4) as unknown as Projection['bounds'];
  const proj4 = projectionText(element.text('projParameter', 'a proj4 text, or "!" for none'));
  const fault = proj4 === undefined ? undefined : projectionFault(proj4);
  if (fault !== undefined) {
    throw element.invalid('projParameter', `a projection that proj4 knows, or "!" for none; ${fault}`);
  }
  return { offsetX: offsetX!, offsetY: offsetY!, proj4, bounds };
}

function numbersOf(element: XmlElement, attribute: string, count: number): number[] {
  const words = element.text(attribute, `${count} numbers in metres`).split(',');
  const numbers = words.map((word) => (word.trim() === '' ? Number.NaN : Number(word)));
  if (numbers.length !== count || !numbers.every(Number.isFinite)) {
    throw element.invalid(attribute, `${count} numbers in metres`);
  }
  return numbers;
}

/** The place of a network that states none: the box around `points` (x, y, x, y). */
export function boundaryOf(points: readonly number[]): Projection {
  const bounds: [number, number, number, number] = [0, 0, 0, 0];
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!];
    bounds[0] = i === 0 ? x : Math.min(bounds[0], x);
    bounds[1] = i === 0 ? y : Math.min(bounds[1], y);
    bounds[2] = i === 0 ? x : Math.max(bounds[2], x);
    bounds[3] = i === 0 ? y : Math.max(bounds[3], y);
  }
  return planeProjection(bounds);
}
