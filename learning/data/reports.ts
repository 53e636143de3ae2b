// Traffic reports made from a seed, letter by letter a language with structure: places have kinds, vehicles have numbers,
// and what a sentence says later depends on what it said before. A model that writes the next letter learns from it without
// a download. Must not: read a file, or change for a given seed; recorded runs name the data they used.

import { Rng } from '../../base/rng.ts';
import type { Dataset } from '../learner.ts';

/** Token n is character n: 65 of them. */
const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,';

/** Names of the classes, for tables; a blank is spelled. */
export const reportClassNames: readonly string[] = [...alphabet].map((letter) =>
  letter === ' ' ? 'blank' : letter,
);

/** Tokens of a sample. */
const length = 64;

const vehicles = ['Car', 'Bus', 'Truck', 'Tram'] as const;
const places = {
  Bridge: ['North', 'South', 'Old', 'Iron'],
  Street: ['Mill', 'Church', 'Station', 'Park'],
  Tunnel: ['Hill', 'River', 'East'],
} as const;
/** What happens at a place, by its kind; and what follows from it. */
const events = {
  Bridge: ['meets strong wind', 'waits for a ship'],
  Street: ['stops for children', 'finds a parked van', 'turns left'],
  Tunnel: ['switches its lights on', 'loses its position'],
} as const;
const consequences: Readonly<Record<string, string>> = {
  'meets strong wind': 'It slows down.',
  'waits for a ship': 'The road is closed.',
  'stops for children': 'It brakes hard.',
  'finds a parked van': 'It changes lanes.',
  'turns left': 'It gives way.',
  'switches its lights on': 'It is dark there.',
  'loses its position': 'It keeps its lane.',
};

function pick<T>(stream: Rng, items: readonly T[]): T {
  return items[stream.integer(items.length)]!;
}

function report(stream: Rng): string {
  const kind = pick(stream, Object.keys(places) as (keyof typeof places)[]);
  const event = pick<string>(stream, events[kind]);
  const vehicle = `${pick(stream, vehicles)} ${10 + stream.integer(90)}`;
  return `${vehicle} on ${pick<string>(stream, places[kind])} ${kind} ${event}. ${consequences[event]} `;
}

export interface ReportsOptions {
  /** How many samples. */
  readonly count: number;
  readonly seed: number;
}

/**
 * `count` samples of 64 letters, each from somewhere in a text of its own, labelled at every position with the letter
 * that follows. Throws RangeError at a count below 1.
 */
export function generateReports({ count, seed }: ReportsOptions): Dataset {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`invalid count: ${count} (expected >= 1)`);
  const root = Rng.root(seed).fork('reports');
  const images = new Uint8Array(count * length);
  const labels = new Uint8Array(count * length);
  for (let i = 0; i < count; i++) {
    const stream = root.fork(`sample ${i}`);
    let text = report(stream);
    const from = stream.integer(text.length);
    while (text.length < from + length + 1) text += report(stream);
    for (let p = 0; p < length; p++) {
      images[i * length + p] = alphabet.indexOf(text[from + p]!);
      labels[i * length + p] = alphabet.indexOf(text[from + p + 1]!);
    }
  }
  return { inputShape: [1, length, 1], classes: alphabet.length, images, labels };
}
