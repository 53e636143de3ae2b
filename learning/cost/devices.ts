// Computers that stand in the splitting literature, and how fast they compute in float32. Peak = 2 x cores x clock from
// public data sheets; what training reaches of it is a share, 0.35 unless somebody measured better. Ours: the papers'
// own tables could not be read.
// Must not: be taken for measurements. `roadbed cut --device this-machine` measures.

import { RoadbedError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';

export interface ComputingDevice {
  readonly name: string;
  readonly place: 'car' | 'RSU';
  /** float32, operations per second. */
  readonly peakFlopsPerSecond: number;
  /** Share of the peak that training reaches. */
  readonly efficiency: number;
  readonly memoryBytes: number;
}

const usualEfficiency = 0.35;
const gigabyte = 1e9;

function entry(name: string, place: ComputingDevice['place'], teraflops: number, gigabytes: number) {
  return {
    name,
    place,
    peakFlopsPerSecond: teraflops * 1e12,
    efficiency: usualEfficiency,
    memoryBytes: gigabytes * gigabyte,
  } as const;
}

export const computingDevices: readonly ComputingDevice[] = [
  entry('tx1', 'car', 0.51, 4),
  entry('tx2', 'car', 0.67, 8),
  entry('xavier-nx', 'car', 0.84, 8),
  entry('orin-nano', 'car', 1.28, 8),
  entry('agx-xavier', 'car', 1.41, 32),
  entry('agx-orin', 'car', 5.3, 64),
  entry('rtx-a6000', 'RSU', 38.7, 48),
  entry('rtx-4080s', 'RSU', 52.2, 16),
];

/** Names of the table, those of one place first to last. */
export const deviceNames = (place: ComputingDevice['place']): readonly string[] =>
  computingDevices.filter((device) => device.place === place).map((device) => device.name);

/** The device called `name`. Throws RoadbedError('usage') that names the nearest. */
export function deviceByName(name: string): ComputingDevice {
  const found = computingDevices.find((device) => device.name === name);
  if (found) return found;
  const names = computingDevices.map((device) => device.name);
  const meant = nearestName(name, names);
  const hint = meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`;
  throw new RoadbedError(
    'usage',
    `unknown device: ${JSON.stringify(name)} (expected one of ${names.join(', ')}).${hint}`,
  );
}

/** Operations per second that training reaches. */
export function trainingFlopsPerSecond({ peakFlopsPerSecond, efficiency }: ComputingDevice): number {
  return peakFlopsPerSecond * efficiency;
}
