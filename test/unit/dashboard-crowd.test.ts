// A crowd of vehicles put pixel by pixel into one picture. Must not: need a browser (ImageData is a stand-in).

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CrowdPicture, type Stamp, stampOf } from '../../dashboard/crowd.ts';

class Pixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Uint8ClampedArray(4 * width * height);
  }
}

beforeAll(() => void vi.stubGlobal('ImageData', Pixels));
afterAll(() => void vi.unstubAllGlobals());

/** Two pixels side by side: one opaque red, one half-clear blue. */
function sign(): Stamp {
  const image = new Pixels(3, 1);
  image.data.set([255, 0, 0, 255, 0, 0, 255, 128, 9, 9, 9, 0]);
  return stampOf(image as unknown as ImageData);
}

function shown(picture: CrowdPicture): number[][] {
  const found: Pixels[] = [];
  const putImageData = (image: Pixels): void => void found.push(image);
  picture.show({ putImageData } as unknown as CanvasRenderingContext2D);
  const { data } = found[0]!;
  return Array.from({ length: data.length / 4 }, (_, i) => [...data.subarray(4 * i, 4 * i + 4)]);
}

describe('the picture of a crowd', () => {
  it('keeps of a sign what is not clear', () => {
    expect([...sign().dx]).toEqual([0, 1]);
  });

  it('puts signs over each other, and mixes half-clear pixels with what is under them', () => {
    const picture = new CrowdPicture();
    picture.begin(3, 1);
    picture.put(sign(), 1, 0);
    picture.put(sign(), 0, 0);
    // The second sign's blue lies over the first one's red, 128 of 255 parts.
    expect(shown(picture)).toEqual([
      [255, 0, 0, 255],
      [126, 0, 127, 255],
      [0, 0, 255, 128],
    ]);
  });

  it('cuts off what is outside, and begins empty', () => {
    const picture = new CrowdPicture();
    picture.begin(2, 1);
    picture.put(sign(), -1, 0);
    picture.put(sign(), 5, 0);
    picture.put(sign(), 0, -1);
    expect(shown(picture)).toEqual([
      [0, 0, 255, 128],
      [0, 0, 0, 0],
    ]);
    picture.begin(2, 1);
    expect(
      shown(picture)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });
});
