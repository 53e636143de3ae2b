// The figures on the signs, drawn by us as paths (language: paths.ts): digits, letters, vehicles, people, arrows.
// Must not: be traced or copied from a published pictogram; only the idea of each sign is followed.
//
// Two boxes are in use. Characters: x 0..0.6, y 0..1, to be scaled. All else: the sign's own unit, -1..1 in both axes,
// drawn where it stands on a sign of radius 1.

/** Centre lines of characters; the stroke width is chosen where they are set. */
export const characters: Readonly<Record<string, string>> = {
  '0': 'M .3 0 Q .58 0 .58 .3 L .58 .7 Q .58 1 .3 1 Q .02 1 .02 .7 L .02 .3 Q .02 0 .3 0',
  '1': 'M .1 .22 L .38 0 L .38 1',
  '2': 'M .04 .28 Q .04 0 .3 0 Q .56 0 .56 .27 Q .56 .45 .35 .64 L .02 1 L .58 1',
  '3': 'M .04 .18 Q .1 0 .3 0 Q .56 0 .56 .25 Q .56 .47 .26 .47 Q .58 .47 .58 .73 Q .58 1 .3 1 Q .06 1 .02 .8',
  '5': 'M .54 0 L .1 0 L .06 .46 Q .18 .36 .32 .36 Q .58 .36 .58 .68 Q .58 1 .3 1 Q .08 1 .02 .84',
  '6': 'M .52 .12 Q .44 0 .3 0 Q .02 0 .02 .5 L .02 .7 Q .02 1 .3 1 Q .58 1 .58 .7 Q .58 .42 .3 .42 Q .06 .42 .02 .68',
  '7': 'M .02 0 L .56 0 Q .3 .4 .22 1',
  '8': `M .3 .46 Q .06 .46 .06 .23 Q .06 0 .3 0 Q .54 0 .54 .23 Q .54 .46 .3 .46
        Q .58 .46 .58 .73 Q .58 1 .3 1 Q .02 1 .02 .73 Q .02 .46 .3 .46`,
  S: 'M .54 .15 Q .48 0 .3 0 Q .04 0 .04 .25 Q .04 .46 .3 .5 Q .58 .55 .58 .76 Q .58 1 .3 1 Q .06 1 .02 .82',
  T: 'M 0 0 L .6 0 M .3 0 L .3 1',
  O: 'M .3 0 Q .58 0 .58 .3 L .58 .7 Q .58 1 .3 1 Q .02 1 .02 .7 L .02 .3 Q .02 0 .3 0',
  P: 'M .06 1 L .06 0 L .32 0 Q .58 0 .58 .28 Q .58 .54 .32 .54 L .06 .54',
};

/** Outlines of the faces; a stroke around them rounds their corners. */
export const outlines = {
  triangle: 'M 0 -.8 L .88 .72 L -.88 .72 Z',
  triangleInside: 'M 0 -.46 L .6 .56 L -.6 .56 Z',
  triangleDown: 'M 0 .8 L .88 -.72 L -.88 -.72 Z',
  triangleDownInside: 'M 0 .38 L .52 -.52 L -.52 -.52 Z',
  octagon: 'M -.37 -.89 L .37 -.89 L .89 -.37 L .89 .37 L .37 .89 L -.37 .89 L -.89 .37 L -.89 -.37 Z',
  octagonInside: 'M -.34 -.81 L .34 -.81 L .81 -.34 L .81 .34 L .34 .81 L -.34 .81 L -.81 .34 L -.81 -.34 Z',
  diamond: 'M 0 -.9 L .9 0 L 0 .9 L -.9 0 Z',
  diamondInside: 'M 0 -.52 L .52 0 L 0 .52 L -.52 0 Z',
} as const;

/** A car seen from the front, centred; the truck likewise, higher and square. Filled. */
const carFront = `M -.24 .14 L -.24 -.02 Q -.22 -.07 -.17 -.09 L -.11 -.21 L .11 -.21 L .17 -.09 Q .22 -.07 .24 -.02
  L .24 .14 L .15 .14 L .15 .08 L -.15 .08 L -.15 .14 Z`;
const truckFront = `M -.24 .2 L -.24 -.34 L .24 -.34 L .24 .2 L .16 .2 L .16 .11 L -.16 .11 L -.16 .2 Z
  M -.17 -.27 L .17 -.27 L .17 -.08 L -.17 -.08 Z`;
const truckSide = `M -.58 .2 L -.58 -.3 L .14 -.3 L .14 .2 Z M .19 .2 L .19 -.16 L .4 -.16 L .56 .02 L .56 .2 Z
  M .26 -.1 L .38 -.1 L .46 .02 L .26 .02 Z`;
const truckWheels = 'A -.36 .22 .07 0 360 A .36 .22 .07 0 360';

