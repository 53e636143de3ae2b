// The network a mobility command is given: a file of any kind it reads, or the words for one that is generated.
// Must not: read demand, or print.

import { RoadbedError } from '../../base/errors.ts';
import type { HighwayRamp } from '../../mobility/network/generators/highway.ts';
import type { Network } from '../../mobility/network/network.ts';

/** Limit of GeoJSON streets that state none: 50 km/h. */
const speedLimitMps = 50 / 3.6;

/** Comments before the root element are no longer than this. */
const startBytes = 8192;

/** What can be generated, as it is written. */
export const generatedWords = [
  'grid:10x10',
  'segment:1000x2',
  'ring:500x1',
  'highway:5000x3:on@1000,off@3000',
] as const;

/**
 * The network of a file (SUMO's net.xml, OpenStreetMap's XML, GeoJSON: told by how it begins), or a generated one.
 * Throws RoadbedError('data') as its reader does, RoadbedError('usage') for words that generate none.
 */
export async function loadNetwork(file: string): Promise<Network> {
  const [, kind, sizes] = /^(grid|segment|ring|highway):(.*)$/.exec(file) ?? [];
  if (kind !== undefined) return generated(kind as Kind, sizes!, file);
  const { readDocument } = await import('../../mobility/xml/files.ts');
  const { decoderOf } = await import('../../mobility/xml/encoding.ts');
  const content = readDocument(file);
  const start = decoderOf(content, file).decode(content.subarray(0, startBytes), { stream: true });
  if (/^\s*[{[]/.test(start)) return geojson(new TextDecoder().decode(content), file);
  if (/<osm[\s>]/.test(start)) {
    const { networkFromOsm } = await import('../../mobility/network/osm/import-osm.ts');
    return networkFromOsm(content, file);
  }
  const { networkFromNetXml } = await import('../../mobility/network/net-xml.ts');
  return networkFromNetXml(content, file);
}

async function geojson(text: string, file: string): Promise<Network> {
  const { networkFromGeojson } = await import('../../mobility/network/geojson.ts');
  try {
    return networkFromGeojson(text, file, { speedLimitMps });
  } catch (error) {
    if (!(error instanceof RoadbedError)) throw error;
    throw new RoadbedError(error.reason, `${file}: ${error.message}`, { cause: error });
  }
}

type Kind = 'grid' | 'segment' | 'ring' | 'highway';

/** Throws RoadbedError('usage') for sizes that cannot be read, or that make no network. */
async function generated(kind: Kind, sizes: string, words: string): Promise<Network> {
  const [, first, second, rest] = /^(\d+(?:\.\d+)?)(?:x(\d+))?(?::(.+))?$/.exec(sizes) ?? [];
  const isGrid = kind === 'grid';
  const isRead =
    first !== undefined && (!isGrid || second !== undefined) && (rest === undefined || kind === 'highway');
  if (!isRead)
    throw new RoadbedError('usage', `${words}: expected words such as ${generatedWords.join(', ')}`);
  const size = Number(first);
  const lanes = second === undefined ? {} : { lanes: Number(second) };
  if (isGrid) {
    const { gridNetwork } = await import('../../mobility/network/generators/grid.ts');
    return gridNetwork({ columns: size, rows: Number(second) });
  }
  if (kind === 'highway') {
    const { highwayNetwork } = await import('../../mobility/network/generators/highway.ts');
    return highwayNetwork({ lengthMeters: size, ...lanes, ramps: rampsOf(rest, words) });
  }
  const { ringNetwork, segmentNetwork } = await import('../../mobility/network/generators/simple.ts');
  return (kind === 'ring' ? ringNetwork : segmentNetwork)({ lengthMeters: size, ...lanes });
}

/** `on@1000,off@3000`: ramps and where they meet the highway, metres. */
function rampsOf(text: string | undefined, words: string): HighwayRamp[] {
  if (text === undefined) return [];
  return text.split(',').map((ramp) => {
    const [, kind, meters] = /^(on|off)@(\d+(?:\.\d+)?)$/.exec(ramp) ?? [];
    if (kind === undefined)
      throw new RoadbedError('usage', `${words}: ramp "${ramp}" (expected on@<metres> or off@<metres>)`);
    return { kind: kind as HighwayRamp['kind'], atMeters: Number(meters) };
  });
}
