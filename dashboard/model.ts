// The reducer: events and frames in, view out. It is the only way a view comes to be, so a replay folded up to t is the
// view that was on screen live at t. Must not: mutate a view it was given, read a clock, or decide anything about the run.
//
// Cost: one call copies the view's maps once, however many events it folds; fold in batches.

import { type EventBody, type LoggedEvent, noCounts, wastedWork } from '../protocol/events.ts';
import type { Frame } from '../protocol/frame.ts';
import type { ArmRecord, LearningPoint, Participant, RoundRow, VehicleRecord, View } from './view.ts';
import { unknownVehicle } from './view.ts';

type Body<Kind extends EventBody['kind']> = Extract<EventBody, { kind: Kind }>;

/** A view being folded: its containers are this call's own copies, its records are still shared and never written. */
interface Draft {
  at: number;
  seq: number;
  seen: number;
  modelSha: string | null;
  rounds: RoundRow[];
  vehicles: Map<string, VehicleRecord>;
  points: LearningPoint[];
  arms: Map<string, ArmRecord>;
  messagesRefused: number;
  closed: View['closed'];
  frame: Frame | null;
}

/** Folds one event into `view`. Events must come in order of `seq`; one already seen changes nothing. */
export function applyEvent(view: View, event: LoggedEvent): View {
  return applyEvents(view, [event]);
}

/** Folds events in order; the same as `applyEvent` one after another, at the price of one copy. */
export function applyEvents(view: View, events: readonly LoggedEvent[]): View {
  if (events.length === 0) return view;
  const draft: Draft = {
    ...view,
    rounds: [...view.rounds],
    vehicles: new Map(view.vehicles),
    points: [...view.points],
    arms: new Map(view.arms),
  };
  for (const event of events) {
    if (event.seq <= draft.seq) continue;
    draft.seq = event.seq;
    draft.at = Math.max(draft.at, event.at);
    draft.seen += 1;
    foldBody(draft, event.body, event.at);
  }
  return draft;
}

/** Puts a map frame into the view, unless the view already holds a later one. */
export function applyFrame(view: View, frame: Frame): View {
  if (view.frame !== null && frame.at < view.frame.at) return view;
  return { ...view, at: Math.max(view.at, frame.at), frame };
}

function foldBody(draft: Draft, body: EventBody, at: number): void {
  switch (body.kind) {
    case 'run-opened':
      draft.modelSha = body.modelSha;
      return;
    case 'vehicle-entered':
      return changeVehicle(draft, body.vehicle, { rsu: body.rsu });
    case 'handover':
      return changeVehicle(draft, body.vehicle, { rsu: body.to });
    case 'vehicle-left':
      return changeVehicle(draft, body.vehicle, { rsu: null, state: 'idle' });
    case 'vehicle-known':
      return changeVehicle(draft, body.vehicle, { device: body.device, samples: body.samples });
    case 'vehicle-state':
      return changeVehicle(draft, body.vehicle, { state: body.state });
    case 'message-refused':
      draft.messagesRefused += 1;
      return;
    case 'stay-ended':
      return;
    case 'arm-rewarded':
      draft.arms.set(body.arm, {
        arm: body.arm,
        pulls: body.pulls,
        meanReward: body.meanReward,
        lastReward: body.reward,
      });
      return;
    case 'run-closed':
      draft.modelSha = body.modelSha;
      draft.closed = { reason: body.reason, rounds: body.rounds };
      return;
    default:
      foldRoundBody(draft, body, at);
  }
}

type RoundBody = Extract<EventBody, { round: number }>;

function foldRoundBody(draft: Draft, body: RoundBody, at: number): void {
  switch (body.kind) {
    case 'round-opened':
      return openRound(draft, body, at);
    case 'vehicle-selected':
      return select(draft, body);
    case 'vehicle-skipped':
      return changeRound(draft, body.round, (row) => ({
        ...row,
        skipped: [...row.skipped, { vehicle: body.vehicle, reason: body.reason, estimate: body.estimate }],
        counts: { ...row.counts, skipped: row.counts.skipped + 1 },
      }));
    case 'upload-progress':
      return changeParticipant(draft, body, { progress: { have: body.have, total: body.total } });
    case 'update-committed':
      return changeParticipant(draft, body, {
        trainLoss: body.trainLoss,
        staleness: body.staleness ?? null,
      });
    case 'update-left-out':
    case 'update-refused':
      return changeParticipant(draft, body, { outcomeReason: body.reason });
    case 'vehicle-outcome':
      return end(draft, body, at);
    case 'round-closed':
      return closeRound(draft, body, at);
    case 'model-evaluated':
      return evaluate(draft, body, at);
    default:
      // `vehicle-state` and `arm-rewarded` name a round too and were folded above.
      return;
  }
}

function openRound(draft: Draft, body: Body<'round-opened'>, at: number): void {
  draft.modelSha = body.modelSha;
  // A restarted RSU opens the same round again: the row stays and its participants are told anew.
  const place = placeOf(draft, body.round);
  const participants = place < 0 ? takeUnderWay(draft, body.round) : [];
  const row: RoundRow = {
    round: body.round,
    openedAt: at,
    closedAt: null,
    candidates: body.candidates,
    participants,
    skipped: [],
    counts: { ...noCounts, selected: participants.length, split: splitsOf(participants) },
    participationRatio: null,
    utility: null,
    durationSeconds: null,
    accuracy: null,
    loss: null,
  };
  if (place < 0) draft.rounds.push(row);
  else draft.rounds[place] = row;
}

