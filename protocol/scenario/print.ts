// A checked scenario as YAML again, every default written out, keys in the order of the schema: what a run really used.
// Must not: leave anything out; `parseScenario(printScenario(s))` is s.

import { stringify } from 'yaml';
import type { Scenario } from './schema.ts';

/** The scenario as YAML text ending in a newline. */
export function printScenario(scenario: Scenario): string {
  return stringify(scenario, { lineWidth: 110, aliasDuplicateObjects: false });
}
