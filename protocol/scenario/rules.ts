// What one key says about another: rules that no single value can break. Checked after the schema, so every default is in.
// Must not: check a value on its own (the schema does), or look at files.

import { RoadbedError } from '../../base/errors.ts';
import type { Fault } from './faults.ts';
import { isTrafficMade } from './road-files.ts';
import type { Scenario } from './schema.ts';

type Rule = (scenario: Scenario) => Fault[];

function repeated(names: readonly string[], list: string, key: string): Fault[] {
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (first === index) return [];
    const sentence = `${list}.${index}.${key} is ${JSON.stringify(name)}, as is ${list}.${first}.${key} (expected each ${key} once)`;
    return [{ path: [list, index, key], sentence }];
  });
}

const rsuIdsDiffer: Rule = ({ rsus }) =>
  repeated(
    rsus.map((rsu) => rsu.id),
    'rsus',
    'id',
  );

const deviceNamesDiffer: Rule = ({ devices }) =>
  repeated(
    devices.map((device) => device.name),
    'devices',
    'name',
  );

/** One upper half for all cars needs one cut for all; a model that ends in the car is cut behind blocks. */
const fallbackFits: Rule = ({ fallback, aggregation }) => {
  const { cut, server, head, schedule } = fallback;
  const faults: Fault[] = [];
  const refuse = (key: string, sentence: string): number =>
    faults.push({ path: ['fallback', key], sentence: `fallback.${key} ${sentence}` });
  if (server === 'shared' && cut === 'best')
    refuse('server', 'is shared, but fallback.cut is best (expected one cut for all, such as 1)');
  if (head !== undefined && !(typeof cut === 'number' && cut < head))
    refuse('head', `is ${head} (expected more than fallback.cut, and that a number of blocks; it is ${cut})`);
  if (schedule === 'sequential' && aggregation.rule !== 'fedavg')
    refuse('schedule', `is sequential, but aggregation.rule is ${aggregation.rule} (expected fedavg)`);
  if (schedule === 'sequential' && server === 'shared')
    refuse(
      'schedule',
      'is sequential, but fallback.server is shared (expected per-vehicle: cars take turns)',
    );
  return faults;
};

/** A car that recirculates needs a road without an end; one that arrives and leaves needs a road with one. */
const trafficFitsRoads: Rule = ({ roads, traffic }) => {
  const path = ['traffic', 'source', 'kind'];
  if (roads.kind === 'segment' && traffic.source.kind === 'recirculating')
    return [
      {
        path,
        sentence:
          'traffic.source.kind is recirculating on a segment, which has an end (expected poisson there, or roads.kind ring)',
      },
    ];
  if (roads.kind === 'constant-speed' && traffic.source.kind === 'recirculating')
    return [
      {
        path,
        sentence:
          'traffic.source.kind is recirculating on a road of constant speeds, which has an end (expected poisson there)',
      },
    ];
  if (roads.kind === 'ring' && traffic.source.kind === 'poisson')
    return [
      {
        path,
        sentence:
          'traffic.source.kind is poisson on a ring, which has no end to leave by (expected recirculating there, or roads.kind segment)',
      },
    ];
  return [];
};

const straightsFitRing: Rule = ({ roads }) => {
  if (roads.kind !== 'ring' || roads.straightMeters * 2 < roads.lengthMeters) return [];
  const sentence = `roads.straightMeters is ${roads.straightMeters} (expected less than half of roads.lengthMeters, which is ${roads.lengthMeters}: two straights and two half circles make the ring)`;
  return [{ path: ['roads', 'straightMeters'], sentence }];
};

/** Bumper to bumper, standing: more cars than this do not fit on the road. */
const carsFitRing: Rule = ({ roads, traffic }) => {
  if (roads.kind !== 'ring' || traffic.source.kind !== 'recirculating') return [];
  const { vehicleLengthMeters, minimumGapMeters } = traffic.carFollowing;
  const most = Math.floor(roads.lengthMeters / (vehicleLengthMeters + minimumGapMeters));
  if (traffic.source.vehicles <= most) return [];
  const sentence = `traffic.source.vehicles is ${traffic.source.vehicles} (expected at most ${most}: a vehicle with its gap takes ${vehicleLengthMeters + minimumGapMeters} m of ${roads.lengthMeters} m)`;
  return [{ path: ['traffic', 'source', 'vehicles'], sentence }];
};

const roundsCanOpen: Rule = ({ roads, round, traffic }) => {
  if (!isTrafficMade(roads)) return [];
  if (traffic.source.kind !== 'recirculating') return [];
  const { vehicles } = traffic.source;
  if (round.minimumCandidates <= vehicles) return [];
  const sentence = `round.minimumCandidates is ${round.minimumCandidates} (expected at most traffic.source.vehicles, which is ${vehicles}: no round would ever open)`;
  return [{ path: ['round', 'minimumCandidates'], sentence }];
};

/** Generated sets have the size the scenario says; the size of IDX files is known only when they are read. */
const samplesExist: Rule = ({ data }) => {
  if (data.kind === 'idx') return [];
  const faults: Fault[] = [];
  if (data.samplesPerVehicle > data.trainSamples)
    faults.push({
      path: ['data', 'samplesPerVehicle'],
      sentence: `data.samplesPerVehicle is ${data.samplesPerVehicle} (expected at most data.trainSamples, which is ${data.trainSamples})`,
    });
  if (data.evaluationSamples > data.testSamples)
    faults.push({
      path: ['data', 'evaluationSamples'],
      sentence: `data.evaluationSamples is ${data.evaluationSamples} (expected at most data.testSamples, which is ${data.testSamples})`,
    });
  return faults;
};

const rules: readonly Rule[] = [
  rsuIdsDiffer,
  deviceNamesDiffer,
  trafficFitsRoads,
  straightsFitRing,
  carsFitRing,
  roundsCanOpen,
  samplesExist,
  fallbackFits,
];

/** Every broken rule of a scenario that already satisfies the schema. */
export function brokenRules(scenario: Scenario): Fault[] {
  return rules.flatMap((rule) => rule(scenario));
}

/** The folder with the scenario's IDX files, undefined for generated data. Throws RoadbedError('data') when none is named. */
export function dataDirectoryOf(scenario: Scenario): string | undefined {
  if (scenario.data.kind !== 'idx') return undefined;
  if (scenario.data.directory !== undefined) return scenario.data.directory;
  throw new RoadbedError(
    'data',
    `scenario ${scenario.name} reads IDX files (data.kind is idx), but no folder is named: give --data FOLDER, or set data.directory`,
  );
}
