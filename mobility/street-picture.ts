// A street network as a picture: lanes, stop lines at signals, and what those show. Made for drawing; nothing decides by it.
// Must not: know of vehicles.

import { LaneShapes } from './contacts/lane-shapes.ts';
import type { Network } from './network/network.ts';
import type { SignalColour, StreetPicture } from './types.ts';

/** The picture, and a way to ask what its stop lines show. */
export interface SignalledPicture {
  readonly picture: StreetPicture;
  /** Colours of the stop lines from the state letters of each signal of the network. */
  colours(stateOf: (signal: number) => string): SignalColour[];
}

/** A decimetre is finer than a screen shows a city. */
const rounded = (meters: number): number => Math.round(meters * 10) / 10;

export function pictureOf(network: Network): SignalledPicture {
  const { edges, lanes } = network;
  const shapes = new LaneShapes(network);
  const rows = Array.from({ length: lanes.count }, (_, lane) => lane);
  const held = rows.filter(
    (lane) => edges.internal[lanes.edge[lane]!] === 0 && signalledLinks(network, lane).length > 0,
  );
  const lights = held.map((lane) => signalledLinks(network, lane));
  const point = new Float64Array(3);
  return {
    picture: {
      lanes: rows.map((lane) => ({ widthMeters: lanes.widthMeters[lane]!, points: pointsOf(network, lane) })),
      stopLines: held.map((lane) => {
        shapes.pointAt(lane, lanes.lengthMeters[lane]!, point);
        const [x = 0, y = 0, headingRadians = 0] = point;
        return { x: rounded(x), y: rounded(y), headingRadians, widthMeters: lanes.widthMeters[lane]! };
      }),
    },
    colours: (stateOf) =>
      lights.map((links) => {
        const { signal, signalIndex } = network.links;
        return brightest(links.map((link) => stateOf(signal[link]!)[signalIndex[link]!] ?? 'O'));
      }),
  };
}

function signalledLinks({ lanes, links }: Network, lane: number): number[] {
  const found: number[] = [];
  for (let link = lanes.firstLink[lane]!; link < lanes.firstLink[lane + 1]!; link++)
    if (links.signal[link]! >= 0) found.push(link);
  return found;
}

function pointsOf({ lanes }: Network, lane: number): { x: number; y: number }[] {
  const points = [];
  for (let p = lanes.firstPoint[lane]!; p < lanes.firstPoint[lane + 1]!; p++)
    points.push({ x: rounded(lanes.shape[2 * p]!), y: rounded(lanes.shape[2 * p + 1]!) });
  return points;
}

const colourOfLetter: Readonly<Record<string, SignalColour>> = {
  G: 'green',
  g: 'green',
  y: 'yellow',
  Y: 'yellow',
  u: 'yellow',
  r: 'red',
  R: 'red',
  s: 'red',
};
const order: readonly SignalColour[] = ['off', 'red', 'yellow', 'green'];

/** Of several links the one that may drive soonest. */
function brightest(letters: readonly string[]): SignalColour {
  const ranks = letters.map((letter) => order.indexOf(colourOfLetter[letter] ?? 'off'));
  return order[Math.max(...ranks)] ?? 'off';
}
