// The drawn sign set: the same bytes for ever, balanced labels, and a path language that refuses what it cannot read.

import { describe, expect, it } from 'vitest';
import { sha256 } from '../../base/hash.ts';
import { signClasses } from '../../learning/data/signs/classes.ts';
import { flatten, insideFill, insideStroke } from '../../learning/data/signs/paths.ts';
import { drawTexture, textureSize } from '../../learning/data/signs/texture.ts';
import { generateSigns, signClassNames } from '../../learning/data/signs.ts';

function countLabels(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]! += 1;
  return counts;
}

describe('generateSigns', () => {
  it('draws the same bytes for the same seed on every machine', () => {
    const signs = generateSigns({ count: 86, seed: 7 });
    expect(sha256(signs.images)).toBe('75d55c8c78e4188c03b4912af84f6bd0dfd144e5940480e79385d97b0453f561');
    expect(sha256(signs.labels)).toBe('2bc396a26f39dd18e224094ec2a37867de879ed0974a7d7aa11abb4405fbd23a');
  });

  it('draws other images for another seed', () => {
    const one = generateSigns({ count: 43, seed: 1 });
    const two = generateSigns({ count: 43, seed: 2 });
    expect(sha256(one.images)).not.toBe(sha256(two.images));
  });

  it('gives every class the same number of images and shuffles them', () => {
    const { labels } = generateSigns({ count: 129, seed: 3 });
    expect(countLabels(labels, 43)).toEqual(new Array(43).fill(3));
    expect([...labels]).not.toEqual(Array.from({ length: 129 }, (_, i) => i % 43));
  });

  it('gives what is left over to the first classes', () => {
    const { labels, classes } = generateSigns({ count: 11, seed: 3, classes: 4 });
    expect(classes).toBe(4);
    expect(countLabels(labels, 4)).toEqual([3, 3, 3, 2]);
  });

  it('puts 32 x 32 x 3 bytes per image side by side', () => {
    const { images, inputShape } = generateSigns({ count: 5, seed: 4 });
    expect(inputShape).toEqual([32, 32, 3]);
    expect(images.length).toBe(5 * 3072);
  });

  it('refuses counts below one and more classes than there are', () => {
    expect(() => generateSigns({ count: 0, seed: 1 })).toThrow('invalid count: 0 (expected >= 1)');
    expect(() => generateSigns({ count: 1, seed: 1, classes: 44 })).toThrow(
      'invalid classes: 44 (expected 1..43)',
    );
  });
});

describe('the class table', () => {
  it('has 43 classes with names of their own', () => {
    expect(signClassNames.length).toBe(43);
    expect(new Set(signClassNames).size).toBe(43);
    expect(signClassNames[14]).toBe('stop');
    expect(signClassNames[40]).toBe('roundabout');
  });

  it('draws no two classes alike', () => {
    const drawings = signClasses.map((sign) => sha256(new Uint8Array(drawTexture(sign).texels.buffer)));
    expect(new Set(drawings).size).toBe(43);
  });

  it('leaves the corners beside a sign transparent and its middle opaque', () => {
    const { texels } = drawTexture(signClasses[1]!);
    const middle = ((textureSize / 2) * textureSize + textureSize / 2) * 4;
    expect(texels[3]).toBe(0);
    expect(texels[middle + 3]).toBe(1);
  });
});

describe('paths', () => {
  it('flattens lines, scaled first and moved second', () => {
    const path = flatten('M 0 0 L 1 0 L 1 1 Z', { x: 10, y: 20, scaleX: 2, scaleY: 3 });
    expect([...path.segments]).toEqual([10, 20, 12, 20, 12, 20, 12, 23, 12, 23, 10, 20]);
    expect([path.left, path.top, path.right, path.bottom]).toEqual([10, 20, 12, 23]);
  });

  it('cuts a hole where a path lies in a path', () => {
    const ring = flatten('M 0 0 L 4 0 L 4 4 L 0 4 Z M 1 1 L 3 1 L 3 3 L 1 3 Z');
    expect(insideFill(ring, 0.5, 2)).toBe(true);
    expect(insideFill(ring, 2, 2)).toBe(false);
    expect(insideFill(ring, 5, 2)).toBe(false);
  });

  it('rounds the ends of a stroke', () => {
    const line = flatten('M 0 0 L 1 0');
    expect(insideStroke(line, 0.25, 1.25, 0)).toBe(true);
    expect(insideStroke(line, 0.25, 1.2, 0.2)).toBe(false);
    expect(insideStroke(line, 0.25, 0.5, 0.25)).toBe(true);
  });

  it('names the place where it cannot read', () => {
    expect(() => flatten('M 0 0 X 1 1')).toThrow('invalid path at "X 1 1" (expected M, L, Q, A or Z)');
    expect(() => flatten('M 0 0 L 1')).toThrow('invalid path at "L 1"');
  });
});
