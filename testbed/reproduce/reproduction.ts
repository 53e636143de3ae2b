// What a reproduced evaluation consists of: what the paper claims, what we assumed, and whole tables.
// Must not: hold numbers of any paper.
//
// Provenance: [P] printed by the paper itself, cited and never aimed at; [ours] chosen here, because the paper's value could
// not be read. No setting is searched for closeness to a published number.

export interface Published {
  /** What its abstract says, in short. */
  readonly claim: string;
  readonly provenance: '[P]';
}

/** Rows are arrays in the order of `columns`, so that a table stays one table in JSON too. */
export interface ResultTable {
  readonly name: string;
  readonly about: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface ReproductionResult {
  readonly paper: string;
  readonly published: readonly Published[];
  /** Each with [P] or [ours] in front. */
  readonly setting: readonly string[];
  readonly tables: readonly ResultTable[];
  readonly notes: readonly string[];
}

export interface Reproduction {
  /** Its word on the command line. */
  readonly name: string;
  readonly about: string;
  run(options: { readonly quick: boolean; readonly seed: number }): ReproductionResult;
}

export const published = (claim: string): Published => ({ claim, provenance: '[P]' });

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Per cent by which `ours` is below `theirs`, to a tenth; negative: above. */
export function reductionPercent(ours: number, theirs: number): number {
  return theirs === 0 ? 0 : Math.round((1 - ours / theirs) * 1000) / 10;
}

/** Four significant digits, as tables show numbers. */
export const shown = (value: number): number => Number(value.toPrecision(4));
