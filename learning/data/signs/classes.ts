// The 43 sign classes: a name and a drawing for each, in the groups and the order of the German Traffic Sign
// Recognition Benchmark (Stallkamp et al. 2012, Neural Networks 32, doi 10.1016/j.neunet.2012.02.016), so that results
// on the drawn set and on GTSRB can be laid side by side. Must not: contain pixels of GTSRB or of a published sign.

import {
  characters,
  dangerGlyphs,
  endGlyphs,
  mandatoryGlyphs,
  outlines,
  prohibitionGlyphs,
} from './glyphs.ts';
import type { Placement } from './paths.ts';

/** Red, green, blue, 0..255. */
export type Colour = readonly [number, number, number];

/** One shape of one colour. A path is filled, stroked, or both; a disc stands in the middle of the sign. */
export type Layer =
  | { readonly kind: 'disc'; readonly radius: number; readonly colour: Colour }
  | {
      readonly kind: 'path';
      readonly path: string;
      readonly place?: Placement;
      readonly filled: boolean;
      /** Width of the stroke in units of the sign's radius; 0 for none. */
      readonly strokeWidth: number;
      readonly colour: Colour;
    };

export interface SignClass {
  readonly name: string;
  /** From the bottom up. */
  readonly layers: readonly Layer[];
}

const white: Colour = [236, 236, 232];
const black: Colour = [26, 26, 30];
const red: Colour = [196, 30, 42];
const blue: Colour = [18, 84, 176];
const yellow: Colour = [244, 178, 24];
const green: Colour = [24, 140, 76];
const grey: Colour = [128, 130, 132];

const disc = (radius: number, colour: Colour): Layer => ({ kind: 'disc', radius, colour });
const fill = (path: string, colour: Colour, place?: Placement): Layer => ({
  kind: 'path',
  path,
  place,
  filled: true,
  strokeWidth: 0,
  colour,
});
const stroke = (path: string, strokeWidth: number, colour: Colour, place?: Placement): Layer => ({
  kind: 'path',
  path,
  place,
  filled: false,
  strokeWidth,
  colour,
});
const rounded = (path: string, colour: Colour): Layer => ({
  kind: 'path',
  path,
  filled: true,
  strokeWidth: 0.14,
  colour,
});

/** Mirrored about the vertical axis: what turns right turns left. */
const mirror: Placement = { x: 0, y: 0, scaleX: -1, scaleY: 1 };
const at = (x: number, y: number, scale = 1): Placement => ({ x, y, scaleX: scale, scaleY: scale });

/** Sets `text` in the middle of the sign. */
function lettering(
  text: string,
  options: { height: number; width: number; weight: number; colour: Colour },
): Layer[] {
  const { height, width, weight, colour } = options;
  const pitch = width / text.length;
  const scaleX = (pitch - weight * 1.25) / 0.6;
  return [...text].map((character, i) =>
    stroke(characters[character] ?? '', weight, colour, {
      x: (i - text.length / 2) * pitch + weight * 0.625,
      y: -height / 2,
      scaleX,
      scaleY: height,
    }),
  );
}

const number = (text: string, colour: Colour): Layer[] =>
  text.length === 2
    ? lettering(text, { height: 0.66, width: 1.06, weight: 0.15, colour })
    : lettering(text, { height: 0.62, width: 1.24, weight: 0.125, colour });

const redRing: readonly Layer[] = [disc(0.97, red), disc(0.7, white)];
const endFace: readonly Layer[] = [disc(0.97, grey), disc(0.92, white)];
/** Glyphs of danger signs are drawn a little small; this fills the triangle with them. */
const dangerScale = 1.12;
const enlarged = (glyph: Layer): Layer =>
  glyph.kind === 'disc'
    ? glyph
    : {
        ...glyph,
        place: { x: 0, y: -0.02, scaleX: dangerScale * (glyph.place?.scaleX ?? 1), scaleY: dangerScale },
      };
const danger = (...glyphs: readonly Layer[]): Layer[] => [
  rounded(outlines.triangle, red),
  rounded(outlines.triangleInside, white),
  ...glyphs.map(enlarged),
];
const mandatory = (...glyphs: readonly Layer[]): Layer[] => [disc(0.97, white), disc(0.92, blue), ...glyphs];
const limit = (text: string): SignClass => ({
  name: `speed limit ${text}`,
  layers: [...redRing, ...number(text, black)],
});

const d = dangerGlyphs;
const m = mandatoryGlyphs;
const p = prohibitionGlyphs;
const truckSide = (colour: Colour, place?: Placement): Layer[] => [
  fill(p.truckSide, colour, place),
  fill(p.truckWheels, colour, place),
];

const prohibitionSigns: readonly SignClass[] = [
  ...['20', '30', '50', '60', '70', '80'].map(limit),
  {
    name: 'end of speed limit 80',
    layers: [...endFace, ...number('80', grey), stroke(endGlyphs.bars, 0.04, black)],
  },
  ...['100', '120'].map(limit),
  {
    name: 'no overtaking',
    layers: [
      ...redRing,
      fill(p.carFront, red, at(-0.28, 0.04, 1.05)),
      fill(p.carFront, black, at(0.28, 0.04, 1.05)),
    ],
  },
  {
    name: 'no overtaking by trucks',
    layers: [
      ...redRing,
      fill(p.truckFront, red, at(-0.3, 0.04, 1.1)),
      fill(p.carFront, black, at(0.28, 0.1)),
    ],
  },
];

