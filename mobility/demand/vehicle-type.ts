// Reads SUMO's <vType>: what it states, over the defaults of its class. Why apart: types stand in route files, in
// additional files and inside distributions. Must not: draw, or know which vehicles use a type.

import { nearestName } from '../../base/nearest-name.ts';
import { type OmissionList, omit } from '../network/omissions.ts';
import { permissionBitOf } from '../network/permissions.ts';
import type { XmlElement } from '../xml/element.ts';
import type { CarFollowingModel, VehicleType } from './demand.ts';
import { defaultLaw, parseSpeedFactor, type SpeedFactorLaw } from './speed-factor.ts';
import { nameUnread } from './unread-attributes.ts';
import { type ClassDefaults, classDefaults, drivingClasses } from './vehicle-classes.ts';

/** A type as its file states it: the record of the contract and how its drivers differ. */
export interface TypeDraft {
  readonly type: VehicleType;
  readonly law: SpeedFactorLaw;
  /** Weight inside a distribution. */
  readonly probability: number;
}

/** SUMO's ids of types that exist without being defined, with their classes. */
const builtIn: Readonly<Record<string, string>> = {
  DEFAULT_VEHTYPE: 'passenger',
  DEFAULT_TAXITYPE: 'taxi',
  DEFAULT_BIKETYPE: 'bicycle',
};

/** Classes that SUMO knows and that are no vehicles on a street. */
const notDriving = ['pedestrian', 'wheelchair', 'container', 'cable_car', 'aircraft', 'drone'];

/** Names of car-following models and what drives in their place. */
const models: Readonly<Record<string, CarFollowingModel>> = {
  krauss: 'krauss',
  idm: 'idm',
  idmm: 'idm',
  eidm: 'idm',
};

/** The types every demand may use unasked. */
export function builtInTypes(): Map<string, TypeDraft> {
  return new Map(
    Object.entries(builtIn).map(([id, vehicleClass]) => {
      const defaults = classDefaults(vehicleClass)!;
      const type = { ...typeOfClass(id, vehicleClass, defaults), model: 'krauss' as const };
      return [id, { type, law: defaultLaw(defaults.speedDeviation), probability: 1 }];
    }),
  );
}

function typeOfClass(
  id: string,
  vehicleClass: string,
  { speedDeviation: _, ...defaults }: ClassDefaults,
): Omit<VehicleType, 'model'> {
  return {
    id,
    vehicleClass,
    permissionBit: permissionBitOf(vehicleClass) ?? 0,
    ...defaults,
    tauSeconds: 1,
    delta: 4,
    laneChange: { strategic: 1, cooperative: 1, speedGain: 1, keepRight: 1 },
    impatience: 0,
    junctionModel: {},
  };
}

/**
 * The type an element defines; undefined for one that does not drive (counted). `parameters` are the attributes of a
 * nested `<carFollowing-...>` element of old files. Throws RoadbedError('data') naming file, line and element.
 */
export function readType(element: XmlElement, omissions: OmissionList): TypeDraft | undefined {
  const id = element.text('id', 'the id of the type');
  const vehicleClass = element.optional('vClass') ?? builtIn[id] ?? 'passenger';
  if (notDriving.includes(vehicleClass)) {
    omit(omissions, `vehicle type of class ${vehicleClass} (only vehicles on streets are simulated)`, id);
    return undefined;
  }
  const defaults = classDefaults(vehicleClass);
  if (defaults === undefined) {
    const near = nearestName(vehicleClass, drivingClasses);
    const hint = near === undefined ? '' : `, perhaps ${near}`;
    throw element.invalid('vClass', `one of SUMO's classes${hint}`);
  }
  const base = typeOfClass(id, vehicleClass, defaults);
  nameUnread(element, omissions, id);
  nameLaneChangeModel(element, omissions, id);
  return {
    type: {
      ...base,
      model: readModel(element, omissions),
      ...readDriving(element, defaults),
      ...readRest(element),
    },
    law: readLaw(element, defaults),
    probability: notNegative(element, 'probability', 1),
  };
}

/** What an old file writes into `<carFollowing-Krauss>` or `<carFollowing-IDM>` inside a type. */
export function withCarFollowing(draft: TypeDraft, element: XmlElement, omissions: OmissionList): TypeDraft {
  const name = element.name.replace(/^carFollowing-/, '');
  const { type } = draft;
  const defaults = { ...classDefaults(type.vehicleClass)!, ...type };
  const driving = readDriving(element, defaults);
  const model = modelNamed(name, `${element.name} of ${type.id}`, omissions);
  return { ...draft, type: { ...type, ...driving, model } };
}

