// Vehicles whose ways are known beforehand, as a mobility source: each is on a road, and drives from one known instant to
// the next at constant speed. Recorded GPS tracks are such ways (every vehicle its own road), and so are the vehicles of
// the papers, which keep one speed on a straight road. Contacts begin and end at their exact instants.
// Must not: let vehicles notice each other.

import type { VehicleId } from '../../base/ids.ts';
import { ContactTracker } from '../contacts/contact-tracker.ts';
import { coverRoads } from '../contacts/coverage.ts';
import { CoverageIndex } from '../contacts/coverage-index.ts';
import { ServingChoice } from '../contacts/serving-choice.ts';
import type { Uplink } from '../radio/reception.ts';
import { RoadNetwork } from '../roads/network.ts';
import type { CoverageInterval, Fix, Mobility, MobilityStep, Road, RsuSite } from '../types.ts';

/**
 * One vehicle: at `seconds[i]` it is `meters[i]` along its road. Both ascend; it is there from the first to the last. It
 * begins at metre 0, or at second 0 anywhere, and ends at the end of its road.
 */
export interface Track {
  readonly vehicle: VehicleId;
  /** Row in the roads. */
  readonly road: number;
  readonly seconds: Float64Array;
  readonly meters: Float64Array;
}

export interface TrackMobilityOptions {
  readonly roads: readonly Road[];
  readonly tracks: readonly Track[];
  readonly rsus: readonly RsuSite[];
  readonly uplink: Uplink;
  readonly handoverMarginDb: number;
  readonly stepSeconds: number;
}

/** The source. Throws RoadbedError('scenario') for roads without extent. */
export function trackMobility(options: TrackMobilityOptions): Mobility {
  return new TrackMobility(options);
}

class TrackMobility implements Mobility {
  readonly roads: readonly Road[];
  readonly rsus: readonly RsuSite[];
  readonly coverage: readonly CoverageInterval[];
  readonly stepSeconds: number;
  readonly #network: RoadNetwork;
  readonly #index: CoverageIndex;
  readonly #contacts: ContactTracker;
  readonly #serving: ServingChoice;
  /** Tracks that have not begun, the next one last. */
  readonly #ahead: Track[];
  /** Tracks under way, and the known instant each has passed. */
  #underWay: { readonly track: Track; passed: number }[] = [];
  readonly #point = new Float64Array(3);
  readonly #served = { rsu: -1, bitsPerSecondPerHertz: 0 };
  #steps = 0;

  constructor({ roads, tracks, rsus, uplink, handoverMarginDb, stepSeconds }: TrackMobilityOptions) {
    this.roads = roads;
    this.rsus = rsus;
    this.stepSeconds = stepSeconds;
    this.#network = new RoadNetwork(roads);
    this.coverage = coverRoads(this.#network, rsus);
    this.#index = new CoverageIndex(this.#network, rsus, this.coverage);
    this.#contacts = new ContactTracker(this.#index);
    this.#serving = new ServingChoice(rsus, uplink, handoverMarginDb);
    this.#ahead = [...tracks].sort((a, b) => b.seconds[0]! - a.seconds[0]!);
  }

  initial(): readonly Fix[] {
    return [];
  }

  step(): MobilityStep {
    const from = this.#steps * this.stepSeconds;
    const to = (this.#steps + 1) * this.stepSeconds;
    this.#steps += 1;
    this.#begin(to);
    for (const entry of this.#underWay) this.#drive(entry, from, to);
    const isThere = ({ track }: { track: Track }): boolean => track.seconds.at(-1)! > to;
    for (const entry of this.#underWay) if (!isThere(entry)) this.#end(entry.track);
    this.#underWay = this.#underWay.filter(isThere);
    const fixes = this.#underWay.map(({ track, passed }) => this.#fixOf(track, passed, to));
    fixes.sort((a, b) => (a.vehicle < b.vehicle ? -1 : 1));
    return { from, to, events: this.#contacts.take(), fixes };
  }

  #begin(to: number): void {
    while (this.#ahead.length > 0 && this.#ahead.at(-1)!.seconds[0]! <= to) {
      const track = this.#ahead.pop()!;
      const { vehicle, road } = track;
      const at = track.seconds[0]!;
      const offsetMeters = track.meters[0]!;
      if (offsetMeters === 0) this.#contacts.spawned(vehicle, road, at);
      else this.#contacts.standsThere(vehicle, { road, offsetMeters }, at);
      this.#underWay.push({ track, passed: 0 });
    }
  }

  /** Drives the pieces between known instants that lie in [from, to]. */
  #drive(entry: { readonly track: Track; passed: number }, from: number, to: number): void {
    const { vehicle, road, seconds, meters } = entry.track;
    let startsAt = Math.max(from, seconds[0]!);
    let fromMeters = metersAt(entry.track, entry.passed, startsAt);
    while (entry.passed + 1 < seconds.length && startsAt < to) {
      const next = entry.passed + 1;
      const endsAt = Math.min(to, seconds[next]!);
      const toMeters =
        endsAt === seconds[next]! ? meters[next]! : metersAt(entry.track, entry.passed, endsAt);
      const speedMps = (toMeters - fromMeters) / (endsAt - startsAt);
      if (speedMps > 0)
        this.#contacts.drove({ vehicle, road, fromMeters, toMeters, startsAt, endsAt, speedMps });
      if (endsAt === seconds[next]!) entry.passed = next;
      startsAt = endsAt;
      fromMeters = toMeters;
    }
  }

  #end({ vehicle, road, seconds }: Track): void {
    this.#contacts.arrived(vehicle, road, seconds.at(-1)!);
    this.#serving.forget(vehicle);
  }

  #fixOf(track: Track, passed: number, at: number): Fix {
    const { vehicle, road } = track;
    const offsetMeters = metersAt(track, passed, at);
    this.#network.pointAt(road, offsetMeters, this.#point);
    const [x, y, headingRadians] = [this.#point[0]!, this.#point[1]!, this.#point[2]!];
    const covering = this.#index.coveringAt(this.#index.cellAt(road, offsetMeters));
    this.#serving.serve({ vehicle, x, y, headingRadians }, covering, this.#served);
    const { rsu, bitsPerSecondPerHertz } = this.#served;
    return {
      vehicle,
      at,
      x,
      y,
      headingRadians,
      speedMps: speedAt(track, passed),
      road: this.roads[road]!.id,
      offsetMeters,
      serving: rsu < 0 ? null : this.rsus[rsu]!.id,
      bitsPerSecondPerHertz,
    };
  }
}

/** Metres along the road at an instant between the known ones `passed` and the next. */
function metersAt({ seconds, meters }: Track, passed: number, at: number): number {
  if (passed + 1 >= seconds.length) return meters[passed]!;
  const share = (at - seconds[passed]!) / (seconds[passed + 1]! - seconds[passed]!);
  return meters[passed]! + share * (meters[passed + 1]! - meters[passed]!);
}

function speedAt({ seconds, meters }: Track, passed: number): number {
  if (passed + 1 >= seconds.length) return 0;
  return (meters[passed + 1]! - meters[passed]!) / (seconds[passed + 1]! - seconds[passed]!);
}
