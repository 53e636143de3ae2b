// A layer graph with its cut as an SVG picture: a row for each block, layers from left to right, the car's in one colour, the
// RSU's in another, tensors that cross in a third with their size. Written by hand; equal input gives equal bytes.
// Must not: write files, or decide anything.

export interface DrawnLayer {
  readonly name: string;
  readonly operation: string;
  /** Row it stands in. */
  readonly block: number;
  readonly inputs: readonly number[];
  readonly inCar: boolean;
  /** What of it crosses, in words; undefined: nothing. */
  readonly crossing?: string | undefined;
}

export interface CutDrawing {
  readonly title: string;
  readonly subtitle: string;
  /** Names of rows, those of blocks. */
  readonly rows: readonly string[];
  readonly layers: readonly DrawnLayer[];
}

const box = { width: 64, height: 16, gapX: 14, gapY: 8 } as const;
const margin = { left: 96, top: 74, right: 40, bottom: 20 } as const;
const rowGap = 18;
const colours = {
  car: '#9ec9f5',
  rsu: '#f6cf9a',
  edge: '#8a8a8a',
  crossing: '#c8102e',
  text: '#222',
} as const;

interface Place {
  readonly x: number;
  readonly y: number;
}

function escaped(text: string): string {
  const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (mark) => marks[mark]!);
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${x}" y="${y}"${more}>${escaped(content)}</text>`;
}

/** Column and lane of each layer within its row: a lane goes on behind the first layer that reads its last one. */
function lanesOf(layers: readonly DrawnLayer[]): { column: number; lane: number }[] {
  const places: { column: number; lane: number }[] = [];
  const continued = new Set<number>();
  const ends = new Map<number, number[]>();
  for (const layer of layers) {
    const own = layer.inputs.filter((input) => layers[input]!.block === layer.block);
    const column = own.reduce((most, input) => Math.max(most, places[input]!.column + 1), 0);
    const before = own.find((input) => !continued.has(input));
    const lanes = ends.get(layer.block) ?? [];
    ends.set(layer.block, lanes);
    // A lane whose last layer ends left of here is free again.
    const free = lanes.findIndex((last) => last < column - 1);
    const lane = before !== undefined ? places[before]!.lane : free >= 0 ? free : lanes.length;
    if (before !== undefined) continued.add(before);
    lanes[lane] = column;
    places.push({ column, lane });
  }
  return places;
}

function layout({ layers, rows }: CutDrawing): {
  places: Place[];
  tops: number[];
  width: number;
  height: number;
} {
  const lanes = lanesOf(layers);
  const depth = new Array<number>(rows.length).fill(1);
  layers.forEach((layer, v) => {
    depth[layer.block] = Math.max(depth[layer.block]!, lanes[v]!.lane + 1);
  });
  let y: number = margin.top;
  const tops = depth.map((rowLanes) => {
    const top = y;
    y += rowLanes * (box.height + box.gapY) + rowGap;
    return top;
  });
  const places = layers.map((layer, v) => ({
    x: margin.left + lanes[v]!.column * (box.width + box.gapX),
    y: tops[layer.block]! + lanes[v]!.lane * (box.height + box.gapY),
  }));
  const columns = lanes.reduce((most, { column }) => Math.max(most, column + 1), 1);
  const width = Math.max(520, margin.left + columns * (box.width + box.gapX) + margin.right);
  return { places, tops, width, height: y + margin.bottom };
}

/** From the right side of a box to the left side of a later one; over the row where boxes lie between. */
function pathOf(from: Place, to: Place, isNextRow: boolean): string {
  const [x1, y1, x2, y2] = [from.x + box.width, from.y + box.height / 2, to.x, to.y + box.height / 2];
  if (isNextRow) {
    const turn = to.y - box.gapY / 2;
    return `M${x1} ${y1}h6V${turn}H${x2 - 8}V${y2}h8`;
  }
  const isNeighbour = x2 - x1 <= box.gapX;
  if (isNeighbour) return `M${x1} ${y1}L${x2} ${y2}`;
  const over = Math.min(from.y, to.y) - 6;
  return `M${x1} ${y1}C${x1 + 10} ${over} ${x1 + 10} ${over} ${x1 + 24} ${over}H${x2 - 24}C${x2 - 10} ${over} ${x2 - 10} ${over} ${x2} ${y2}`;
}

function edgesOf({ layers }: CutDrawing, places: readonly Place[]): string[] {
  const lines = layers.flatMap((layer, v) =>
    layer.inputs.map((input) => {
      const from = layers[input]!;
      const crosses = from.inCar && !layer.inCar;
      const rowsApart = layer.block - from.block;
      // Dense networks read far back: those arrows stay faint, or nothing else could be seen.
      const style = crosses
        ? `stroke="${colours.crossing}" stroke-width="1.6"${rowsApart > 1 ? ' opacity="0.5"' : ''}`
        : `stroke="${colours.edge}" stroke-width="0.8"${rowsApart > 1 ? ' opacity="0.12"' : ''}`;
      const path = pathOf(places[input]!, places[v]!, rowsApart > 0);
      return { crosses, line: `<path d="${path}" fill="none" ${style}/>` };
    }),
  );
  return [...lines.filter((one) => !one.crosses), ...lines.filter((one) => one.crosses)].map(
    ({ line }) => line,
  );
}

function boxOf(layer: DrawnLayer, { x, y }: Place): string[] {
  const fill = layer.inCar ? colours.car : colours.rsu;
  const edge = layer.crossing === undefined ? '#777' : colours.crossing;
  const hint = escaped(
    `${layer.name}, ${layer.inCar ? 'car' : 'RSU'}${layer.crossing ? `, ${layer.crossing}` : ''}`,
  );
  return [
    `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="3" fill="${fill}" stroke="${edge}"><title>${hint}</title></rect>`,
    text(x + box.width / 2, y + 11.5, layer.operation, ' text-anchor="middle" font-size="9"'),
  ];
}

function crossingLabels({ layers }: CutDrawing, places: readonly Place[]): string[] {
  return layers.flatMap((layer, v) => {
    if (layer.crossing === undefined) return [];
    const { x, y } = places[v]!;
    return [
      text(
        x + box.width / 2,
        y - 2,
        layer.crossing,
        ` text-anchor="middle" font-size="9" fill="${colours.crossing}" stroke="#fff" stroke-width="3" paint-order="stroke" font-weight="bold"`,
      ),
    ];
  });
}

function legend(): string[] {
  const entries = [
    [colours.car, 'in the car'],
    [colours.rsu, 'at the RSU'],
    [colours.crossing, 'crosses, once for each tensor'],
  ] as const;
  return entries.flatMap(([colour, words], index) => {
    const x = margin.left + index * 110;
    return [`<rect x="${x}" y="50" width="10" height="10" fill="${colour}"/>`, text(x + 15, 59, words)];
  });
}

/** The picture as text. */
export function cutDrawingSvg(drawing: CutDrawing): string {
  const { places, tops, width, height } = layout(drawing);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="${colours.text}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(16, 22, drawing.title, ' font-size="14" font-weight="bold"'),
    text(16, 39, drawing.subtitle),
    ...legend(),
    ...drawing.rows.map((name, row) => text(margin.left - 18, tops[row]! + 12, name, ' text-anchor="end"')),
    ...edgesOf(drawing, places),
    ...drawing.layers.flatMap((layer, v) => boxOf(layer, places[v]!)),
    ...crossingLabels(drawing, places),
    '</svg>',
    '',
  ].join('\n');
}
