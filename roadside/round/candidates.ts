// Which vehicles may be chosen now, and what is known of each. There may be ten thousand, of whom a policy looks at a few
// things and an RSU takes five: so a candidate is a view of what was heard, and its figures are worked out when asked for.
// Must not: learn anything, or choose.

import { RoadbedError } from '../../base/errors.ts';
import type { VehicleId } from '../../base/ids.ts';
import { FullTasks } from '../cuts/full-task.ts';
import { staysOn } from '../cuts/seconds-left.ts';
import type { Candidate, TaskSeconds } from '../selection/policy.ts';
import { unfinishedMembers } from './endings.ts';
import type { RoundState } from './state.ts';
import type { RoundConfig, Site } from './types.ts';
import type { KnownVehicle } from './vehicle-table.ts';
import { predict } from './vehicles.ts';

/** Without a beacon for this long a vehicle that is waited for is not chosen, seconds: it is between two RSUs. */
const staleSeconds = 2.5;

/** A vehicle that may be chosen: nothing that is needed of it is missing. */
type Present = KnownVehicle & {
  readonly device: NonNullable<KnownVehicle['device']>;
  readonly beacon: NonNullable<KnownVehicle['beacon']>;
};

/** What the figures of all candidates of one instant are worked out from. */
interface Instant {
  readonly at: number;
  readonly sites: ReadonlyMap<string, Site>;
  readonly stayOf: (beacon: Present['beacon'], ageSeconds: number) => number;
  readonly tasks: FullTasks;
}

/** The length of a vector. The same bits as V8's `Math.hypot`, which makes an array of its arguments. */
function straight(x: number, y: number): number {
  const longer = Math.max(Math.abs(x), Math.abs(y));
  if (longer === 0 || longer === Number.POSITIVE_INFINITY) return longer;
  const across = x / longer;
  const along = y / longer;
  return Math.sqrt(across * across + along * along) * longer;
}

/** One vehicle at one instant. */
class Seen implements Candidate {
  readonly #known: Present;
  readonly #instant: Instant;
  /** Among those present. */
  readonly #position: number;

  constructor(known: Present, position: number, instant: Instant) {
    this.#known = known;
    this.#position = position;
    this.#instant = instant;
  }

  get vehicle(): VehicleId {
    return this.#known.vehicle;
  }

  get road(): string {
    return this.#known.beacon.road;
  }

  get offsetMeters(): number {
    return this.#known.beacon.offsetMeters;
  }

  get speedMps(): number {
    return this.#known.beacon.speedMps;
  }

  get bitsPerSecondPerHertz(): number {
    return this.#known.beacon.bitsPerSecondPerHertz;
  }

  get device(): Present['device'] {
    return this.#known.device;
  }

  get samples(): number {
    return this.#known.samples;
  }

  get distanceMeters(): number {
    const { x, y, serving } = this.#known.beacon;
    const site = serving === null ? undefined : this.#instant.sites.get(serving);
    return site ? straight(x - site.x, y - site.y) : Number.POSITIVE_INFINITY;
  }

  get secondsLeft(): number {
    const { at, stayOf } = this.#instant;
    return stayOf(this.#known.beacon, Math.max(0, at - this.#known.heardAt));
  }

  get task(): TaskSeconds {
    return this.#instant.tasks.at(this.#position);
  }
}

function presentAt(
  config: RoundConfig,
  state: RoundState,
  at: number,
  busy: ReadonlySet<VehicleId>,
): Present[] {
  const waitsForCars = Boolean(config.scenario.handover?.graceSeconds);
  const isPresent = (known: KnownVehicle): known is Present =>
    known.device !== null &&
    known.beacon !== null &&
    known.inContact &&
    known.beacon.serving !== null &&
    !(busy.size > 0 && busy.has(known.vehicle)) &&
    !(waitsForCars && Math.max(0, at - known.heardAt) > staleSeconds);
  const present: Present[] = [];
  for (const page of state.vehicles) for (const known of page) if (isPresent(known)) present.push(known);
  return present;
}

/** Seconds left in coverage after a beacon, by the road or, where the scenario says so, by what stays have taught. */
function staysOf(config: RoundConfig, { history }: RoundState): Instant['stayOf'] {
  if (config.scenario.prediction?.method !== 'learned') return staysOn(config.coverage);
  return (beacon, ageSeconds) => predict(config, history, beacon, ageSeconds).learnedSeconds;
}

/** Vehicles that said hello, are in contact and have no task now, sorted by id. */
export function candidatesAt(config: RoundConfig, state: RoundState, at: number): Candidate[] {
  const busy = new Set(unfinishedMembers(state).map(({ vehicle }) => vehicle));
  const present = presentAt(config, state, at, busy);
  const sharers = Math.min(config.scenario.selection.perRound, present.length + busy.size);
  const instant: Instant = {
    at,
    sites: new Map<string, Site>(config.sites.map((site) => [site.id, site])),
    stayOf: staysOf(config, state),
    tasks: new FullTasks(config, present, sharers),
  };
  return present.map((known, position) => new Seen(known, position, instant));
}

/** A candidate as plain data, for what outlives its instant. */
export function remembered(candidate: Candidate): Candidate {
  const { vehicle, road, offsetMeters, speedMps, distanceMeters } = candidate;
  const { secondsLeft: stay, bitsPerSecondPerHertz, device, samples } = candidate;
  const { downloadSeconds, computeSeconds, uploadSeconds, totalSeconds } = candidate.task;
  const task = { downloadSeconds, computeSeconds, uploadSeconds, totalSeconds };
  const place = { vehicle, road, offsetMeters, speedMps, distanceMeters, secondsLeft: stay };
  return { ...place, bitsPerSecondPerHertz, device, samples, task };
}

/** As many are looked for one by one; whoever wants more wants a table. */
const foundOneByOne = 16;

/**
 * Finds the candidates of a policy's ranking, as plain data. A few among what may be thousands are not worth a table of
 * all. Throws RoadbedError('internal') for a vehicle that is no candidate, or that the policy ranked before: a fault of the
 * policy, which would give a task to nobody or two to one car.
 */
export function finder(policy: string, candidates: readonly Candidate[]): (vehicle: VehicleId) => Candidate {
  const asked = new Set<VehicleId>();
  let table: ReadonlyMap<VehicleId, Candidate> | undefined;
  const find = (vehicle: VehicleId): Candidate | undefined => {
    if (asked.size <= foundOneByOne) return candidates.find((one) => one.vehicle === vehicle);
    table ??= new Map(candidates.map((one) => [one.vehicle, one]));
    return table.get(vehicle);
  };
  const fault = (what: string): RoadbedError =>
    new RoadbedError(
      'internal',
      `selection.policy ${policy} ${what}. Choose another policy, or mend this one.`,
    );
  return (vehicle) => {
    if (asked.has(vehicle)) throw fault(`ranked ${vehicle} twice (expected each candidate once)`);
    asked.add(vehicle);
    const found = find(vehicle);
    if (!found) throw fault(`ranked ${vehicle} (expected one of the ${candidates.length} candidates)`);
    return remembered(found);
  };
}
