// The drawn traffic-sign set: 43 classes as a small camera would see them, made from a seed, so that roadbed runs
// without a download. Drawing: signs/classes.ts; the camera: signs/camera.ts. Must not: read a file, or change for a
// given seed without raising `signsVersion`, because recorded runs name the data they used.

import { Rng } from '../../base/rng.ts';
import type { Dataset } from '../learner.ts';
import { imageSize } from './signs/background.ts';
import { type Conditions, defaultConditions, newFilm, takePicture } from './signs/camera.ts';
import { signClasses } from './signs/classes.ts';
import { drawTexture } from './signs/texture.ts';

/** Version of the drawing. Any change of a pixel for the same seed needs a new one. */
export const signsVersion = 1;

/** Names of the 43 classes, in the order of their labels. */
export const signClassNames: readonly string[] = signClasses.map((sign) => sign.name);

export interface SignsOptions {
  /** How many images. */
  readonly count: number;
  /** Decides every pixel and the order of labels. */
  readonly seed: number;
  /** Use only the first so many classes; default 43. */
  readonly classes?: number;
  /** How bad the pictures are; default `defaultConditions`. */
  readonly conditions?: Conditions;
}

/**
 * Draws `count` images of 32 x 32 x 3. Every class gets count / classes images; what is left over goes to the first
 * classes. Labels are shuffled. Throws RangeError at a count below 1 or classes outside 1..43.
 */
export function generateSigns(options: SignsOptions): Dataset {
  const { count, seed, classes = signClasses.length, conditions = defaultConditions } = options;
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`invalid count: ${count} (expected >= 1)`);
  if (!Number.isInteger(classes) || classes < 1 || classes > signClasses.length)
    throw new RangeError(`invalid classes: ${classes} (expected 1..${signClasses.length})`);
  const root = Rng.root(seed).fork('signs');
  const labels = root.fork('labels').shuffle(Uint8Array.from({ length: count }, (_, i) => i % classes));
  const textures = signClasses.map(drawTexture);
  const bytesPerImage = imageSize * imageSize * 3;
  const images = new Uint8Array(count * bytesPerImage);
  const film = newFilm();
  for (let i = 0; i < count; i++) {
    const shot = {
      sign: textures[labels[i]!]!,
      neighbours: textures,
      conditions,
      rng: root.fork(`image ${i}`),
    };
    takePicture(film, shot, images.subarray(i * bytesPerImage, (i + 1) * bytesPerImage));
  }
  return { inputShape: [imageSize, imageSize, 3], classes, images, labels };
}
