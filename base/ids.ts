// Ids are types, not strings: a RoadId cannot be passed where a VehicleId is wanted.
// Must not: generate ids (a scenario or a run does that, from its seed).

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

export type RunId = Id<'RunId'>;
export type VehicleId = Id<'VehicleId'>;
export type RoadId = Id<'RoadId'>;
export type RsuId = Id<'RsuId'>;
/** Lower-case hex sha-256 of a blob: its address. */
export type BlobSha = Id<'BlobSha'>;

/** What any id of ours looks like: safe in a topic, a file name and a report. */
export const idPattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** What a content address looks like. */
export const shaPattern = /^[0-9a-f]{64}$/;

/** Casts `text` to an id after checking its form. Throws RangeError naming the value. */
export function asId<T extends RunId | VehicleId | RoadId | RsuId>(text: string): T {
  if (!idPattern.test(text))
    throw new RangeError(`invalid id: ${JSON.stringify(text)} (expected ${idPattern.source})`);
  return text as T;
}

/** Casts `text` to a blob address after checking its form. */
export function asSha(text: string): BlobSha {
  if (!shaPattern.test(text)) throw new RangeError(`invalid sha-256: ${JSON.stringify(text)}`);
  return text as BlobSha;
}
