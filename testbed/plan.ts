// From a scenario to the configurations of the rooms: mobility, round, model, devices. All that is decided once, before a
// run, and all of it from the scenario alone, so that every process of a deployment comes to the same plan.
// Must not: start anything, or read files (the road file's text is handed in).

import { present } from '../base/assert.ts';
import { asId, type RsuId, type VehicleId } from '../base/ids.ts';
import { Rng } from '../base/rng.ts';
import { modelCost } from '../learning/cost/model-cost.ts';
import type { ModelCost } from '../learning/cost/types.ts';
import { sampleLabels } from '../learning/data/dataset.ts';
import { type Place, shardFor } from '../learning/data/partition.ts';
import type { Dataset, ModelSpec, Shard } from '../learning/learner.ts';
import type { MobilityConfig, NetworkConfig } from '../mobility/config.ts';
import { equalSplitHz, slantMeters, spectralEfficiency } from '../mobility/radio/rate.ts';
import type { Mobility, Point, RsuSite } from '../mobility/types.ts';
import type { Box } from '../protocol/frame.ts';
import type { DeviceProfile } from '../protocol/messages.ts';
import type { MapScene } from '../protocol/run-info.ts';
import type { Scenario } from '../protocol/scenario/schema.ts';
import { rootSamplesOf } from '../roadside/aggregation/aggregators.ts';
import type { RoundConfig } from '../roadside/round/types.ts';
import { channelConfig, handoverMarginDb } from './channel-plan.ts';

/** Limit of roads that state none: 130 km/h never binds the desired speeds of a scenario on a generated road. */
const speedLimitKmh = 130;

/** The scenario's RSUs as mobility knows them. */
export const sitesOf = (scenario: Scenario): RsuSite[] =>
  scenario.rsus.map((rsu) => ({ ...rsu, id: asId<RsuId>(rsu.id) }));

function networkOf(scenario: Scenario, roadText: string | undefined): NetworkConfig {
  const { roads } = scenario;
  if (roads.kind === 'segment' || roads.kind === 'ring') return roads;
  if (roads.kind !== 'geojson') throw new Error(`roads of kind ${roads.kind} are no engine's of roads`);
  if (roadText === undefined) throw new Error('the road file was not read');
  return { kind: 'geojson', text: roadText };
}

/** What the mobility engine is made from. */
export function mobilityConfig(scenario: Scenario, roadText?: string): MobilityConfig {
  const { traffic, radio } = scenario;
  const config = channelConfig(scenario);
  return {
    network: networkOf(scenario, roadText),
    speedLimitKmh,
    rsus: sitesOf(scenario),
    traffic: traffic.source,
    desiredSpeedKmh: traffic.desiredSpeedKmh,
    speedSpread: traffic.speedSpread,
    idm: traffic.carFollowing,
    radio,
    channel: config && { config, handoverMarginDb: handoverMarginDb(scenario) },
    stepSeconds: traffic.stepSeconds,
  };
}

/** The model the scenario names, for this data. */
export function modelSpec(scenario: Scenario, data: Pick<Dataset, 'inputShape' | 'classes'>): ModelSpec {
  return { name: scenario.model.name, inputShape: data.inputShape, classes: data.classes };
}

/** Which training samples a vehicle holds, the same in every way of running. `place`: where it first drove. */
export function shardOf(
  { data, seed }: Pick<Scenario, 'data' | 'seed'>,
  train: Dataset,
  { vehicle, place }: { readonly vehicle: VehicleId; readonly place: Place | undefined },
): Shard {
  return shardFor({
    labels: sampleLabels(train),
    classes: train.classes,
    vehicle,
    place,
    samples: data.samplesPerVehicle,
    partition: data.partition,
    seed,
  });
}

/** The RSU's own training samples, drawn from the whole set, where the aggregation rule wants some; else undefined. */
export function rootDataOf(
  { data, seed, aggregation }: Pick<Scenario, 'data' | 'seed' | 'aggregation'>,
  train: Dataset,
): { readonly data: Dataset; readonly shard: Shard } | undefined {
  const samplesPerVehicle = Math.min(rootSamplesOf(aggregation), sampleLabels(train).length);
  if (samplesPerVehicle === 0) return undefined;
  const own = { data: { ...data, samplesPerVehicle, partition: { kind: 'iid' } as const }, seed };
  const holder = { vehicle: asId<VehicleId>('rsu-root'), place: undefined };
  return { data: train, shard: shardOf(own, train, holder) };
}

