// The RSU's side of one split-learning step: smashed data in, gradient out. The upper half belongs to one vehicle and one
// round. Must not: take smashed data of another step, cut or shape (checked before anything is computed).

import { bytesOfFloats, floatsOfBytes } from '../../base/hash.ts';
import type { ModelSpec } from '../../learning/learner.ts';
import { type BlobMeta, blobKey, type Manifest, type Purpose } from '../../protocol/messages.ts';
import type { RoundConfig } from '../round/types.ts';
import { checkSmashed } from '../updates/check.ts';
import type { Assignment } from './peer.ts';

/** A gradient on its way to the car. */
export interface GradientReady {
  readonly kind: 'gradient';
  readonly step: number;
  readonly blob: { key: string; purpose: Purpose; bytes: Uint8Array; meta: BlobMeta; eager: boolean };
}

export interface SmashedRequest {
  readonly config: RoundConfig;
  readonly model: ModelSpec;
  readonly assignment: Assignment;
  readonly manifest: Manifest;
  /** float32 activations, then one byte a label */
  readonly bytes: Uint8Array;
}

/** What to compute for this smashed data and how long it takes by the cost model, or why it is refused. */
export function answerSmashed(
  request: SmashedRequest,
): string | { modelledSeconds: number; run: () => Promise<GradientReady> } {
  const { config, model, assignment, manifest, bytes } = request;
  const samples = manifest.meta.samples ?? 0;
  const outputFloats = config.cost.blocks[assignment.cut - 1]?.outputFloats ?? 0;
  if (assignment.busy)
    return `smashed data of step ${manifest.meta.step} came while another step is computed`;
  const step = manifest.meta.step ?? -1;
  const expectedStep = assignment.nextStep;
  const { classes } = model;
  const { labelsPerSample } = config.cost;
  const reason = checkSmashed({
    bytes,
    samples,
    outputFloats,
    classes,
    labelsPerSample,
    step,
    expectedStep,
  });
  if (reason !== null) return reason;
  assignment.busy = true;
  const border = samples * outputFloats * 4;
  const smashed = floatsOfBytes(bytes.subarray(0, border));
  const labels = bytes.subarray(border);
  const upperFlops = config.cost.blocks
    .slice(assignment.cut)
    .reduce((sum, block) => sum + block.forwardFlops + block.backwardFlops, 0);
  return {
    modelledSeconds: (samples * upperFlops) / config.scenario.fallback.serverFlopsPerSecond,
    run: () => computeGradient(assignment, manifest, smashed, labels),
  };
}

async function computeGradient(
  assignment: Assignment,
  manifest: Manifest,
  smashed: Float32Array,
  labels: Uint8Array,
): Promise<GradientReady> {
  if (!assignment.upper) throw new Error('this task has no upper half');
  const upper = await assignment.upper;
  const { gradient, loss } = upper.step(smashed, labels);
  const step = assignment.nextStep;
  const vehicle = manifest.key.split('/')[1] ?? '';
  return {
    kind: 'gradient',
    step,
    blob: {
      key: blobKey(assignment.round, vehicle, 'gradient', step),
      purpose: 'gradient',
      bytes: bytesOfFloats(gradient),
      meta: {
        round: assignment.round,
        step,
        shape: manifest.meta.shape,
        samples: manifest.meta.samples,
        trainLoss: loss,
      },
      eager: true,
    },
  };
}
