// The suggestion that goes with a refused word.

import { describe, expect, it } from 'vitest';
import { editDistance, nearestName } from '../../base/nearest-name.ts';

describe('nearestName', () => {
  it('counts a swap of neighbours as one edit', () => {
    expect(editDistance('mafvl', 'mavfl')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });

  it('finds the nearest name whatever the case, and the first among equals', () => {
    expect(nearestName('Radom', ['mavfl', 'random', 'nearest'])).toBe('random');
    expect(nearestName('cat', ['bat', 'rat'])).toBe('bat');
  });

  it('suggests nothing where nothing is near', () => {
    expect(nearestName('zzzzzzzz', ['mavfl', 'random'])).toBeUndefined();
    expect(nearestName('x', [])).toBeUndefined();
  });
});