/** Figures inside the red triangle: their visual centre is about (0, .2). Stroked unless the name says otherwise. */
export const dangerGlyphs = {
  exclamationBar: 'M 0 -.16 L 0 .16',
  exclamationDot: 'M 0 .4 L 0 .41',
  crossingShaft: 'M 0 .5 L 0 0',
  crossingBar: 'M -.22 .2 L .22 .2',
  crossingHeadFilled: 'M 0 -.3 L .17 .02 L -.17 .02 Z',
  bendLeft: 'M .14 .48 L .14 .16 Q .14 .04 .02 .04 L -.04 .04',
  bendLeftHeadFilled: 'M -.3 .04 L -.04 -.14 L -.04 .22 Z',
  doubleBend: 'M .12 .48 L .12 .3 L -.12 .12 L -.12 .02',
  doubleBendHeadFilled: 'M -.12 -.22 L .05 .04 L -.29 .04 Z',
  bumpsFilled:
    'M -.46 .48 L -.46 .42 L -.34 .4 Q -.18 .02 -.02 .34 L .02 .34 Q .18 .02 .34 .4 L .46 .42 L .46 .48 Z',
  skidCarFilled: `M -.2 .14 L -.22 .02 Q -.2 -.04 -.16 -.06 L -.06 -.2 L .14 -.16 L .18 -.02 Q .24 0 .24 .06
    L .24 .18 L .14 .17 L .12 .12 L -.1 .1 L -.12 .15 Z`,
  skidMarks: 'M -.16 .22 Q -.3 .32 -.14 .38 Q 0 .44 -.16 .5 M .14 .24 Q .02 .34 .16 .4 Q .3 .46 .18 .5',
  narrowLeft: 'M -.14 .5 L -.14 -.14',
  narrowRight: 'M .2 .5 L .2 .28 L .06 .08 L .06 -.14',
  workerBody: 'M -.1 -.02 L .02 .2 L -.12 .3 L -.14 .48 M .02 .2 L .1 .34 L .06 .48 M -.08 .04 L .1 .14',
  workerHead: 'M -.12 -.16 L -.11 -.16',
  workerShovel: 'M -.02 .06 L .2 .34',
  workerHeapFilled: 'M .1 .5 Q .28 .12 .46 .5 Z',
  lampBoxFilled: 'M -.13 -.24 L .13 -.24 L .13 .52 L -.13 .52 Z',
  lampRed: 'M 0 -.11 L 0 -.1',
  lampYellow: 'M 0 .13 L 0 .14',
  lampGreen: 'M 0 .37 L 0 .38',
  walkerBody:
    'M .02 -.06 L 0 .2 L .14 .34 L .16 .5 M 0 .2 L -.08 .36 L -.18 .5 M .02 0 L -.12 .14 M .02 0 L .14 .16',
  walkerHead: 'M .03 -.23 L .03 -.22',
  childrenBodies: `M -.16 .08 L -.17 .28 L -.28 .5 M -.17 .28 L -.08 .5 M -.16 .13 L -.3 .22 M -.16 .13 L 0 .2
    M .17 .14 L .16 .32 L .06 .5 M .16 .32 L .28 .5 M .17 .19 L .02 .22 M .17 .19 L .3 .26`,
  childrenHeads: 'M -.15 -.06 L -.15 -.05 M .18 .02 L .18 .03',
  bicycleWheels: 'A -.24 .34 .15 0 360 A .24 .34 .15 0 360',
  bicycleFrame:
    'M -.24 .34 L -.12 .08 L .14 .08 L .24 .34 M -.12 .08 L 0 .34 L .14 .08 L .1 -.06 L .2 -.06 M -.24 .34 L 0 .34 M -.18 0 L -.06 0',
  snowArms: `M 0 -.16 L 0 .48 M -.28 0 L .28 .32 M -.28 .32 L .28 0
    M -.08 -.1 L 0 -.02 L .08 -.1 M -.08 .42 L 0 .34 L .08 .42`,
  deerFilled: `M -.4 .1 L -.14 .08 L .1 .14 L .2 -.02 L .32 0 L .38 .06 L .28 .1 L .18 .3 L .32 .42 L .3 .46 L .1 .34
    L -.16 .32 L -.34 .48 L -.4 .46 L -.28 .28 L -.36 .18 Z`,
  deerAntlers: 'M .22 -.02 L .16 -.18 M .2 -.1 L .28 -.18 M .24 -.02 L .34 -.14',
} as const;

/** Figures inside the red ring. */
export const prohibitionGlyphs = { carFront, truckFront, truckSide, truckWheels } as const;

/** Arrows of the blue disc. Stroked unless the name says otherwise. */
export const mandatoryGlyphs = {
  ahead: 'M 0 .6 L 0 -.2',
  aheadHeadFilled: 'M 0 -.68 L .34 -.14 L -.34 -.14 Z',
  turnRight: 'M -.24 .6 L -.24 .04 Q -.24 -.22 .02 -.22 L .16 -.22',
  turnRightHeadFilled: 'M .62 -.22 L .12 -.56 L .12 .12 Z',
  branchStem: 'M -.22 .62 L -.22 -.28',
  branchStemHeadFilled: 'M -.22 -.72 L .04 -.26 L -.48 -.26 Z',
  branchArm: 'M -.22 .2 L .3 .2',
  branchArmHeadFilled: 'M .68 .2 L .26 -.06 L .26 .46 Z',
  keepRight: 'M -.42 -.42 L .16 .16',
  keepRightHeadFilled: 'M .5 .5 L -.12 .38 L .38 -.12 Z',
  circleArcs: 'A 0 0 .46 -70 20 A 0 0 .46 50 140 A 0 0 .46 170 260',
  circleHeadsFilled:
    'M .36 .4 L .2 .08 L .68 .1 Z M -.55 .12 L -.14 .12 L -.4 .52 Z M .19 -.5 L -.16 -.68 L -.14 -.22 Z',
} as const;

/** Diagonal bars of the end-of signs, from lower left to upper right. */
export const endGlyphs = {
  wideBand: 'M -.56 .56 L .56 -.56',
  bars: 'M -.64 .44 L .44 -.64 M -.58 .52 L .52 -.58 M -.5 .6 L .6 -.5',
} as const;
