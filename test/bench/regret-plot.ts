// The curves of `npm run bench -- regret` as one picture: a panel for each world and number of cars a round, a line for each
// policy. Equal rows give equal bytes. Must not: measure.

import {
  axisX,
  axisY,
  colourOf,
  type Frame,
  round,
  scaleX,
  scaleY,
  svgOf,
  textAt,
} from '../../testbed/experiments/svg.ts';

/** One policy in one world. */
export interface RegretRow {
  readonly world: string;
  readonly policy: string;
  readonly perRound: number;
  readonly rounds: number;
  /** Mean over the seeds, after all rounds. */
  readonly regret: number;
  /** Regret of the second half of the rounds over that of the first: near 1 for linear, near 0 for what has learnt. */
  readonly secondHalf: number;
  /** Regret after every fiftieth of the rounds. */
  readonly curve: readonly number[];
}

const panel: Frame = { width: 430, height: 300, margin: { left: 60, right: 12, top: 28, bottom: 42 } };
const legendWidth = 170;
const columns = 2;

function panelOf(rows: readonly RegretRow[], colours: ReadonlyMap<string, string>): string[] {
  const [{ world, perRound, rounds }] = rows as [RegretRow];
  const high = rows.reduce((most, { regret }) => Math.max(most, regret), 0);
  const x = { title: 'rounds', low: 0, high: rounds };
  const y = { title: 'regret, commits', low: 0, high };
  const [atX, atY] = [scaleX(panel, x), scaleY(panel, y)];
  const lines = rows.map(({ policy, curve }) => {
    const places = curve.map(
      (value, i) => `${round(atX(((i + 1) * rounds) / curve.length))},${round(atY(value))}`,
    );
    return `<polyline points="${round(atX(0))},${round(atY(0))} ${places.join(' ')}" fill="none" stroke="${colours.get(policy)}" stroke-width="1.5"/>`;
  });
  const title = `${world}, ${perRound === 1 ? 'one car' : `${perRound} cars`} a round`;
  return [
    textAt(panel.margin.left, 16, title, ' font-weight="600"'),
    ...axisX(panel, x),
    ...axisY(panel, y),
    ...lines,
  ];
}

function legend(colours: ReadonlyMap<string, string>, left: number): string[] {
  return [...colours].flatMap(([policy, colour], i) => {
    const y = 30 + 18 * i;
    return [
      `<line x1="${left}" x2="${left + 18}" y1="${y - 4}" y2="${y - 4}" stroke="${colour}" stroke-width="2.5"/>`,
      textAt(left + 24, y, policy),
    ];
  });
}

/** All rows as one SVG. */
export function regretPicture(rows: readonly RegretRow[]): string {
  const panels = new Map<string, RegretRow[]>();
  for (const row of rows) {
    const key = `${row.world} ${row.perRound}`;
    panels.set(key, [...(panels.get(key) ?? []), row]);
  }
  const policies = [...new Set(rows.map(({ policy }) => policy))];
  const colours = new Map(policies.map((policy, i) => [policy, colourOf(i)]));
  const parts = [...panels.values()].flatMap((own, i) => [
    `<g transform="translate(${(i % columns) * panel.width} ${Math.floor(i / columns) * panel.height})">`,
    ...panelOf(own, colours),
    '</g>',
  ]);
  const whole: Frame = {
    width: columns * panel.width + legendWidth,
    height: Math.ceil(panels.size / columns) * panel.height,
    margin: panel.margin,
  };
  return svgOf(whole, 'Regret of selection policies', [
    ...parts,
    ...legend(colours, columns * panel.width + 8),
  ]);
}
