// All closed sets, one after the other: the oracle of the other algorithms. Must not: be used beyond small graphs; their
// number doubles with every branch.

import { assert } from '../../../base/assert.ts';
import { RoadbedError } from '../../../base/errors.ts';
import {
  checkRates,
  epochSeconds,
  isClosed,
  type LinkRates,
  type Split,
  type SplitInstance,
} from './instance.ts';

const mostVertices = 20;

function allowed({ graph, pinnedToDevice, pinnedToServer }: SplitInstance, onDevice: Uint8Array): boolean {
  for (let v = 0; v < graph.count; v++) {
    if (pinnedToDevice[v] === 1 && onDevice[v] === 0) return false;
    if (pinnedToServer[v] === 1 && onDevice[v] === 1) return false;
  }
  return onDevice[0] === 1 && isClosed(graph, onDevice);
}

/** The best cut of all; ties: the fewest layers in the car. Throws RoadbedError('data') beyond 20 layers. */
export function exhaustiveSplit(instance: SplitInstance, rates: LinkRates): Split {
  const { count } = instance.graph;
  if (count > mostVertices)
    throw new RoadbedError(
      'data',
      `${count} layers are too many for exhaustive search (expected at most ${mostVertices}). Take minimum-cut.`,
    );
  checkRates(rates);
  let best: Split | undefined;
  const size = (onDevice: Uint8Array): number => onDevice.reduce((sum, one) => sum + one, 0);
  for (let bits = 0; bits < 2 ** count; bits++) {
    const onDevice = Uint8Array.from({ length: count }, (_, v) => (bits >> v) & 1);
    if (!allowed(instance, onDevice)) continue;
    const seconds = epochSeconds(instance, onDevice, rates);
    const better = best === undefined || seconds < best.seconds * (1 - 1e-12);
    const tie = best !== undefined && !better && seconds <= best.seconds * (1 + 1e-12);
    if (better || (tie && size(onDevice) < size(best!.onDevice))) best = { onDevice, seconds };
  }
  assert(best !== undefined, 'no cut is allowed: a layer pinned to the car reads one pinned to the RSU');
  return best;
}