const prioritySigns: readonly SignClass[] = [
  {
    name: 'right of way at the next crossing',
    layers: danger(
      stroke(d.crossingShaft, 0.15, black),
      stroke(d.crossingBar, 0.1, black),
      fill(d.crossingHeadFilled, black),
    ),
  },
  {
    name: 'priority road',
    layers: [rounded(outlines.diamond, white), rounded(outlines.diamondInside, yellow)],
  },
  {
    name: 'give way',
    layers: [rounded(outlines.triangleDown, red), rounded(outlines.triangleDownInside, white)],
  },
  {
    name: 'stop',
    layers: [
      rounded(outlines.octagon, white),
      rounded(outlines.octagonInside, red),
      ...lettering('STOP', { height: 0.52, width: 1.5, weight: 0.11, colour: white }),
    ],
  },
  { name: 'no vehicles', layers: redRing },
  { name: 'no trucks', layers: [...redRing, ...truckSide(black, at(0, 0.04, 0.98))] },
  { name: 'no entry', layers: [disc(0.97, red), stroke('M -.56 0 L .56 0', 0.26, white)] },
];

const dangerSigns: readonly SignClass[] = [
  {
    name: 'danger',
    layers: danger(stroke(d.exclamationBar, 0.15, black), stroke(d.exclamationDot, 0.17, black)),
  },
  {
    name: 'bend to the left',
    layers: danger(stroke(d.bendLeft, 0.13, black), fill(d.bendLeftHeadFilled, black)),
  },
  {
    name: 'bend to the right',
    layers: danger(stroke(d.bendLeft, 0.13, black, mirror), fill(d.bendLeftHeadFilled, black, mirror)),
  },
  {
    name: 'double bend',
    layers: danger(stroke(d.doubleBend, 0.13, black), fill(d.doubleBendHeadFilled, black)),
  },
  { name: 'uneven road', layers: danger(fill(d.bumpsFilled, black)) },
  { name: 'slippery road', layers: danger(fill(d.skidCarFilled, black), stroke(d.skidMarks, 0.06, black)) },
  {
    name: 'road narrows on the right',
    layers: danger(stroke(d.narrowLeft, 0.09, black), stroke(d.narrowRight, 0.09, black)),
  },
  {
    name: 'road works',
    layers: danger(
      stroke(d.workerBody, 0.1, black),
      stroke(d.workerHead, 0.15, black),
      stroke(d.workerShovel, 0.05, black),
      fill(d.workerHeapFilled, black),
    ),
  },
  {
    name: 'traffic signals',
    layers: danger(
      fill(d.lampBoxFilled, black),
      stroke(d.lampRed, 0.2, red),
      stroke(d.lampYellow, 0.2, yellow),
      stroke(d.lampGreen, 0.2, green),
    ),
  },
  {
    name: 'pedestrians',
    layers: danger(stroke(d.walkerBody, 0.09, black), stroke(d.walkerHead, 0.15, black)),
  },
  {
    name: 'children',
    layers: danger(stroke(d.childrenBodies, 0.07, black), stroke(d.childrenHeads, 0.13, black)),
  },
  {
    name: 'cyclists',
    layers: danger(stroke(d.bicycleWheels, 0.05, black), stroke(d.bicycleFrame, 0.05, black)),
  },
  { name: 'snow and ice', layers: danger(stroke(d.snowArms, 0.07, black)) },
  { name: 'wild animals', layers: danger(fill(d.deerFilled, black), stroke(d.deerAntlers, 0.05, black)) },
];

const turn = (place?: Placement): Layer[] =>
  mandatory(stroke(m.turnRight, 0.24, white, place), fill(m.turnRightHeadFilled, white, place));
const branch = (place?: Placement): Layer[] =>
  mandatory(
    stroke(m.branchStem, 0.2, white, place),
    fill(m.branchStemHeadFilled, white, place),
    stroke(m.branchArm, 0.2, white, place),
    fill(m.branchArmHeadFilled, white, place),
  );
const keep = (place?: Placement): Layer[] =>
  mandatory(stroke(m.keepRight, 0.26, white, place), fill(m.keepRightHeadFilled, white, place));

const mandatorySigns: readonly SignClass[] = [
  { name: 'end of all limits', layers: [...endFace, stroke(endGlyphs.bars, 0.07, black)] },
  { name: 'turn right ahead', layers: turn() },
  { name: 'turn left ahead', layers: turn(mirror) },
  { name: 'ahead only', layers: mandatory(stroke(m.ahead, 0.24, white), fill(m.aheadHeadFilled, white)) },
  { name: 'ahead or right', layers: branch() },
  { name: 'ahead or left', layers: branch(mirror) },
  { name: 'keep right', layers: keep() },
  { name: 'keep left', layers: keep(mirror) },
  {
    name: 'roundabout',
    layers: mandatory(stroke(m.circleArcs, 0.14, white), fill(m.circleHeadsFilled, white)),
  },
  {
    name: 'end of no overtaking',
    layers: [
      ...endFace,
      fill(p.carFront, grey, at(-0.3, 0.06, 1.2)),
      fill(p.carFront, black, at(0.3, 0.06, 1.2)),
      stroke(endGlyphs.bars, 0.04, black),
    ],
  },
  {
    name: 'end of no overtaking by trucks',
    layers: [
      ...endFace,
      fill(p.truckFront, grey, at(-0.32, 0.08, 1.3)),
      fill(p.carFront, black, at(0.32, 0.14, 1.1)),
      stroke(endGlyphs.bars, 0.04, black),
    ],
  },
];

/** All classes; the label of a sample is the index into this table. */
export const signClasses: readonly SignClass[] = [
  ...prohibitionSigns,
  ...prioritySigns,
  ...dangerSigns,
  ...mandatorySigns,
];
