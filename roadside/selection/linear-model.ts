// Ridge regression that learns one sample at a time and knows how sure it is: theta = A^-1 b with A = lambda I + sum x x^T.
// The inverse is kept by the formula of Sherman and Morrison. Must not: change a model it was given.

/** `inverse` is features x features, row-major. */
export interface LinearModel {
  readonly features: number;
  readonly inverse: readonly number[];
  readonly moment: readonly number[];
}

/** A model that has seen nothing; `ridge` is lambda. */
export function emptyModel(features: number, ridge: number): LinearModel {
  const inverse = Array.from({ length: features * features }, (_, i) =>
    i % (features + 1) === 0 ? 1 / ridge : 0,
  );
  return { features, inverse, moment: new Array<number>(features).fill(0) };
}

function times({ features, inverse }: LinearModel, x: readonly number[]): number[] {
  return Array.from({ length: features }, (_, row) =>
    x.reduce((sum, value, column) => sum + inverse[row * features + column]! * value, 0),
  );
}

/** theta: what each feature is worth. */
export function weightsOf(model: LinearModel): number[] {
  return times(model, model.moment);
}

/**
 * sqrt(x^T A^-1 x): how little is known of points like x. Made once for many points. Three rows go side by side: each sum
 * waits for its own additions only, and adds in the order it always did.
 */
export function uncertaintyOf({ features, inverse }: LinearModel): (x: ArrayLike<number>) => number {
  const rows = 3 * Math.ceil(features / 3);
  // Rows of zeros fill the last three.
  const matrix = new Float64Array(rows * features);
  matrix.set(inverse);
  return (x) => {
    let spread = 0;
    for (let row = 0; row < features; row += 3) {
      let first = 0;
      let second = 0;
      let third = 0;
      for (let column = 0, at = row * features; column < features; column++, at++) {
        const value = x[column]!;
        first += matrix[at]! * value;
        second += matrix[at + features]! * value;
        third += matrix[at + 2 * features]! * value;
      }
      spread += first * x[row]!;
      if (row + 1 < features) spread += second * x[row + 1]!;
      if (row + 2 < features) spread += third * x[row + 2]!;
    }
    return Math.sqrt(Math.max(0, spread));
  };
}

/** The model after the sample (x, y). */
export function learnSample(model: LinearModel, x: readonly number[], y: number): LinearModel {
  const { features, inverse, moment } = model;
  const turned = times(model, x);
  const scale = 1 + turned.reduce((sum, value, i) => sum + value * x[i]!, 0);
  return {
    features,
    inverse: inverse.map(
      (value, i) => value - (turned[Math.floor(i / features)]! * turned[i % features]!) / scale,
    ),
    moment: moment.map((value, i) => value + y * x[i]!),
  };
}
