// Stacked bars as an SVG picture: one bar for each vehicle, one band for each class. Written by hand, so that a picture
// needs no library and equal input gives equal bytes. Must not: write files.

export interface Bar {
  readonly name: string;
  /** One count for each band. */
  readonly counts: readonly number[];
}

export interface StackedBars {
  readonly title: string;
  /** What a count counts, such as `samples`. */
  readonly unit: string;
  readonly bands: readonly string[];
  readonly bars: readonly Bar[];
}

const barWidth = 18;
const barGap = 4;
const plotHeight = 320;
const margin = { left: 64, top: 40, bottom: 90, right: 16 } as const;
const legend = { columnWidth: 150, rowHeight: 15, rows: 22 } as const;
/** Least room for the title. */
const plotWidthLeast = 260;

function escaped(text: string): string {
  const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (mark) => marks[mark]!);
}

/** Hues a golden angle apart, three depths in turn: neighbours always differ. */
function colourOf(band: number): string {
  const hue = Math.round((band * 137.508) % 360);
  return `hsl(${hue} 62% ${[46, 62, 34][band % 3]}%)`;
}

const round = (value: number): string => String(Math.round(value * 100) / 100);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The smallest of 1, 2, 4, 6, 8 times a power of ten that is not below `value`. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((candidate) => candidate >= value)!;
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}"${more}>${escaped(content)}</text>`;
}

function axis(top: number, width: number, unit: string): string[] {
  const lines = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const y = margin.top + plotHeight * (1 - share);
    const line = `<line x1="${margin.left}" y1="${round(y)}" x2="${margin.left + width}" y2="${round(y)}" stroke="#ddd"/>`;
    return [line, text(margin.left - 6, y + 4, round(top * share), ' text-anchor="end"')];
  });
  const middle = margin.top + plotHeight / 2;
  return [...lines, text(16, middle, unit, ` transform="rotate(-90 16 ${middle})" text-anchor="middle"`)];
}

function barOf(bar: Bar, index: number, top: number, { bands, unit }: StackedBars): string[] {
  const x = margin.left + barGap + index * (barWidth + barGap);
  const floor = margin.top + plotHeight;
  let below = 0;
  const pieces = bar.counts.flatMap((count, band) => {
    if (count === 0) return [];
    const height = (count / top) * plotHeight;
    const y = floor - (below / top) * plotHeight - height;
    below += count;
    const hint = `<title>${escaped(`${bar.name}: ${count} ${unit} of ${bands[band]}`)}</title>`;
    return [
      `<rect x="${x}" y="${round(y)}" width="${barWidth}" height="${round(height)}" fill="${colourOf(band)}">${hint}</rect>`,
    ];
  });
  const centre = x + barWidth / 2 + 4;
  const turned = ` transform="rotate(-90 ${centre} ${floor + 6})" text-anchor="end"`;
  return [...pieces, text(centre, floor + 6, bar.name, turned)];
}

function legendOf(bands: readonly string[], left: number): string[] {
  return bands.flatMap((band, index) => {
    const x = left + Math.floor(index / legend.rows) * legend.columnWidth;
    const y = margin.top + (index % legend.rows) * legend.rowHeight;
    return [
      `<rect x="${x}" y="${y}" width="10" height="10" fill="${colourOf(index)}"/>`,
      text(x + 15, y + 9, band),
    ];
  });
}

/** The picture as text. Throws RangeError at a bar whose counts do not fit the bands. */
export function stackedBarsSvg(chart: StackedBars): string {
  const { bars, bands, title, unit } = chart;
  for (const bar of bars)
    if (bar.counts.length !== bands.length)
      throw new RangeError(`${bar.name}: ${bar.counts.length} counts (expected ${bands.length})`);
  const top = niceCeiling(bars.reduce((most, bar) => Math.max(most, sum(bar.counts)), 0));
  const plotWidth = Math.max(bars.length * (barWidth + barGap) + barGap, plotWidthLeast);
  const columns = Math.ceil(bands.length / legend.rows);
  const legendLeft = margin.left + plotWidth + margin.right;
  const width = legendLeft + columns * legend.columnWidth;
  const height = margin.top + plotHeight + margin.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(margin.left, 22, title, ' font-size="14" font-weight="bold"'),
    ...axis(top, plotWidth, unit),
    ...bars.flatMap((bar, index) => barOf(bar, index, top, chart)),
    ...legendOf(bands, legendLeft),
    '</svg>',
    '',
  ].join('\n');
}
