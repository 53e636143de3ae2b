// How a member's round ends: exactly once, with what it cost. Each byte, second and joule of a member is booked here, at
// its outcome. Bytes that still move for it afterwards, while the round is open, are added to the totals of the round
// (`round-closed`) and to no vehicle's outcome; so the totals are the outcomes' sums plus what came after.
// Must not: decide which outcome it is.

import { assert } from '../../base/assert.ts';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import type { Booking, Outcome } from '../../protocol/events.ts';
import { andThen, type Member, type OpenRound, quiet, type RoundState, type Step } from './state.ts';

/** What the vehicle itself reports of its work; null when it reported nothing. */
export interface Report {
  readonly updateSha: BlobSha;
  readonly trainLoss: number;
  /** Fewer epochs than asked for; all where absent. */
  readonly epochsDone?: number;
  /** Mini-batches of a split task that did not come to its end. */
  readonly stepsDone?: number;
  readonly computeSeconds: number;
  readonly joules: number;
}

/** An outcome about to be booked. */
export interface Ended {
  readonly outcome: Outcome;
  readonly at: number;
  readonly reason: string;
  readonly report: Report | null;
}

/** The member of the open round that is this vehicle, of several flights the last; or undefined. */
export function memberOf(state: RoundState, vehicle: VehicleId): Member | undefined {
  return state.open?.members.findLast((member) => member.vehicle === vehicle);
}

/** Members that still owe an outcome. */
export function unfinishedMembers({ open }: Pick<RoundState, 'open'>): Member[] {
  return open ? open.members.filter(({ ending }) => ending === null) : [];
}

/** Models made between the one a flight began from and the one that an update committed now goes into. */
function stalenessOf({ asynchronous }: RoundState, { flight }: Member): number | undefined {
  if (!asynchronous || !flight) return undefined;
  // A model that is being made will stand before this update is used.
  return asynchronous.version + (asynchronous.closing ? 1 : 0) - flight.version;
}

/** What the vehicle knows its task by: the round's number, or in an asynchronous run the task's. */
export function taskNumber(open: OpenRound, { flight }: Member): number {
  return flight?.task ?? open.round;
}

/** The state with this member in place of its earlier self. */
export function withMember(state: RoundState, member: Member): RoundState {
  const open = state.open as OpenRound;
  const isIt = (one: Member): boolean =>
    one.vehicle === member.vehicle && one.flight?.task === member.flight?.task;
  const members = open.members.map((one) => (isIt(one) ? member : one));
  return { ...state, open: { ...open, members } };
}

/** What a silent car has computed, as the RSU reckons: since its download should have ended, at most the planned time. */
function reckoned(member: Member, at: number): { seconds: number; joules: number } {
  const { path, device } = member;
  const beganAt = member.turn ? (member.turn.beganAt ?? at) : member.dispatchedAt;
  const elapsed = Math.max(0, at - beganAt - path.downloadSeconds);
  const seconds = Math.min(elapsed, path.computeSeconds);
  return { seconds, joules: seconds * device.computeWatts };
}

/** Energy of sending, of every member alike: its bytes at the rate estimated when it was chosen. A car cannot know it. */
function sendingJoules(member: Member): number {
  const rate = member.estimate.uplinkBitsPerSecond;
  return rate > 0 ? ((member.bytesUp * 8) / rate) * member.device.transmitWatts : 0;
}

/** What a car computed after the work of it that counts: what the RSU reckons it did, less what it reported. */
function lostOf(member: Member, { at, report }: Ended): Booking['lost'] {
  if (report?.stepsDone === undefined) return undefined;
  const { seconds, joules } = reckoned(member, at);
  const { computeSeconds } = report;
  return { seconds: Math.max(0, seconds - computeSeconds), joules: Math.max(0, joules - report.joules) };
}

