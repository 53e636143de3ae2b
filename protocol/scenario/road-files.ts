// Which files a scenario's roads name, and which kinds are no roads of our own small engine. Must not: look at files.

import type { Scenario } from './schema.ts';

type Roads = Scenario['roads'];

/** True for roads that our engine of roads drives itself, one lane each; all others are worlds of their own. */
export const isPlainRoads = (
  roads: Roads,
): roads is Extract<Roads, { kind: 'segment' | 'ring' | 'geojson' }> =>
  roads.kind === 'segment' || roads.kind === 'ring' || roads.kind === 'geojson';

/** True where `traffic.source` says how many cars there are; elsewhere files or a live simulator do. */
export const isTrafficMade = (roads: Roads): boolean =>
  isPlainRoads(roads) || roads.kind === 'grid' || roads.kind === 'constant-speed';

/** Every file the roads name, with the key that names it. */
export function roadFiles(roads: Roads): { readonly key: string; readonly file: string }[] {
  switch (roads.kind) {
    case 'geojson':
      return [{ key: 'roads.file', file: roads.file }];
    case 'sumo-net':
      return [{ key: 'roads.file', file: roads.file }, ...listed('demand', roads.demand)];
    case 'fcd':
      return [
        { key: 'roads.network', file: roads.network },
        { key: 'roads.file', file: roads.file },
      ];
    case 'traci':
      return [{ key: 'roads.network', file: roads.network }, ...listed('demand', roads.demand)];
    case 'gps':
      return listed('files', roads.files);
    default:
      return [];
  }
}

const listed = (key: string, files: readonly string[]): { key: string; file: string }[] =>
  files.map((file, i) => ({ key: `roads.${key}.${i}`, file }));
