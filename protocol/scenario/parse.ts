// From a scenario's text to a checked Scenario, or to sentences saying what is wrong, where, and what was expected.
// Everything unknown is refused by name: a misspelt key that silently takes its default makes a wrong experiment.
// Must not: read files (text comes in), or know policies and models by name (their rooms do).

import { RoadbedError } from '../../base/errors.ts';
import { type Fault, faultsOf, shown } from './faults.ts';
import { applyOverride, type Override, parseOverride } from './overrides.ts';
import { brokenRules } from './rules.ts';
import { type Scenario, scenarioSchema } from './schema.ts';
import type { Path } from './shape.ts';
import { readSource, type Source } from './source.ts';

/** More faults than this in one file have one cause; the first ones show it. */
const shownFaults = 10;

function startsWith(path: Path, prefix: Path): boolean {
  return prefix.every((key, index) => path[index] === key);
}

/** Where a fault was written: the `--set` that decided its value, else the line of the file. */
function placeOf(path: Path, source: Source, fileName: string, overrides: readonly Override[]): string {
  const override = overrides.findLast((candidate) => startsWith(path, candidate.path));
  return override ? `--set ${override.text}` : `${fileName}:${source.lineOf(path)}`;
}

function refuse(faults: readonly Fault[], where: (path: Path) => string): never {
  const lines = faults.slice(0, shownFaults).map((fault) => `${where(fault.path)}: ${fault.sentence}`);
  if (faults.length > shownFaults) lines.push(`and ${faults.length - shownFaults} more`);
  throw new RoadbedError('scenario', lines.join('\n'));
}

function rootOf(source: Source, fileName: string): Record<string, unknown> {
  const root = source.value;
  if (typeof root === 'object' && root !== null && !Array.isArray(root))
    return root as Record<string, unknown>;
  throw new RoadbedError(
    'scenario',
    `${fileName}:1: the scenario is ${shown(root)} (expected a mapping with at least name, rsus and devices)`,
  );
}

/** Unknown keys first: a misspelt key is the cause, the key then missing only its effect. */
function causesFirst(faults: readonly Fault[]): Fault[] {
  const unknown = (fault: Fault): boolean => fault.sentence.startsWith('unknown key');
  return [...faults.filter(unknown), ...faults.filter((fault) => !unknown(fault))];
}

/**
 * Parses, checks and completes a scenario. `fileName` is only for refusals. `overrides` are `--set` texts
 * (`selection.policy=random`, `devices.0.share=2`), applied in order before anything is checked.
 * Throws RoadbedError('scenario') with one line for each fault, or RoadbedError('usage') for a malformed override.
 */
export function parseScenario(text: string, fileName: string, overrides: readonly string[] = []): Scenario {
  const source = readSource(text, fileName);
  const root = rootOf(source, fileName);
  const parsedOverrides = overrides.map(parseOverride);
  for (const override of parsedOverrides) applyOverride(scenarioSchema, root, override);
  const where = (path: Path): string => placeOf(path, source, fileName, parsedOverrides);
  const checked = scenarioSchema.safeParse(root);
  if (!checked.success)
    refuse(
      causesFirst(checked.error.issues.flatMap((issue) => faultsOf(scenarioSchema, issue, root))),
      where,
    );
  const broken = brokenRules(checked.data);
  if (broken.length > 0) refuse(broken, where);
  return checked.data;
}
