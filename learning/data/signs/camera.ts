// The small camera behind the windscreen: where the sign stands in the picture, what covers it, the light, the blur and
// the noise of the sensor. One call makes one training image. Only + - * / and sqrt touch pixels, so the same seed gives
// the same bytes on every machine. Must not: look at the class of the sign; difficulty must not leak labels.

import type { Rng } from '../../../base/rng.ts';
import { imageSize, paintBackground, paintRectangle, pixelCount, streetColour } from './background.ts';
import { type Texture, textureSize } from './texture.ts';

/** How bad the pictures are. Chosen so that the set separates models: see `defaultConditions`. */
export interface Conditions {
  /** Apparent radius of the sign as a share of half the image edge. */
  readonly radius: readonly [number, number];
  /** Largest shift of the centre, as a share of half the image edge. */
  readonly shift: number;
  /** Largest rotation as tan of half the angle: 0.1 is 11.4 degrees. */
  readonly halfTurn: number;
  /** Largest shear and largest relative difference of width and height. */
  readonly shear: number;
  /** Largest perspective: relative change of size across the half image. */
  readonly perspective: number;
  /** Darkest and brightest exposure, as a gain. */
  readonly gain: readonly [number, number];
  /** Largest share of haze, which pulls all colours to one grey. */
  readonly haze: number;
  /** Largest relative error of a colour channel. */
  readonly cast: number;
  /** Probability that something covers a part, that a shadow falls, that a neighbouring sign shows. */
  readonly occluded: number;
  readonly shadowed: number;
  readonly accompanied: number;
  /** Most blur passes along each axis; a pass has the weights a, 1-2a, a with a up to 1/3. */
  readonly blurPasses: number;
  /** Largest standard deviation of the sensor noise, in grey levels. */
  readonly noise: number;
}

/**
 * Conditions of the published set. Chosen so that a model must see shape, not only colour: with 8,600 training and
 * 2,150 test images (SGD, momentum 0.9, batches of 32) softmax regression on pixels reaches 0.59 after 40 epochs,
 * LeNet-5 reaches 0.94 after 15. The shift is what stops the linear model. Held by `test/unit/signs-difficulty.test.ts`.
 */
export const defaultConditions: Conditions = {
  radius: [0.76, 0.96],
  shift: 0.19,
  halfTurn: 0.1,
  shear: 0.07,
  perspective: 0.07,
  gain: [0.35, 1.3],
  haze: 0.35,
  cast: 0.12,
  occluded: 0.12,
  shadowed: 0.3,
  accompanied: 0.15,
  blurPasses: 1,
  noise: 8,
};

/** Working memory for one image, reused for the next. */
export interface Film {
  readonly image: Float32Array;
  readonly scratch: Float32Array;
}

export function newFilm(): Film {
  return { image: new Float32Array(pixelCount * 3), scratch: new Float32Array(pixelCount * 3) };
}

/** Sign coordinates from picture coordinates: u = (a x + b y + c) / (1 + g x + h y), v with d, e, f likewise. */
type Projection = readonly [number, number, number, number, number, number, number, number];

export interface Shot {
  readonly sign: Texture;
  /** Signs that may show at the picture's edge. */
  readonly neighbours: readonly Texture[];
  readonly conditions: Conditions;
  readonly rng: Rng;
}

/** Takes one picture of `shot.sign` into `out` (32 x 32 x 3 bytes). */
export function takePicture(film: Film, shot: Shot, out: Uint8Array): void {
  const { rng, conditions } = shot;
  const { image } = film;
  paintBackground(image, rng.fork('background'));
  const pose = rng.fork('pose');
  if (pose.uniform() < conditions.accompanied) paintNeighbour(image, shot, pose);
  const fading = pose.between(0, 0.35);
  paintSign(image, { sign: shot.sign, projection: drawPose(conditions, pose), fading });
  const light = rng.fork('light');
  if (light.uniform() < conditions.occluded) paintOccluder(image, light);
  if (light.uniform() < conditions.shadowed) castShadow(image, light);
  expose(image, conditions, light);
  const sensor = rng.fork('sensor');
  blur(film, conditions, sensor);
  readSensor(image, out, sensor, sensor.between(1, conditions.noise));
}

