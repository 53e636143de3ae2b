// How a member's round ends: exactly once, with what it cost. Each byte, second and joule of a member is booked here, at
// its outcome. Bytes that still move for it afterwards, while the round is open, are added to the totals of the round
// (`round-closed`) and to no vehicle's outcome; so the totals are the outcomes' sums plus what came after.
// Must not: decide which outcome it is.

import { assert } from '../../base/assert.ts';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import type { Booking, Outcome } from '../../protocol/events.ts';
import { andThen, type Ending, type Member, type OpenRound, type RoundState, type Step } from './state.ts';

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

/** The member of the open round that is this vehicle, or undefined. */
export function memberOf(state: RoundState, vehicle: VehicleId): Member | undefined {
  return state.open?.members.find((member) => member.vehicle === vehicle);
}

/** The state with this member in place of its earlier self. */
export function withMember(state: RoundState, member: Member): RoundState {
  const open = state.open as OpenRound;
  const members = open.members.map((one) => (one.vehicle === member.vehicle ? member : one));
  return { ...state, open: { ...open, members } };
}

/** What a silent car has computed, as the RSU reckons: since its download should have ended, at most the planned time. */
function reckoned(member: Member, at: number): { seconds: number; joules: number } {
  const { path, device } = member;
  const elapsed = Math.max(0, at - member.dispatchedAt - path.downloadSeconds);
  const seconds = Math.min(elapsed, path.computeSeconds);
  return { seconds, joules: seconds * device.computeWatts };
}

/** Energy of sending, of every member alike: its bytes at the rate estimated when it was chosen. A car cannot know it. */
function sendingJoules(member: Member): number {
  const rate = member.estimate.uplinkBitsPerSecond;
  return rate > 0 ? ((member.bytesUp * 8) / rate) * member.device.transmitWatts : 0;
}

/** What a car computed after the work of it that counts: what the RSU reckons it did, less what it reported. */
function lostOf(member: Member, { at, report }: Ended): Ending['lost'] {
  if (report?.stepsDone === undefined) return undefined;
  const { seconds, joules } = reckoned(member, at);
  const { computeSeconds } = report;
  return { seconds: Math.max(0, seconds - computeSeconds), joules: Math.max(0, joules - report.joules) };
}

function bookingOf(member: Member, ended: Ended, lost: Ending['lost']): Booking {
  const { report } = ended;
  const work = report
    ? {
        seconds: report.computeSeconds + (lost?.seconds ?? 0),
        joules: report.joules + (lost?.joules ?? 0),
      }
    : reckoned(member, ended.at);
  const joules = work.joules + sendingJoules(member);
  return { seconds: work.seconds, joules, bytesUp: member.bytesUp, bytesDown: member.bytesDown };
}

/** Gives `member` its one outcome and logs it. */
export function endMember(state: RoundState, member: Member, ended: Ended): Step {
  assert(member.ending === null, `${member.vehicle} already has an outcome`);
  const { outcome, at, reason } = ended;
  const lost = lostOf(member, ended);
  const booking = bookingOf(member, ended, lost);
  const { updateSha = null, trainLoss = null, epochsDone, stepsDone } = ended.report ?? {};
  const ending = { outcome, at, booking, updateSha, trainLoss, epochsDone, stepsDone, lost };
  const round = (state.open as OpenRound).round;
  const { vehicle, plan } = member;
  const wasted = outcome !== 'committed';
  return {
    state: withMember(state, { ...member, ending }),
    effects: [
      {
        kind: 'log',
        body: { kind: 'vehicle-outcome', round, vehicle, outcome, plan, reason, booking, wasted },
      },
    ],
  };
}

/**
 * Ends `member` before its work has come to its end: with that outcome, or, where work of it was kept on the way, with that
 * committed as part of what was asked for. Nothing is kept of a car that was refused.
 */
export function endEarly(state: RoundState, member: Member, ended: Omit<Ended, 'report'>): Step {
  const { kept, vehicle, plan } = member;
  if (!kept || ended.outcome === 'refused') return endMember(state, member, { ...ended, report: null });
  const round = (state.open as OpenRound).round;
  const { key, updateSha, samples, trainLoss, stepsDone } = kept;
  const update = { vehicle, plan, key, updateSha, samples, trainLoss, stepsDone };
  const logged: Step = {
    state: {
      ...state,
      commits: new Map(state.commits).set(`${round}/${vehicle}`, { round, key, updateSha }),
    },
    effects: [{ kind: 'log', body: { kind: 'update-committed', round, ...update } }],
  };
  const reason = `${ended.reason}; the work of its first ${stepsDone} mini-batches is kept`;
  return andThen(logged, (now) =>
    endMember(now, member, { outcome: 'committed', at: ended.at, reason, report: kept }),
  );
}

/** Ends every unfinished member as late and tells each to stop. */
export function endUnfinished(state: RoundState, at: number, reason: string): Step {
  let current = state;
  const effects: Step['effects'][number][] = [];
  for (const member of state.open?.members ?? []) {
    if (member.ending) continue;
    const ended = endEarly(current, member, { outcome: 'late', at, reason });
    const round = (state.open as OpenRound).round;
    current = ended.state;
    effects.push(...ended.effects, { kind: 'cancel', vehicle: member.vehicle, round, reason });
  }
  return { state: current, effects };
}
