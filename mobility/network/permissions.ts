// SUMO's vehicle classes as bits, and the `allow` and `disallow` words of a lane as a set of bits.
// Must not: know what a class drives like (that is demand's).

import type { PermissionBits } from './network.ts';

/** SUMO's classes (its page "Abstract Vehicle Class"); the place in this list is the bit. */
const permissionClasses = [
  'private',
  'emergency',
  'authority',
  'army',
  'vip',
  'pedestrian',
  'passenger',
  'hov',
  'taxi',
  'bus',
  'coach',
  'delivery',
  'truck',
  'trailer',
  'motorcycle',
  'moped',
  'bicycle',
  'scooter',
  'evehicle',
  'tram',
  'rail_urban',
  'rail',
  'rail_electric',
  'rail_fast',
  'subway',
  'ship',
  'custom1',
  'custom2',
  'container',
  'cable_car',
  'aircraft',
] as const;

export type PermissionClass = (typeof permissionClasses)[number];

const bits: ReadonlyMap<string, PermissionBits> = new Map(
  permissionClasses.map((name, bit) => [name, 2 ** bit]),
);

/** Every class may pass. */
export const allPermissions: PermissionBits = 2 ** permissionClasses.length - 1;

/** SUMO's class for vehicles that no restriction holds. */
const unrestricted = 'ignoring';

/** The bit of a class; every bit for `ignoring`; undefined: no such class. */
export function permissionBitOf(vehicleClass: string): PermissionBits | undefined {
  return vehicleClass === unrestricted ? allPermissions : bits.get(vehicleClass);
}

/** The bits of the classes named, which must exist. */
export function permissionsOf(...classes: readonly PermissionClass[]): PermissionBits {
  return classes.reduce((set, name) => (set | bits.get(name)!) >>> 0, 0);
}

/** The classes of a set of bits, in SUMO's order. */
export function classesOf(permissions: PermissionBits): PermissionClass[] {
  return permissionClasses.filter((name) => (permissions & bits.get(name)!) !== 0);
}

/** What a list of classes means: its bits, and the words in it that are no class. */
export interface ParsedClasses {
  readonly permissions: PermissionBits;
  readonly unknown: readonly string[];
}

/** Reads SUMO's list of classes, separated by spaces; `all` is every class. */
export function parseClasses(words: string): ParsedClasses {
  let permissions = 0;
  const unknown: string[] = [];
  for (const word of words.split(' ')) {
    if (word === '') continue;
    const bit = word === 'all' ? allPermissions : bits.get(word);
    if (bit === undefined) unknown.push(word);
    else permissions = (permissions | bit) >>> 0;
  }
  return { permissions, unknown };
}