const splitsOf = (participants: readonly Participant[]): number =>
  participants.filter(({ plan }) => plan === 'split').length;

/** In an asynchronous run a task belongs to the round it ends in: who is under way goes along into the next round. */
function takeUnderWay(draft: Draft, round: number): readonly Participant[] {
  const before = draft.rounds.at(-1);
  const carried = before?.participants.filter(({ outcome }) => outcome === null) ?? [];
  if (before === undefined || carried.length === 0) return [];
  changeRound(draft, before.round, (row) => ({
    ...row,
    participants: row.participants.filter(({ outcome }) => outcome !== null),
    counts: {
      ...row.counts,
      selected: row.counts.selected - carried.length,
      split: row.counts.split - splitsOf(carried),
    },
  }));
  for (const { vehicle } of carried) changeVehicle(draft, vehicle, { lastRound: round });
  return carried;
}

function select(draft: Draft, body: Body<'vehicle-selected'>): void {
  const participant: Participant = {
    vehicle: body.vehicle,
    arm: body.arm,
    score: body.score,
    terms: body.terms,
    reason: body.reason,
    plan: body.plan,
    cut: body.cut,
    estimate: body.estimate,
    progress: null,
    trainLoss: null,
    staleness: null,
    outcome: null,
    outcomeReason: '',
    endedAt: null,
    booking: null,
    wasted: false,
  };
  changeRound(draft, body.round, (row) => ({
    ...row,
    participants: [...row.participants, participant],
    counts: {
      ...row.counts,
      selected: row.counts.selected + 1,
      split: row.counts.split + (body.plan === 'split' ? 1 : 0),
    },
  }));
  const vehicle = draft.vehicles.get(body.vehicle) ?? unknownVehicle(body.vehicle);
  changeVehicle(draft, body.vehicle, {
    selected: vehicle.selected + 1,
    lastRound: body.round,
    lastPlan: body.plan,
    lastOutcome: null,
    lastReason: '',
  });
}

function end(draft: Draft, body: Body<'vehicle-outcome'>, at: number): void {
  const { outcome, booking, wasted } = body;
  const lost = wastedWork(body);
  changeParticipant(draft, body, { outcome, outcomeReason: body.reason, endedAt: at, booking, wasted });
  changeRound(draft, body.round, (row) => ({
    ...row,
    counts: {
      ...row.counts,
      [outcome]: row.counts[outcome] + 1,
      bytesUp: row.counts.bytesUp + booking.bytesUp,
      bytesDown: row.counts.bytesDown + booking.bytesDown,
      wastedSeconds: row.counts.wastedSeconds + lost.seconds,
      wastedJoules: row.counts.wastedJoules + lost.joules,
    },
  }));
  const before = draft.vehicles.get(body.vehicle) ?? unknownVehicle(body.vehicle);
  changeVehicle(draft, body.vehicle, {
    committed: before.committed + (outcome === 'committed' ? 1 : 0),
    lastRound: body.round,
    lastPlan: body.plan,
    lastOutcome: outcome,
    lastReason: body.reason,
    lastEndedAt: at,
    seconds: before.seconds + booking.seconds,
    joules: before.joules + booking.joules,
    bytesUp: before.bytesUp + booking.bytesUp,
    bytesDown: before.bytesDown + booking.bytesDown,
    wastedSeconds: before.wastedSeconds + lost.seconds,
  });
}

function closeRound(draft: Draft, body: Body<'round-closed'>, at: number): void {
  draft.modelSha = body.modelSha;
  const {
    kind: _kind,
    round,
    modelSha: _sha,
    durationSeconds,
    participationRatio,
    utility,
    ...counts
  } = body;
  changeRound(draft, round, (row) => ({
    ...row,
    closedAt: at,
    durationSeconds,
    participationRatio,
    utility,
    counts,
  }));
}

function evaluate(draft: Draft, body: Body<'model-evaluated'>, at: number): void {
  const { round, accuracy, loss } = body;
  const bytes = draft.rounds.reduce((sum, row) => sum + row.counts.bytesUp + row.counts.bytesDown, 0);
  const point: LearningPoint = { round, seconds: at, bytes, accuracy, loss };
  draft.points = [...draft.points.filter((other) => other.round !== round), point];
  changeRound(draft, round, (row) => ({ ...row, accuracy, loss }));
}

/** Rounds are opened in order, so the one meant is nearly always the last: search from the end. */
function placeOf(draft: Draft, round: number): number {
  return draft.rounds.findLastIndex((row) => row.round === round);
}

function changeRound(draft: Draft, round: number, change: (row: RoundRow) => RoundRow): void {
  const place = placeOf(draft, round);
  const row = draft.rounds[place];
  if (row !== undefined) draft.rounds[place] = change(row);
}

function changeParticipant(
  draft: Draft,
  who: { readonly round: number; readonly vehicle: string },
  change: Partial<Participant>,
): void {
  changeRound(draft, who.round, (row) => {
    // Of a vehicle's tasks in one round, which an asynchronous run may have several of, the last is meant.
    const place = row.participants.findLastIndex(({ vehicle }) => vehicle === who.vehicle);
    const participants = row.participants.map((p, i) => (i === place ? { ...p, ...change } : p));
    return { ...row, participants };
  });
}

function changeVehicle(draft: Draft, vehicle: string, change: Partial<VehicleRecord>): void {
  const before = draft.vehicles.get(vehicle) ?? unknownVehicle(vehicle);
  draft.vehicles.set(vehicle, { ...before, ...change });
}
