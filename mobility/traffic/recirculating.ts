// A closed system: N vehicles that drive for ever. Why: bandit arms recur and keep their history, which an open road
// with many arrivals denies them. Must not: add vehicles later.

import { RoadbedError } from '../../base/errors.ts';
import { type DriverOptions, makeDriver } from './driver.ts';
import { type PlacementOptions, placeEvenly } from './placement.ts';
import type { TrafficSource } from './source.ts';

/**
 * Places `vehicles` on the roads and supplies nobody afterwards.
 * Throws RoadbedError('scenario') when some road leads nowhere, because vehicles would be lost there.
 */
export function recirculating(
  vehicles: number,
  options: PlacementOptions & { readonly drivers: DriverOptions },
): TrafficSource {
  const { network, rng, drivers } = options;
  const deadEnd = network.roads.find((road) => road.successors.length === 0);
  if (deadEnd !== undefined) {
    throw new RoadbedError(
      'scenario',
      `recirculating traffic needs roads that all lead on, but vehicles leave at the end of road ${deadEnd.id}; ` +
        "use a ring (or a closed map), or traffic of kind 'poisson'",
    );
  }
  const people = Array.from({ length: vehicles }, (_, i) => makeDriver(rng, i + 1, drivers));
  placeEvenly(people, { ...options, rng: rng.fork('placement') });
  return { demanded: vehicles, pending: 0, supply: () => undefined };
}