function drawPose(conditions: Conditions, rng: Rng): Projection {
  const { shift, halfTurn, shear, perspective } = conditions;
  const radius = rng.between(conditions.radius[0], conditions.radius[1]);
  return projection({
    radius,
    x: rng.between(-shift, shift),
    y: rng.between(-shift, shift),
    halfTurn: rng.between(-halfTurn, halfTurn),
    stretch: rng.between(-shear, shear),
    shear: rng.between(-shear, shear),
    perspective: [rng.between(-perspective, perspective), rng.between(-perspective, perspective)],
  });
}

interface Pose {
  readonly radius: number;
  readonly x: number;
  readonly y: number;
  readonly halfTurn: number;
  readonly stretch: number;
  readonly shear: number;
  readonly perspective: readonly [number, number];
}

/** The map from the picture (-1..1) to the sign (-1..1): shift, turn, shear, stretch, scale. */
function projection(pose: Pose): Projection {
  const t = pose.halfTurn;
  const cosine = (1 - t * t) / (1 + t * t);
  const sine = (2 * t) / (1 + t * t);
  const scaleX = 1 / (pose.radius * (1 + pose.stretch));
  const scaleY = 1 / (pose.radius * (1 - pose.stretch));
  const a = (cosine + pose.shear * sine) * scaleX;
  const b = (sine - pose.shear * cosine) * scaleX;
  const d = -sine * scaleY;
  const e = cosine * scaleY;
  const [g, h] = pose.perspective;
  return [a, b, -(a * pose.x + b * pose.y), d, e, -(d * pose.x + e * pose.y), g, h];
}

/** A second sign on the same pole, mostly above or below the picture, sometimes beside it. */
function paintNeighbour(image: Float32Array, shot: Shot, rng: Rng): void {
  const sign = shot.neighbours[rng.integer(shot.neighbours.length)]!;
  const away = rng.between(1.35, 1.7) * (rng.uniform() < 0.5 ? -1 : 1);
  const aside = rng.between(-0.15, 0.15);
  const upright = rng.uniform() < 0.8;
  const place = upright ? { x: aside, y: away } : { x: away, y: aside };
  const straight = { halfTurn: 0, stretch: 0, shear: 0, perspective: [0, 0] } as const;
  paintSign(image, {
    sign,
    projection: projection({ radius: rng.between(0.6, 0.8), ...place, ...straight }),
    fading: 0.2,
  });
}

interface PaintedSign {
  readonly sign: Texture;
  readonly projection: Projection;
  /** 0 is fresh paint, 1 is grey. */
  readonly fading: number;
}

/** Lays the sign over the image, 2 x 2 samples per pixel. */
function paintSign(image: Float32Array, painted: PaintedSign): void {
  const [a, b, c, d, e, f, g, h] = painted.projection;
  const sum = new Float32Array(4);
  for (let pixel = 0; pixel < pixelCount; pixel++) {
    sum.fill(0);
    for (let sample = 0; sample < 4; sample++) {
      const x = (2 * ((pixel % imageSize) + 0.25 + 0.5 * (sample & 1))) / imageSize - 1;
      const y = (2 * (Math.floor(pixel / imageSize) + 0.25 + 0.25 * (sample & 2))) / imageSize - 1;
      const w = 1 / (1 + g * x + h * y);
      addTexel(sum, painted.sign, (a * x + b * y + c) * w, (d * x + e * y + f) * w);
    }
    if (sum[3]! > 0) blend(image, pixel * 3, sum, painted.fading);
  }
}

/** Adds the texture's colour at (u, v), bilinear. Beside the texture there is nothing to add. */
function addTexel(sum: Float32Array, texture: Texture, u: number, v: number): void {
  const x = (u + 1) * 0.5 * textureSize - 0.5;
  const y = (v + 1) * 0.5 * textureSize - 0.5;
  if (x < 0 || y < 0 || x >= textureSize - 1 || y >= textureSize - 1) return;
  const left = Math.floor(x);
  const top = Math.floor(y);
  const fx = x - left;
  const fy = y - top;
  const { texels } = texture;
  const upper = (top * textureSize + left) * 4;
  const lower = upper + textureSize * 4;
  const upperLeft = (1 - fx) * (1 - fy);
  const upperRight = fx * (1 - fy);
  const lowerLeft = (1 - fx) * fy;
  const lowerRight = fx * fy;
  for (let c = 0; c < 4; c++) {
    sum[c]! +=
      texels[upper + c]! * upperLeft +
      texels[upper + 4 + c]! * upperRight +
      texels[lower + c]! * lowerLeft +
      texels[lower + 4 + c]! * lowerRight;
  }
}