function readModel(element: XmlElement, omissions: OmissionList): CarFollowingModel {
  const name = element.optional('carFollowModel');
  return name === undefined ? 'krauss' : modelNamed(name, element.text('id'), omissions);
}

/** SUMO's names of the model that is driven here. */
const laneChangeModels = ['default', 'LC2013'];

function nameLaneChangeModel(element: XmlElement, omissions: OmissionList, id: string): void {
  const model = element.optional('laneChangeModel') ?? 'default';
  if (!laneChangeModels.includes(model)) omit(omissions, `lane-change model ${model} (driven as LC2013)`, id);
}

function modelNamed(name: string, id: string, omissions: OmissionList): CarFollowingModel {
  const plain = name.toLowerCase();
  const model = models[plain] ?? 'krauss';
  if (plain !== model) omit(omissions, `car-following model ${name} (driven as ${model})`, id);
  return model;
}

/** The numbers of car-following. An emergency braking weaker than the comfortable one is raised to it, as in SUMO. */
function readDriving(element: XmlElement, defaults: ClassDefaults & Partial<VehicleType>) {
  const decelerationMps2 = positive(element, 'decel', defaults.decelerationMps2);
  const sigma = notNegative(element, 'sigma', defaults.sigma);
  if (sigma > 1) throw element.invalid('sigma', 'a number from 0 to 1');
  return {
    lengthMeters: positive(element, 'length', defaults.lengthMeters),
    minGapMeters: notNegative(element, 'minGap', defaults.minGapMeters),
    maxSpeedMps: positive(element, 'maxSpeed', defaults.maxSpeedMps),
    accelerationMps2: positive(element, 'accel', defaults.accelerationMps2),
    decelerationMps2,
    emergencyDecelerationMps2: Math.max(
      decelerationMps2,
      positive(element, 'emergencyDecel', defaults.emergencyDecelerationMps2),
    ),
    sigma,
    tauSeconds: positive(element, 'tau', defaults.tauSeconds ?? 1),
    delta: positive(element, 'delta', defaults.delta ?? 4),
  };
}

function readRest(element: XmlElement): Pick<VehicleType, 'laneChange' | 'impatience' | 'junctionModel'> {
  const impatience = element.optional('impatience') === 'off' ? 0 : element.numberOr('impatience', 0);
  return {
    laneChange: {
      strategic: element.numberOr('lcStrategic', 1),
      cooperative: element.numberOr('lcCooperative', 1),
      speedGain: notNegative(element, 'lcSpeedGain', 1),
      keepRight: notNegative(element, 'lcKeepRight', 1),
    },
    impatience: Math.min(1, Math.max(0, impatience)),
    junctionModel: readJunctionModel(element),
  };
}

/** SUMO's parameters of behaviour at junctions that are simulated, by their names there; others are counted. */
const junctionParameters = ['jmIgnoreKeepClearTime', 'jmTimegapMinor'];

function readJunctionModel(element: XmlElement): Record<string, number> {
  const stated = junctionParameters.filter((name) => element.optional(name) !== undefined);
  return Object.fromEntries(stated.map((name) => [name, element.number(name)]));
}

function readLaw(element: XmlElement, defaults: ClassDefaults): SpeedFactorLaw {
  const fallback = defaultLaw(defaults.speedDeviation);
  const text = element.optional('speedFactor');
  const law = text === undefined ? fallback : parseSpeedFactor(text, fallback);
  if (law === undefined)
    throw element.invalid(
      'speedFactor',
      'a number above 0, norm(mean,deviation) or normc(mean,deviation,least,most)',
    );
  return { ...law, deviation: notNegative(element, 'speedDev', law.deviation) };
}

function positive(element: XmlElement, attribute: string, fallback: number): number {
  const value = element.numberOr(attribute, fallback, 'a number above 0');
  if (value > 0) return value;
  throw element.invalid(attribute, 'a number above 0');
}

function notNegative(element: XmlElement, attribute: string, fallback: number): number {
  const value = element.numberOr(attribute, fallback, 'a number of at least 0');
  if (value >= 0) return value;
  throw element.invalid(attribute, 'a number of at least 0');
}
