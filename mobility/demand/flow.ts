// Turns a vehicle or a flow into its departures: ids and instants. Must not: look at routes or types.

import type { Rng } from '../../base/rng.ts';
import type { Timing, VehicleDraft } from './draft.ts';
import { faultAt } from './place.ts';

interface Flow {
  /** Root of the demand's streams. */
  readonly rng: Rng;
  /** When flows without an end stop. */
  readonly endSeconds: number;
}

/** One departure of a flow is called `<flow>.<number>`, as in SUMO. */
export function* departuresOf(
  vehicle: VehicleDraft,
  flow: Flow,
): Generator<{ readonly id: string; readonly atSeconds: number }> {
  const { id, timing } = vehicle;
  if (timing.kind === 'once') {
    yield { id, atSeconds: timing.atSeconds };
    return;
  }
  const end = timing.endSeconds ?? flow.endSeconds;
  const most = timing.number ?? Number.POSITIVE_INFINITY;
  if (end === Number.POSITIVE_INFINITY && most === Number.POSITIVE_INFINITY)
    throw faultAt(vehicle.place, 'never ends', 'an end or a number, or an end of the simulation');
  const instants = instantsOf(timing, end, flow.rng.fork(`flow:${id}`));
  let number = 0;
  for (const atSeconds of instants) {
    if (number >= most) return;
    yield { id: `${id}.${number}`, atSeconds };
    number += 1;
  }
}

type FlowTiming = Extract<Timing, { kind: 'flow' }>;

function* instantsOf({ beginSeconds, rate, number }: FlowTiming, end: number, rng: Rng): Generator<number> {
  switch (rate.kind) {
    case 'period':
      // A product, not a sum: the thousandth is as exact as the first.
      for (let i = 0; beginSeconds + i * rate.seconds < end; i++) yield beginSeconds + i * rate.seconds;
      return;
    case 'even': {
      const period = end === Number.POSITIVE_INFINITY ? 0 : (end - beginSeconds) / number!;
      for (let i = 0; i < number!; i++) yield beginSeconds + i * period;
      return;
    }
    case 'poisson':
      for (let at = beginSeconds; ; ) {
        at += rng.exponential(rate.perSecond);
        if (at >= end) return;
        yield at;
      }
    case 'probability':
      // SUMO asks once a second whether one departs.
      for (let at = beginSeconds; at < end; at++) if (rng.uniform() < rate.perSecond) yield at;
  }
}
