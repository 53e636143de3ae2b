// How a vehicle agent and the RSU are driven: one input at a time, at a known instant; what they want done comes back
// as a list. A host gives them their clock: the virtual conductor (testbed) jumps from event to event, the live host
// uses the system clock. The actor cannot tell which. Must not: know MQTT, threads or the map.

import type { VehicleId } from '../base/ids.ts';
import type { Message } from './messages.ts';

/** Something to be sent. `to` is a vehicle when the RSU speaks, absent when a vehicle speaks (it only knows the RSU). */
export interface Outgoing<M extends Message = Message> {
  readonly to?: VehicleId;
  readonly message: M;
  readonly body?: Uint8Array;
}

/** Wakes the actor with input `timer` after `delaySeconds`; the same name again replaces the earlier request; null cancels. */
export interface TimerRequest {
  readonly name: string;
  readonly delaySeconds: number | null;
}

/**
 * Work that takes time. The host starts `run` at once and gives its result back as input `computed` with the same
 * ticket: after `modelledSeconds` of virtual time, or, live, when it is done.
 */
export interface ComputeRequest {
  readonly ticket: number;
  readonly modelledSeconds: number;
  readonly run: () => Promise<unknown>;
}

export type ComputeOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string };

/** What an actor wants after one input, in order. */
export interface Outputs<M extends Message = Message> {
  readonly sends: Outgoing<M>[];
  readonly timers: TimerRequest[];
  readonly computes: ComputeRequest[];
}

/** An empty set of wishes, to be filled. */
export function noOutputs<M extends Message = Message>(): Outputs<M> {
  return { sends: [], timers: [], computes: [] };
}
