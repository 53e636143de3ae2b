// Reads SUMO's route files (`rou.xml`, trips) and additional files: types, routes, vehicles, flows, places to stop and
// signal programs, as drafts. What is not simulated is counted and named.
// Must not: touch files, look ids up (resolve.ts does), or draw.

import { type OmissionList, omit } from '../network/omissions.ts';
import { SignalReader } from '../network/signal-xml.ts';
import type { XmlElement } from '../xml/element.ts';
import type { XmlHandlers } from '../xml/reader.ts';
import type { DemandDraft, Distribution, RouteDraft, VehicleDraft } from './draft.ts';
import { faultAt, type Place, placeOf } from './place.ts';
import { type Interval, readStop, readVehicle, secondsOf } from './vehicle-draft.ts';
import { readType, withCarFollowing } from './vehicle-type.ts';

/** Root elements of other documents that end up here by mistake. */
const otherRoots = ['net', 'osm', 'fcd-export', 'configuration', 'sumoConfiguration'];

/** Elements without meaning for driving: pictures, measurements, settings of outputs. */
const silent = new Set([...['include', 'location', 'viewsettings', 'access', 'route', 'interval', 'tazs']]);

/** Elements that change how vehicles drive in SUMO and are not simulated, and all others: counted by their names. */
const reasons: Readonly<Record<string, string>> = {
  e1Detector: 'measures, changes nothing',
  inductionLoop: 'measures, changes nothing',
  instantInductionLoop: 'measures, changes nothing',
  e2Detector: 'measures, changes nothing',
  laneAreaDetector: 'measures, changes nothing',
  e3Detector: 'measures, changes nothing',
  entryExitDetector: 'measures, changes nothing',
  edgeData: 'measures, changes nothing',
  laneData: 'measures, changes nothing',
  poly: 'a picture',
  poi: 'a picture',
  person: 'persons are not simulated',
  personFlow: 'persons are not simulated',
  container: 'containers are not simulated',
  containerFlow: 'containers are not simulated',
  rerouter: 'vehicles keep their routes',
  calibrator: 'traffic is not calibrated',
  variableSpeedSign: 'speed limits stay as they are',
  WAUT: 'signal programs are not switched',
};

/** Elements whose insides are left out with them. */
const closed = new Set(Object.keys(reasons));

/** A route is written out as often as it is driven. */
const repeatsMost = 10_000;

/** The collections a distribution may stand for. */
interface OpenDistribution {
  readonly id: string;
  readonly place: Place;
  readonly ids: string[];
  readonly weights: number[];
  readonly into: Map<string, Distribution>;
}

/** Handlers of one file; give a new one to each. What it reads goes into `draft`. */
export class RouteFileReader implements XmlHandlers {
  readonly #draft: DemandDraft;
  readonly #omissions: OmissionList;
  readonly #signals: SignalReader;
  #vehicle: VehicleDraft | undefined;
  /** True inside a vehicle that was left out. */
  #isInOmitted = false;
  #route: { draft: RouteDraft; id: string; weight: number } | undefined;
  #type: string | undefined;
  #district: { place: Place; sources: string[]; sinks: string[] } | undefined;
  #distribution: OpenDistribution | undefined;
  #interval: Interval = { beginSeconds: undefined, endSeconds: undefined };
  /** The name of the element being left out with its insides, and how deep we are in elements of that name. */
  #skipped = '';
  #skippedDepth = 0;

