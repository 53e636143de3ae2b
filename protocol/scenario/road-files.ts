// Which files a scenario's roads name, and which kinds are a city's. Must not: look at files.

import type { Scenario } from './schema.ts';

type Roads = Scenario['roads'];
type CityRoads = Extract<Roads, { kind: 'sumo-net' | 'grid' | 'fcd' | 'traci' }>;

/** True for roads that are a street network with lanes and junctions. */
export const isCity = (roads: Roads): roads is CityRoads =>
  roads.kind === 'sumo-net' || roads.kind === 'grid' || roads.kind === 'fcd' || roads.kind === 'traci';

/** Every file the roads name, with the key that names it. */
export function roadFiles(roads: Roads): { readonly key: string; readonly file: string }[] {
  switch (roads.kind) {
    case 'geojson':
      return [{ key: 'roads.file', file: roads.file }];
    case 'sumo-net':
      return [{ key: 'roads.file', file: roads.file }, ...demandFiles(roads.demand)];
    case 'fcd':
      return [
        { key: 'roads.network', file: roads.network },
        { key: 'roads.file', file: roads.file },
      ];
    case 'traci':
      return [{ key: 'roads.network', file: roads.network }, ...demandFiles(roads.demand)];
    default:
      return [];
  }
}

const demandFiles = (files: readonly string[]): { key: string; file: string }[] =>
  files.map((file, i) => ({ key: `roads.demand.${i}`, file }));
