// The little SVG that plots of experiments need: axes with round ticks, marks, colours. Equal input gives equal bytes.
// Must not: know what is plotted.

/** Text as it may stand in SVG and HTML. */
export function escaped(text: string): string {
  const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (mark) => marks[mark]!);
}

export const round = (value: number): string => String(Math.round(value * 100) / 100);

/** Hues a golden angle apart, three depths in turn: neighbours always differ. */
export const colourOf = (index: number): string =>
  `hsl(${Math.round((210 + index * 137.508) % 360)} 60% ${[42, 56, 32][index % 3]}%)`;

/** About five round values from `low` to `high`. */
export function ticks(low: number, high: number): number[] {
  const span = Math.max(high - low, 1e-12);
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => span / one <= 6)!;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

export interface Axis {
  readonly title: string;
  readonly low: number;
  readonly high: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly margin: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
}

/** A frame's scale for one axis. */
export const scaleX =
  ({ width, margin }: Frame, { low, high }: Axis) =>
  (value: number): number =>
    margin.left + ((value - low) / (high - low || 1)) * (width - margin.left - margin.right);

export const scaleY =
  ({ height, margin }: Frame, { low, high }: Axis) =>
  (value: number): number =>
    height - margin.bottom - ((value - low) / (high - low || 1)) * (height - margin.top - margin.bottom);

export const textAt = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${round(x)}" y="${round(y)}"${more}>${escaped(content)}</text>`;

/** Ticks and title of the horizontal axis. */
export function axisX(frame: Frame, axis: Axis): string[] {
  const x = scaleX(frame, axis);
  const { height, margin, width } = frame;
  const floor = height - margin.bottom;
  const lines = ticks(axis.low, axis.high).flatMap((value) => [
    `<line x1="${round(x(value))}" x2="${round(x(value))}" y1="${margin.top}" y2="${floor}" class="grid"/>`,
    textAt(x(value), floor + 15, round(value), ' text-anchor="middle"'),
  ]);
  return [
    ...lines,
    textAt((margin.left + width - margin.right) / 2, height - 6, axis.title, ' text-anchor="middle"'),
  ];
}

/** Ticks and title of the vertical axis. */
export function axisY(frame: Frame, axis: Axis): string[] {
  const y = scaleY(frame, axis);
  const { margin, width, height } = frame;
  const lines = ticks(axis.low, axis.high).flatMap((value) => [
    `<line x1="${margin.left}" x2="${width - margin.right}" y1="${round(y(value))}" y2="${round(y(value))}" class="grid"/>`,
    textAt(margin.left - 6, y(value) + 4, round(value), ' text-anchor="end"'),
  ]);
  const middle = (margin.top + height - margin.bottom) / 2;
  return [
    ...lines,
    textAt(14, middle, axis.title, ` transform="rotate(-90 14 ${round(middle)})" text-anchor="middle"`),
  ];
}

/** A whole picture. Colours of grid and text are set inside, so that a saved picture looks the same. */
export function svgOf({ width, height }: Frame, label: string, parts: readonly string[]): string {
  const style = '<style>.grid{stroke:#ddd}.axis{stroke:#666}</style>';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11" role="img" aria-label="${escaped(label)}">`,
    style,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>',
  ].join('\n');
}
