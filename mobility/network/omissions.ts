// Counts what a source holds and a network or demand leaves out, so that nothing is dropped silently.
// Must not: decide what is left out.

import type { Omission } from './network.ts';

/** How many ids an omission names. */
const namedMost = 5;

/** A count of each kind of thing left out, in the order in which the kinds were first met. */
export type OmissionList = Omission[];

/** Counts one `what` (see Omission) called `example`. */
export function omit(list: OmissionList, what: string, example: string): void {
  const at = list.findIndex((omission) => omission.what === what);
  const { count, examples } = list[at] ?? { count: 0, examples: [] };
  const counted = {
    what,
    count: count + 1,
    examples: examples.length < namedMost ? [...examples, example] : examples,
  };
  if (at < 0) list.push(counted);
  else list[at] = counted;
}