/** Which device a vehicle carries: drawn by shares from the vehicle's own stream, so one more car changes no other. */
export function deviceOf(scenario: Scenario, vehicle: VehicleId): DeviceProfile {
  const device = pick(scenario.devices, Rng.root(scenario.seed).fork('devices').fork(vehicle).uniform());
  return {
    name: device.name,
    trainingFlopsPerSecond: device.trainingFlopsPerSecond,
    memoryBytes: device.memoryMegabytes * 2 ** 20,
    computeWatts: device.computeWatts,
    transmitWatts: device.transmitWatts,
  };
}

/** How much longer than nominal a vehicle's computing takes in each round: its own stream, so the same over any link. */
export function slowdownOf(scenario: Scenario, vehicle: VehicleId): (round: number) => number {
  const spread =
    scenario.devices.find(({ name }) => name === deviceOf(scenario, vehicle).name)?.speedSpread ?? 0;
  const rng = Rng.root(scenario.seed).fork('slowdown').fork(vehicle);
  return (round) => rng.fork(`round-${round}`).between(1 - spread, 1 + spread);
}

/** The device at `place` (0..1) of the shares laid end to end. */
function pick(devices: Scenario['devices'], place: number): Scenario['devices'][number] {
  const total = devices.reduce((sum, device) => sum + device.share, 0);
  let end = 0;
  for (const device of devices) {
    end += device.share / total;
    if (place < end) return device;
  }
  return present(devices.at(-1), 'a device');
}

/**
 * Bounds of a round's delay for MAVFL's utility (docs/mavfl.md): whole-model upload at the share B/K0 from right under the
 * antenna and from the edge of coverage, plus local training on the fastest and the slowest device of the scenario.
 */
export function delayBounds(scenario: Scenario, cost: ModelCost): RoundConfig['delayBounds'] {
  const { radio, selection, training, data, devices } = scenario;
  const share = equalSplitHz(radio.uplinkBandwidthHz, selection.perRound);
  const bits = cost.parameters * 32;
  const upload = (distance: number): number => bits / (share * spectralEfficiency(distance, radio));
  const nearest = Math.min(
    ...scenario.rsus.map((rsu) => slantMeters(radio.zoneMeters / 2, rsu.antennaHeightMeters)),
  );
  const farthest = Math.max(
    ...scenario.rsus.map((rsu) => slantMeters(rsu.coverageRadiusMeters, rsu.antennaHeightMeters)),
  );
  const flops = training.epochs * data.samplesPerVehicle * (cost.forwardFlops + cost.backwardFlops);
  const speeds = devices.map((device) => device.trainingFlopsPerSecond);
  return {
    minSeconds: upload(nearest) + flops / Math.max(...speeds),
    maxSeconds: upload(farthest) + flops / Math.min(...speeds),
  };
}

/** Everything constant the round decides by. */
export function roundConfig(
  scenario: Scenario,
  model: ModelSpec,
  mobility: Pick<Mobility, 'coverage' | 'roads'>,
): RoundConfig {
  const cost = modelCost(model);
  return {
    scenario,
    coverage: mobility.coverage,
    roadMeters: new Map(mobility.roads.map((road) => [road.id, road.lengthMeters])),
    sites: sitesOf(scenario),
    cost,
    model,
    fullBytes: cost.parameters * 4,
    delayBounds: delayBounds(scenario, cost),
  };
}

/** The still picture of the map. */
export function mapScene(mobility: Pick<Mobility, 'roads' | 'rsus' | 'picture'>): MapScene {
  const xs: number[] = [];
  const ys: number[] = [];
  for (const road of mobility.roads) for (const point of road.points) xs.push(point.x) && ys.push(point.y);
  for (const { x, y, coverageRadiusMeters: r } of mobility.rsus)
    xs.push(x - r, x + r) && ys.push(y - r, y + r);
  const box: Box = { minX: low(xs) - 20, minY: low(ys) - 20, maxX: high(xs) + 20, maxY: high(ys) + 20 };
  const { picture, roads } = mobility;
  const pairs = (points: readonly Point[]) => points.map(({ x, y }) => [x, y] as const);
  const streets = picture && {
    lanes: picture.lanes.map(({ widthMeters, points }) => ({ widthMeters, points: pairs(points) })),
    stopLines: picture.stopLines,
  };
  return {
    box,
    roads: picture ? [] : roads.map((road) => ({ id: road.id, points: pairs(road.points) })),
    ...streets,
    rsus: mobility.rsus.map(({ id, x, y, coverageRadiusMeters }) => ({ id, x, y, coverageRadiusMeters })),
  };
}

const low = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const high = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
