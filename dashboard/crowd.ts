// A crowd of vehicles, put pixel by pixel into one picture that is handed to the canvas at once: ten thousand copies of small
// bitmaps cost a machine without a GPU most of its frame, ten thousand times sixty pixels do not.
// Must not: decide what a vehicle looks like (sprites.ts does), or keep vehicles.

/** A sign as pixels of the picture: where they lie from its upper left corner, and packed RGBA as ImageData holds it. */
export interface Stamp {
  readonly width: number;
  readonly height: number;
  readonly dx: Uint8Array;
  readonly dy: Uint8Array;
  readonly colour: Uint32Array;
}

/** The pixels of a sign that are not clear. */
export function stampOf({ width, height, data }: ImageData): Stamp {
  const pixels = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const dx: number[] = [];
  const dy: number[] = [];
  const colour: number[] = [];
  pixels.forEach((pixel, i) => {
    if (data[4 * i + 3] === 0) return;
    dx.push(i % width);
    dy.push(Math.floor(i / width));
    colour.push(pixel);
  });
  return {
    width,
    height,
    dx: Uint8Array.from(dx),
    dy: Uint8Array.from(dy),
    colour: Uint32Array.from(colour),
  };
}

/** All bits of the byte that holds alpha: the last of four, the highest on the little-endian machines browsers run on. */
const opaque = 0xff000000;

export class CrowdPicture {
  #image = new ImageData(1, 1);
  #pixels = new Uint32Array(1);

  /** Begins an empty picture of so many device pixels. */
  begin(width: number, height: number): void {
    if (this.#image.width !== width || this.#image.height !== height) {
      this.#image = new ImageData(width, height);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    } else this.#pixels.fill(0);
  }

  /** Puts a sign with its upper left corner at (`left`, `top`), whole device pixels; what is outside is cut off. */
  put({ width, height, dx, dy, colour }: Stamp, left: number, top: number): void {
    const pixels = this.#pixels;
    const { width: right, height: bottom } = this.#image;
    const isInside = left >= 0 && top >= 0 && left + width <= right && top + height <= bottom;
    for (let i = 0; i < colour.length; i++) {
      const x = left + dx[i]!;
      const y = top + dy[i]!;
      if (!isInside && (x < 0 || y < 0 || x >= right || y >= bottom)) continue;
      const at = y * right + x;
      const over = colour[i]!;
      const under = pixels[at]!;
      pixels[at] = over >= opaque || under === 0 ? over : mixed(over, under);
    }
  }

  /** Replaces what the canvas shows. */
  show(context: CanvasRenderingContext2D): void {
    context.putImageData(this.#image, 0, 0);
  }
}

/** A half-clear pixel over another, which it leaves as opaque as it was. Two channels are mixed at once, 16 bits each. */
function mixed(over: number, under: number): number {
  const share = over >>> 24;
  const rest = 255 - share;
  const redBlue = ((over & 0xff00ff) * share + (under & 0xff00ff) * rest) >>> 8;
  const green = ((over & 0xff00) * share + (under & 0xff00) * rest) >>> 8;
  return ((under & opaque) | (redBlue & 0xff00ff) | (green & 0xff00)) >>> 0;
}
