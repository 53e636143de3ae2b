// Between a network's metres and longitude and latitude, by proj4: a network's plane is a map projection moved by an offset.
// Must not: be asked in the hot loop.

import proj4 from 'proj4';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { Projection } from './network.ts';

/** SUMO writes this where a network has no place on earth. */
const noProjection = '!';

/** A network without a place on earth. */
export function planeProjection(bounds: Projection['bounds']): Projection {
  return { offsetX: 0, offsetY: 0, proj4: undefined, bounds };
}

/** The proj4 text of SUMO's `projParameter`; undefined where it says that there is none. */
export function projectionText(parameter: string): string | undefined {
  const text = parameter.trim();
  return text === noProjection || text === '' ? undefined : text;
}

/** Why proj4 cannot use a projection; undefined: it can. */
export function projectionFault(text: string): string | undefined {
  if (!text.startsWith('+') || !/\+proj=\w/.test(text)) return 'it is no list of +proj=... parameters';
  try {
    const [x, y] = proj4(text).forward([0, 0]);
    return Number.isNaN(x) && Number.isNaN(y) ? 'it gives no coordinates' : undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Maps between a network's plane and the earth. */
export interface EarthMap {
  /** Degrees of longitude and latitude of a point in network coordinates. */
  toEarth(x: number, y: number): readonly [lon: number, lat: number];
  /** Network coordinates of a place on earth. */
  toPlane(lon: number, lat: number): readonly [x: number, y: number];
}

/** The map of a network. Throws RoadbedError('data') where the network has no place on earth. */
export function earthMap({ proj4: text, offsetX, offsetY }: Projection, name: string): EarthMap {
  if (text === undefined) {
    throw new RoadbedError(
      'data',
      `${name} has no projection: its points have no longitude and latitude (expected projParameter)`,
    );
  }
  const converter = proj4(text);
  return {
    toEarth: (x, y) => converter.inverse([x - offsetX, y - offsetY]) as [number, number],
    toPlane: (lon, lat) => {
      const [x, y] = converter.forward([lon, lat]);
      return [x! + offsetX, y! + offsetY];
    },
  };
}
