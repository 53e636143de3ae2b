// The door for incoming blobs: decides from the manifest alone, before a single chunk is taken, whether a blob may come.
// Order of design.md section 4: known task, purpose, size; hash, shape, finiteness and norm follow when it is complete.
// Must not: change anything.

import type { AckResult, Manifest, Purpose } from '../../protocol/messages.ts';
import { blobKey } from '../../protocol/messages.ts';
import type { RoundConfig } from '../round/types.ts';
import type { Assignment, Peer } from './peer.ts';

export type Gate =
  | { readonly accept: true; readonly assignment: Assignment }
  | {
      readonly accept: false;
      readonly result: AckResult;
      readonly reason: string;
      readonly hostile: boolean;
    };

const refuse = (reason: string, hostile = true): Gate => ({
  accept: false,
  result: 'refused',
  reason,
  hostile,
});

/** What a split car sends. */
const ofSplit: readonly Purpose[] = ['lower-update', 'lower-checkpoint', 'smashed', 'output-gradient'];
/** Of these there is one for each of some mini-batches. */
const ofStep: readonly Purpose[] = ['lower-checkpoint', 'smashed', 'output-gradient'];

function purposeFits(assignment: Assignment, { purpose }: Manifest): boolean {
  return assignment.plan === 'full' ? purpose === 'update' : ofSplit.includes(purpose);
}

/** Why an update of fewer epochs than asked for is not taken, or undefined. */
function partialFault({ scenario }: RoundConfig, { purpose, meta }: Manifest): string | undefined {
  const { epochsDone } = meta;
  if (epochsDone === undefined) return undefined;
  if (scenario.aggregation.partialWork !== true || purpose !== 'update')
    return `${purpose} after ${epochsDone} epochs (expected whole work)`;
  const { epochs } = scenario.training;
  if (epochsDone < epochs) return undefined;
  return `an update after ${epochsDone} epochs (expected fewer than ${epochs}, or nothing said)`;
}

/** Checks a manifest against what this vehicle was asked for. */
export function gateManifest(config: RoundConfig, peer: Peer, manifest: Manifest): Gate {
  const { round, nonce, step, samples } = manifest.meta;
  const assignment = peer.assignments.get(round);
  if (!assignment) return refuse(`unknown round ${round} for ${peer.vehicle} (it was given no task in it)`);
  if (nonce !== assignment.nonce)
    return refuse(`wrong nonce for round ${round} (expected the one of the task)`);
  if (!purposeFits(assignment, manifest))
    return refuse(`purpose ${manifest.purpose} for a ${assignment.plan} plan`);
  const wanted = blobKey(
    round,
    peer.vehicle,
    manifest.purpose,
    ofStep.includes(manifest.purpose) ? step : undefined,
  );
  if (manifest.key !== wanted) return refuse(`key ${manifest.key} (expected ${wanted})`);
  const winner = peer.committed.get(manifest.key);
  if (winner === manifest.sha)
    return { accept: false, result: 'committed', reason: 'already committed', hostile: false };
  if (winner !== undefined) return refuse('another update was committed under this key; the first wins');
  if (assignment.closed)
    return {
      accept: false,
      result: 'late',
      reason: `round ${round} is over for ${peer.vehicle}`,
      hostile: false,
    };
  if (samples === undefined || samples < 1) return refuse(`samples ${samples} (expected at least 1)`);
  const fault = partialFault(config, manifest);
  if (fault !== undefined) return refuse(fault);
  if (assignment.split) {
    const refused = assignment.split.faultOf(manifest);
    return refused ? refuse(refused.reason, refused.hostile) : { accept: true, assignment };
  }
  if (manifest.size !== config.fullBytes)
    return refuse(`size of ${manifest.purpose} is ${manifest.size} bytes (expected ${config.fullBytes})`);
  if (manifest.meta.trainLoss === undefined) return refuse('an update without its trainLoss');
  return { accept: true, assignment };
}
