// Parameters of selection policies: each declared once, with its default and its bounds, set in a scenario under
// `selection.parameters`. Must not: know any policy.

import { RoadbedError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import type { Parameter, Policy } from './policy.ts';

type Settings = { readonly parameters: Readonly<Record<string, number>> };

/** The scenario's value of a parameter, or its default. */
export function settingOf(parameter: Parameter, settings: Settings): number {
  return settings.parameters[parameter.name] ?? parameter.default;
}

function checkOne(policy: Policy, name: string, value: number): void {
  const known = policy.parameters ?? [];
  const parameter = known.find((one) => one.name === name);
  if (!parameter) {
    const names = known.map((one) => one.name);
    const meant = nearestName(name, names);
    throw new RoadbedError(
      'scenario',
      `unknown selection.parameters.${name} (policy ${policy.name} has ${names.join(', ') || 'none'}).` +
        (meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`),
    );
  }
  const { minimum, maximum } = parameter;
  if (value >= minimum && value <= maximum) return;
  throw new RoadbedError(
    'scenario',
    `invalid selection.parameters.${name}: ${value} (expected ${minimum} to ${maximum}: ${parameter.describe}).`,
  );
}

/** Throws RoadbedError('scenario') at a parameter this policy does not have, or a value outside its bounds. */
export function checkParameters(policy: Policy, settings: Settings): void {
  for (const [name, value] of Object.entries(settings.parameters)) checkOne(policy, name, value);
}