function bookingOf(member: Member, ended: Ended): Booking {
  const { report } = ended;
  const lost = lostOf(member, ended);
  const work = report
    ? { seconds: report.computeSeconds, joules: report.joules }
    : reckoned(member, ended.at);
  const { bytesUp, bytesDown } = member;
  const seconds = work.seconds + (lost?.seconds ?? 0);
  const joules = work.joules + (lost?.joules ?? 0) + sendingJoules(member);
  return { seconds, joules, bytesUp, bytesDown, ...(lost ? { lost } : {}) };
}

/** Gives `member` its one outcome and logs it. */
export function endMember(state: RoundState, member: Member, ended: Ended): Step {
  assert(member.ending === null, `${member.vehicle} already has an outcome`);
  const { outcome, at, reason } = ended;
  const booking = bookingOf(member, ended);
  const { updateSha = null, trainLoss = null, epochsDone, stepsDone } = ended.report ?? {};
  const staleness = outcome === 'committed' ? stalenessOf(state, member) : undefined;
  const ending = { outcome, at, booking, updateSha, trainLoss, epochsDone, stepsDone, staleness };
  const round = (state.open as OpenRound).round;
  const { vehicle, plan, flight } = member;
  const wasted = outcome !== 'committed';
  const body = { kind: 'vehicle-outcome', round, vehicle, outcome, plan, reason, booking, wasted } as const;
  return {
    state: withMember(state, { ...member, ending }),
    effects: [{ kind: 'log', body: flight ? { ...body, task: flight.task } : body }],
  };
}

/** What is logged of a committed update, and what its key must carry when it comes again. */
export interface Committed {
  readonly key: string;
  readonly updateSha: BlobSha;
  readonly samples: number;
  readonly trainLoss: number;
  readonly epochsDone?: number;
  readonly stepsDone?: number;
}

/** Logs that an update of `member` is committed, and remembers it under its task. */
export function logCommit(state: RoundState, member: Member, update: Committed): Step {
  const open = state.open as OpenRound;
  const { vehicle, plan, flight } = member;
  const round = taskNumber(open, member);
  const { key, updateSha } = update;
  const ofFlight = flight ? { task: flight.task, staleness: stalenessOf(state, member) } : {};
  const body = {
    kind: 'update-committed',
    round: open.round,
    vehicle,
    plan,
    ...update,
    ...ofFlight,
  } as const;
  return {
    state: {
      ...state,
      commits: new Map(state.commits).set(`${round}/${vehicle}`, { round, key, updateSha }),
    },
    effects: [{ kind: 'log', body }],
  };
}

/**
 * Ends `member` before its work has come to its end: with that outcome, or, where work of it was kept on the way, with that
 * committed as part of what was asked for. Nothing is kept of a car that was refused.
 */
export function endEarly(state: RoundState, member: Member, ended: Omit<Ended, 'report'>): Step {
  const { kept } = member;
  if (!kept || ended.outcome === 'refused') return endMember(state, member, { ...ended, report: null });
  const { key, updateSha, samples, trainLoss, stepsDone } = kept;
  const logged = logCommit(state, member, { key, updateSha, samples, trainLoss, stepsDone });
  const reason = `${ended.reason}; the work of its first ${stepsDone} mini-batches is kept`;
  return andThen(logged, (now) =>
    endMember(now, member, { outcome: 'committed', at: ended.at, reason, report: kept }),
  );
}

/** Ends an unfinished member as late, but for work of it that was kept, and tells it to stop where it has begun. */
export function endLate(
  state: RoundState,
  member: Member,
  { at, reason }: Pick<Ended, 'at' | 'reason'>,
): Step {
  const round = taskNumber(state.open as OpenRound, member);
  const cancel = { kind: 'cancel', vehicle: member.vehicle, round, reason } as const;
  return andThen(endEarly(state, member, { outcome: 'late', at, reason }), (now) => ({
    state: now,
    effects: member.turn?.beganAt === null ? [] : [cancel],
  }));
}

/** Ends every unfinished member as late and tells each to stop. */
export function endUnfinished(state: RoundState, at: number, reason: string): Step {
  return unfinishedMembers(state).reduce(
    (step, member) => andThen(step, (now) => endLate(now, member, { at, reason })),
    quiet(state),
  );
}