/** `sum` holds four premultiplied samples. */
function blend(image: Float32Array, first: number, sum: Float32Array, fading: number): void {
  const alpha = sum[3]! / 4;
  const grey = (sum[0]! + sum[1]! + sum[2]!) / 12;
  for (let c = 0; c < 3; c++) {
    const colour = (sum[c]! / 4) * (1 - fading) + grey * fading;
    image[first + c] = image[first + c]! * (1 - alpha) + colour;
  }
}

/** A branch, a sticker, a passing car: a bar across or a patch, in a colour of the street. */
function paintOccluder(image: Float32Array, rng: Rng): void {
  const colour = streetColour(rng, 30);
  const kind = rng.integer(3);
  const thickness = 2 + rng.integer(4);
  const offset = rng.integer(imageSize);
  if (kind === 0)
    paintRectangle(image, { left: 0, top: offset, width: imageSize, height: thickness }, colour);
  else if (kind === 1)
    paintRectangle(image, { left: offset, top: 0, width: thickness, height: imageSize }, colour);
  else {
    const size = 5 + rng.integer(6);
    paintRectangle(
      image,
      { left: offset - 3, top: rng.integer(imageSize) - 3, width: size, height: size },
      colour,
    );
  }
}

/** Darkens one side of a line through the middle of the picture. */
function castShadow(image: Float32Array, rng: Rng): void {
  const gain = rng.between(0.35, 0.75);
  const slope = rng.between(-1.5, 1.5);
  const offset = rng.between(8, 24) - slope * (imageSize / 2);
  const side = rng.uniform() < 0.5;
  for (let pixel = 0; pixel < pixelCount; pixel++) {
    const beyond = Math.floor(pixel / imageSize) > slope * (pixel % imageSize) + offset;
    if (beyond !== side) continue;
    for (let c = 0; c < 3; c++) image[pixel * 3 + c]! *= gain;
  }
}

/** Haze first, which is light on the way to the lens; then exposure and the cast of the white balance. */
function expose(image: Float32Array, conditions: Conditions, rng: Rng): void {
  const haze = conditions.haze * rng.uniform() * rng.uniform();
  const veil = rng.between(90, 210);
  const dark = rng.uniform();
  const gain = conditions.gain[0] + (conditions.gain[1] - conditions.gain[0]) * dark;
  for (let c = 0; c < 3; c++) {
    const gainOfChannel = gain * rng.between(1 - conditions.cast, 1 + conditions.cast);
    for (let i = c; i < image.length; i += 3)
      image[i] = (image[i]! * (1 - haze) + veil * haze) * gainOfChannel;
  }
}

/** Several passes of a three-tap filter along each axis: out of focus where equal, moving where not. */
function blur(film: Film, conditions: Conditions, rng: Rng): void {
  const weights = [rng.between(0, 1 / 3), rng.between(0, 1 / 3)] as const;
  for (let passes = rng.integer(conditions.blurPasses + 1); passes > 0; passes--)
    blurAxis(film, { weight: weights[0], stride: 3, along: 'x' });
  for (let passes = rng.integer(conditions.blurPasses + 1); passes > 0; passes--)
    blurAxis(film, { weight: weights[1], stride: imageSize * 3, along: 'y' });
}

function blurAxis(film: Film, pass: { weight: number; stride: number; along: 'x' | 'y' }): void {
  const { image, scratch } = film;
  const { weight, stride } = pass;
  scratch.set(image);
  for (let pixel = 0; pixel < pixelCount; pixel++) {
    const position = pass.along === 'x' ? pixel % imageSize : Math.floor(pixel / imageSize);
    const before = position === 0 ? 0 : stride;
    const after = position === imageSize - 1 ? 0 : stride;
    for (let i = pixel * 3; i < pixel * 3 + 3; i++)
      image[i] = scratch[i]! * (1 - 2 * weight) + (scratch[i - before]! + scratch[i + after]!) * weight;
  }
}

/** Standard deviation of the sum of four uniform bytes: sqrt(4 * (256^2 - 1) / 12). */
const fourBytesDeviation = Math.sqrt(21845);

/** Adds noise, clips, rounds. Four bytes of one draw, summed, are near enough to normal and cheap. */
function readSensor(image: Float32Array, out: Uint8Array, rng: Rng, deviation: number): void {
  const scale = deviation / fourBytesDeviation;
  for (let i = 0; i < image.length; i++) {
    const bits = rng.next();
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
    const value = image[i]! + (sum - 510) * scale + 0.5;
    out[i] = value < 0 ? 0 : value > 255 ? 255 : Math.floor(value);
  }
}
