// What the conductor (main thread) and an agent worker say to each other. Control only: in MQTT mode the frames
// themselves travel over the broker. Must not: hold behaviour.

import type { VehicleId } from '../../base/ids.ts';
import type { Place } from '../../learning/data/partition.ts';
import type { Dataset, EvaluateResult } from '../../learning/learner.ts';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import type { KernelModules } from '../../learning/training/kernels/module.ts';
import type { ComputeOutcome, TimerRequest } from '../../protocol/actor.ts';
import type { DeviceProfile, VehicleState } from '../../protocol/messages.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';
import type { Position } from '../../vehicle-agent/types.ts';

/** Everything a worker needs once. Data sets lie on shared memory. */
export interface WorkerSetup {
  readonly run: string;
  readonly scenario: Scenario;
  readonly engine: EnginePreference;
  /** Compiled by the main thread for all workers; empty: each compiles for itself. */
  readonly kernels: KernelModules;
  /** Where the MQTT broker is; absent: frames ride on the control channel (memory link). */
  readonly brokerUrl?: string;
  /** Seals this run's frames on the broker (`envelope.ts`). */
  readonly secret: Uint8Array;
  readonly train: Dataset;
  readonly evaluation: Dataset;
}

/** One input for one vehicle. A frame is named by its sequence; its bytes ride along only over the memory link. */
export type VehicleCall =
  | {
      readonly kind: 'frame';
      readonly sequence: number;
      readonly final: boolean;
      readonly payload?: Uint8Array;
    }
  | { readonly kind: 'position'; readonly position: Position | null }
  | { readonly kind: 'timer'; readonly name: string }
  | { readonly kind: 'computed'; readonly ticket: number };

/** A car begins: what it carries, and where it first drives (for data partitioned by place). */
export interface SpawnRequest {
  readonly kind: 'spawn';
  readonly vehicle: VehicleId;
  readonly device: DeviceProfile;
  readonly place: Place | undefined;
}

export type WorkerRequest =
  | SpawnRequest
  | { readonly kind: 'retire'; readonly vehicle: VehicleId }
  | {
      readonly kind: 'act';
      readonly at: number;
      readonly calls: readonly { readonly vehicle: VehicleId; readonly call: VehicleCall }[];
    }
  | {
      readonly kind: 'discard';
      readonly frames: readonly { readonly vehicle: VehicleId; readonly sequence: number }[];
    }
  | { readonly kind: 'evaluate'; readonly weights: Float32Array }
  | { readonly kind: 'close' };

/** A frame a vehicle sent: its size and, over the memory link, its bytes. */
export interface SentFrame {
  readonly sequence: number;
  readonly bytes: number;
  readonly bulk: boolean;
  readonly payload?: Uint8Array;
}

/** What one vehicle wants after one call. */
export interface VehicleReply {
  readonly vehicle: VehicleId;
  readonly sends: readonly SentFrame[];
  readonly timers: readonly TimerRequest[];
  readonly computes: readonly { readonly ticket: number; readonly modelledSeconds: number }[];
  readonly state: VehicleState;
  readonly round: number;
  readonly progress: number;
}

export type WorkerReply =
  | { readonly kind: 'ready'; readonly engine: string; readonly reasons: readonly string[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'acted'; readonly replies: readonly VehicleReply[] }
  | { readonly kind: 'evaluated'; readonly result: EvaluateResult };

export interface WorkerEnvelope<T> {
  readonly id: number;
  readonly body: T;
}

export type WorkerAnswer =
  | { readonly id: number; readonly ok: true; readonly body: WorkerReply }
  | { readonly id: number; readonly ok: false; readonly error: string; readonly reason: string };

export type { ComputeOutcome };
