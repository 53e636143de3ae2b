// How a member's round ends: exactly once, with what it cost. Each byte, second and joule of a member is booked here, at
// its outcome. Bytes that still move for it afterwards, while the round is open, are added to the totals of the round
// (`round-closed`) and to no vehicle's outcome; so the totals are the outcomes' sums plus what came after.
// Must not: decide which outcome it is.

import { assert } from '../../base/assert.ts';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import type { Booking, Outcome } from '../../protocol/events.ts';
import type { Member, OpenRound, RoundState, Step } from './state.ts';

/** What the vehicle itself reports of its work; null when it reported nothing. */
export interface Report {
  readonly updateSha: BlobSha;
  readonly trainLoss: number;
  /** Fewer epochs than asked for; all where absent. */
  readonly epochsDone?: number;
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

function bookingOf(member: Member, ended: Ended): Booking {
  const { report } = ended;
  const work = report
    ? { seconds: report.computeSeconds, joules: report.joules }
    : reckoned(member, ended.at);
  const joules = work.joules + sendingJoules(member);
  return { seconds: work.seconds, joules, bytesUp: member.bytesUp, bytesDown: member.bytesDown };
}

/** Gives `member` its one outcome and logs it. */
export function endMember(state: RoundState, member: Member, ended: Ended): Step {
  assert(member.ending === null, `${member.vehicle} already has an outcome`);
  const { outcome, at, reason } = ended;
  const booking = bookingOf(member, ended);
  const { updateSha = null, trainLoss = null, epochsDone } = ended.report ?? {};
  const ending = { outcome, at, booking, updateSha, trainLoss, epochsDone };
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

/** Ends every unfinished member as late and tells each to stop. */
export function endUnfinished(state: RoundState, at: number, reason: string): Step {
  let current = state;
  const effects: Step['effects'][number][] = [];
  for (const member of state.open?.members ?? []) {
    if (member.ending) continue;
    const ended = endMember(current, member, { outcome: 'late', at, reason, report: null });
    const round = (state.open as OpenRound).round;
    current = ended.state;
    effects.push(...ended.effects, { kind: 'cancel', vehicle: member.vehicle, round, reason });
  }
  return { state: current, effects };
}