  constructor(draft: DemandDraft) {
    this.#draft = draft;
    this.#omissions = draft.omissions;
    this.#signals = new SignalReader(
      (program) => void draft.signals.set(program.id, program),
      draft.omissions,
    );
  }

  open(element: XmlElement): void {
    const { name } = element;
    if (this.#skipped !== '') {
      if (name === this.#skipped) this.#skippedDepth += 1;
      return;
    }
    if (element.path.length === 0) {
      if (otherRoots.includes(name)) throw element.fault('is the root element', '<routes> or <additional>');
      return;
    }
    if (this.#signals.open(element)) return;
    this.#openKnown(element, name);
  }

  #openKnown(element: XmlElement, name: string): void {
    switch (name) {
      case 'vehicle':
      case 'trip':
      case 'flow':
        return this.#openVehicle(element);
      case 'stop':
        return this.#openStop(element);
      case 'route':
        return this.#openRoute(element);
      case 'vType':
        return this.#openType(element);
      case 'vTypeDistribution':
        return this.#openDistribution(element, this.#draft.typeDistributions, 'vTypes');
      case 'routeDistribution':
        return this.#openDistribution(element, this.#draft.routeDistributions, 'routes');
      case 'taz':
        return this.#openDistrict(element);
      case 'tazSource':
      case 'tazSink':
        return this.#addToDistrict(element);
      case 'interval':
        this.#interval = { beginSeconds: secondsOf(element, 'begin'), endSeconds: secondsOf(element, 'end') };
        return;
      case 'busStop':
      case 'trainStop':
      case 'containerStop':
      case 'chargingStation':
      case 'parkingArea':
        return this.#openStopPlace(element);
      default:
        this.#openOther(element);
    }
  }

  close(name: string): void {
    if (this.#skipped !== '') {
      if (name === this.#skipped) this.#skippedDepth -= 1;
      if (this.#skippedDepth === 0) this.#skipped = '';
      return;
    }
    this.#signals.close(name);
    if (name === 'vehicle' || name === 'trip' || name === 'flow') this.#closeVehicle();
    else if (name === 'route') this.#closeRoute();
    else if (name === 'vType') this.#type = undefined;
    else if (name === 'taz') this.#district = undefined;
    else if (name === 'vTypeDistribution' || name === 'routeDistribution') this.#closeDistribution();
    else if (name === 'interval') this.#interval = { beginSeconds: undefined, endSeconds: undefined };
  }

  // ---- vehicles ------------------------------------------------------------------------------------------------

  #openVehicle(element: XmlElement): void {
    this.#vehicle = readVehicle(element, this.#interval, this.#omissions);
    this.#isInOmitted = this.#vehicle === undefined;
  }

  #closeVehicle(): void {
    if (this.#vehicle !== undefined) this.#draft.vehicles.push(this.#vehicle);
    this.#vehicle = undefined;
    this.#isInOmitted = false;
  }

  #openStop(element: XmlElement): void {
    if (this.#isInOmitted) return;
    const stop = readStop(element, this.#omissions);
    if (stop === undefined) return;
    const owner = this.#route?.draft ?? this.#vehicle;
    if (owner === undefined)
      throw element.fault('stands alone', 'a <stop> inside a vehicle, trip, flow or route');
    if (this.#route?.draft.isRepeated)
      omit(this.#omissions, 'stop of a repeated route (made the first time only)', stop.on.id);
    (owner.stops as (typeof stop)[]).push(stop);
  }

  // ---- routes --------------------------------------------------------------------------------------------------

  #openRoute(element: XmlElement): void {
    if (this.#isInOmitted) return;
    const weight = element.numberOr('probability', 1);
    const refId = element.optional('refId');
    if (refId !== undefined) {
      if (this.#distribution === undefined) this.#setWay(element, { kind: 'named', id: refId });
      else this.#addToDistribution(refId, weight);
      return;
    }
    const repeats = element.integerOr('repeat', 0);
    if (repeats < 0 || repeats > repeatsMost)
      throw element.invalid('repeat', `a whole number, 0..${repeatsMost}`);
    const once = element.text('edges', 'ids of edges, separated by spaces');
    const edges = Array.from({ length: repeats + 1 }, () => once).join(' ');
    const id = this.#routeId(element);
    const draft = { place: placeOf(element), edges, isRepeated: repeats > 0, stops: [] };
    this.#route = { draft, id, weight };
    if (this.#distribution === undefined && this.#vehicle !== undefined) {
      this.#setWay(element, { kind: 'edges', edges: edges });
    }
  }

  /** Routes inside a vehicle or a distribution need no id of their own. */
  #routeId(element: XmlElement): string {
    const stated = element.optional('id');
    if (stated !== undefined) return stated;
    if (this.#distribution !== undefined) return `${this.#distribution.id}#${this.#distribution.ids.length}`;
    if (this.#vehicle !== undefined) return '';
    throw element.fault('has no attribute "id"', 'an id, as it stands outside a vehicle');
  }

  #setWay(element: XmlElement, way: VehicleDraft['way']): void {
    if (this.#vehicle === undefined)
      throw element.fault('stands alone', 'a reference inside a vehicle or distribution');
    this.#vehicle.way = way;
  }

  #closeRoute(): void {
    const route = this.#route;
    this.#route = undefined;
    if (route === undefined) return;
    if (this.#distribution !== undefined) this.#addToDistribution(route.id, route.weight);
    else if (this.#vehicle !== undefined) {
      this.#vehicle.stops.push(...route.draft.stops);
      return;
    }
    if (this.#draft.routes.has(route.id)) throw duplicate(route.draft.place, 'a route');
    this.#draft.routes.set(route.id, route.draft);
  }

  // ---- types and distributions ---------------------------------------------------------------------------------

  #openType(element: XmlElement): void {
    const refId = element.optional('refId');
    if (refId !== undefined && this.#distribution !== undefined) {
      this.#addToDistribution(refId, element.numberOr('probability', 1));
      return;
    }
    const draft = readType(element, this.#omissions);
    if (draft === undefined) return;
    const { id } = draft.type;
    this.#type = id;
    this.#draft.types.set(id, draft);
    if (this.#distribution !== undefined) this.#addToDistribution(id, draft.probability);
  }

  #openDistribution(element: XmlElement, into: Map<string, Distribution>, listed: string): void {
    const ids =
      element
        .optional(listed)
        ?.split(/[\s,]+/)
        .filter((id) => id !== '') ?? [];
    const stated = element
      .optional('probabilities')
      ?.split(/[\s,]+/)
      .filter((text) => text !== '')
      .map(Number);
    if (stated !== undefined && (stated.length !== ids.length || !stated.every((weight) => weight >= 0)))
      throw element.invalid(
        'probabilities',
        `${ids.length} numbers of at least 0, one for each of ${listed}`,
      );
    const id = element.optional('id') ?? this.#vehicle?.id;
    if (id === undefined) throw element.fault('has no attribute "id"', 'the id of the distribution');
    if (this.#vehicle !== undefined && into === this.#draft.routeDistributions)
      this.#vehicle.way = { kind: 'named', id };
    // A list without probabilities takes those of the types themselves, found when all are known: marked by -1.
    const weights = stated ?? ids.map(() => -1);
    this.#distribution = { id, place: placeOf(element), ids, weights, into };
  }

  #addToDistribution(id: string, weight: number): void {
    this.#distribution?.ids.push(id);
    this.#distribution?.weights.push(weight);
  }

  #closeDistribution(): void {
    const open = this.#distribution;
    this.#distribution = undefined;
    if (open === undefined) return;
    const { id, place, ids, weights, into } = open;
    if (into.has(id)) throw duplicate(place, 'a distribution');
    into.set(id, { place, ids, weights });
  }

  // ---- the rest ------------------------------------------------------------------------------------------------

  #openStopPlace(element: XmlElement): void {
    const id = element.text('id', 'an id');
    if (this.#draft.stopPlaces.has(id)) throw element.fault('is there twice', 'ids that differ');
    this.#draft.stopPlaces.set(id, {
      place: placeOf(element),
      lane: element.text('lane', 'the id of a lane'),
      startMeters: element.numberOr('startPos', undefined),
      endMeters: element.numberOr('endPos', undefined),
      parking: element.name === 'parkingArea' && !element.flagOr('onRoad', false),
    });
  }

  #openDistrict(element: XmlElement): void {
    const id = element.text('id', 'an id');
    const edges = (element.optional('edges') ?? '').split(/\s+/).filter((edge) => edge !== '');
    this.#district = { place: placeOf(element), sources: [...edges], sinks: [...edges] };
    if (this.#draft.districts.has(id)) throw element.fault('is there twice', 'ids that differ');
    this.#draft.districts.set(id, this.#district);
  }

  /** SUMO's weights of sources and sinks are for sharing out flows of districts; a trip takes the fastest way of all. */
  #addToDistrict(element: XmlElement): void {
    if (this.#district === undefined) throw element.fault('stands alone', 'it inside a <taz>');
    const edge = element.text('id', 'the id of an edge');
    (element.name === 'tazSource' ? this.#district.sources : this.#district.sinks).push(edge);
  }

  #openOther(element: XmlElement): void {
    const { name } = element;
    if (name === 'param') return this.#nameDevice(element);
    if (silent.has(name)) return;
    if (name.startsWith('carFollowing-')) return this.#openCarFollowing(element);
    const id = element.optional('id') ?? this.#vehicle?.id ?? this.#type ?? '';
    omit(this.#omissions, `${name} (${reasons[name] ?? 'not simulated'})`, id);
    if (!closed.has(name)) return;
    this.#skipped = name;
    this.#skippedDepth = 1;
  }

  /** Parameters are labels, but for those that put a device into a vehicle: rerouting, batteries, a driver's state. */
  #nameDevice(element: XmlElement): void {
    const key = element.optional('key') ?? '';
    if (!/^(?:has\.|device\.)/.test(key) || element.optional('value') === 'false') return;
    omit(this.#omissions, `param ${key} (devices are not simulated)`, this.#vehicle?.id ?? this.#type ?? '');
  }

  #openCarFollowing(element: XmlElement): void {
    const draft = this.#type === undefined ? undefined : this.#draft.types.get(this.#type);
    if (draft === undefined) throw element.fault('stands alone', 'it inside a <vType>');
    this.#draft.types.set(draft.type.id, withCarFollowing(draft, element, this.#omissions));
  }
}

function duplicate(place: Place, what: string): Error {
  return faultAt(place, `has the id of another`, `ids that differ; rename ${what}`);
}
