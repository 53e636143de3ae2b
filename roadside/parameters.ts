// Parameters of selection policies and aggregation rules: each declared once, with its default and its bounds, set in a
// scenario under `selection.parameters` or `aggregation.parameters`. Must not: know any policy or rule.

import { RoadbedError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';

/** A number a scenario may set. */
export interface Parameter {
  readonly name: string;
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Meaning, unit, and where the default comes from. */
  readonly describe: string;
}

/** The part of a scenario that holds them. */
interface Settings {
  readonly parameters: Readonly<Record<string, number>>;
}

/** Whose parameters are checked: the scenario's section, and in words what was chosen there. */
interface Owner {
  readonly section: 'selection' | 'aggregation';
  /** Such as `policy random`. */
  readonly title: string;
  readonly parameters?: readonly Parameter[];
}

/** The scenario's value of a parameter, or its default. */
export function settingOf(parameter: Parameter, settings: Settings): number {
  return settings.parameters[parameter.name] ?? parameter.default;
}

function checkOne({ section, title, parameters = [] }: Owner, name: string, value: number): void {
  const parameter = parameters.find((one) => one.name === name);
  if (!parameter) {
    const names = parameters.map((one) => one.name);
    const meant = nearestName(name, names);
    throw new RoadbedError(
      'scenario',
      `unknown ${section}.parameters.${name} (${title} has ${names.join(', ') || 'none'}).` +
        (meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`),
    );
  }
  const { minimum, maximum, describe } = parameter;
  if (value >= minimum && value <= maximum) return;
  throw new RoadbedError(
    'scenario',
    `invalid ${section}.parameters.${name}: ${value} (expected ${minimum} to ${maximum}: ${describe}).`,
  );
}

/** Throws RoadbedError('scenario') at a parameter its owner does not have, or a value outside its bounds. */
export function checkParameters(owner: Owner, settings: Settings): void {
  for (const [name, value] of Object.entries(settings.parameters)) checkOne(owner, name, value);
}
