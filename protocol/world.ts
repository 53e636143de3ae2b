// What the simulated world's processes tell each other beside the wire of the vehicles: where a vehicle is (`world`), and
// which pool of agents drives it (`claim`). A real car needs neither. Small JSON, checked here.
// Must not: be read by the RSU.

import { z } from 'zod';
import { idPattern, type VehicleId } from '../base/ids.ts';

/** A fix has about 250 bytes; what is larger is none. */
const maximumBytes = 2048;

const id = z.string().regex(idPattern);
const finite = z.number();

const fixSchema = z.strictObject({
  vehicle: id,
  /** Seconds on the mobility process's clock. */
  at: finite,
  x: finite,
  y: finite,
  headingRadians: finite,
  speedMps: finite.min(0),
  road: id,
  offsetMeters: finite,
  serving: id.nullable(),
  bitsPerSecondPerHertz: finite.min(0).max(64),
  /** Where the vehicle first drove, for data partitioned by place. Who knows only its own GPS leaves it out. */
  first: z.strictObject({ road: id, offsetMeters: finite }).optional(),
});

/** Where a vehicle is, as `mobility` says it. */
export type WorldFix = Omit<z.infer<typeof fixSchema>, 'vehicle'> & { readonly vehicle: VehicleId };

const claimSchema = z.strictObject({
  pool: id,
  /** False: asks for the vehicle. True: has it, and says so again every few seconds. */
  held: z.boolean(),
});

/** What a pool of agents says about a vehicle. */
export type Claim = z.infer<typeof claimSchema>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A fix or a claim as bytes. */
export const encodeJson = (value: WorldFix | Claim): Uint8Array => encoder.encode(JSON.stringify(value));

function decode<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | undefined {
  if (bytes.length > maximumBytes) return undefined;
  try {
    return schema.safeParse(JSON.parse(decoder.decode(bytes))).data;
  } catch {
    return undefined;
  }
}

/** The fix, or undefined for anything else. */
export const decodeFix = (bytes: Uint8Array): WorldFix | undefined =>
  decode(fixSchema, bytes) as WorldFix | undefined;

/** The claim, or undefined for anything else. */
export const decodeClaim = (bytes: Uint8Array): Claim | undefined => decode(claimSchema, bytes);
