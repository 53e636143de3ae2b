// The radio channel between vehicles and RSUs: a path loss model, what stands in the way, shadowing, fading and
// throughput put together. Each pair of vehicle and RSU has a stream of its own, so no other car changes a link.
// Must not: decide who serves whom, or know who shares the band.
//
// Order: 1 line of sight or not; 2 path loss; 3 blockage by vehicles; 4 shadowing; 5 fading; 6 bits.

import { log10 } from '../../base/math.ts';
import type { Rng } from '../../base/rng.ts';
import { drawGammaPower, normalBelow } from './chance.ts';
import { CorrelatedNormal } from './correlated.ts';
import { type LinkGeometry, slantOf } from './link.ts';
import { pathLossDb } from './path-loss.ts';
import type { LinkPlace, Reception, Uplink } from './reception.ts';
import { efficiencyOf, type Throughput } from './throughput.ts';
import {
  blockageDb,
  blockageOf,
  highwayLosDb,
  highwayLosProbability,
  tr37885Shadow,
  urbanLosDb,
  urbanLosProbability,
  urbanNlosDb,
} from './tr37885.ts';
import { twoRayDb } from './two-ray.ts';

import { umiLosDb, umiLosProbability, umiLosShadowDb, umiNlosDb, umiNlosShadowDb } from './umi.ts';

export type PathLossModel = 'lte-macro' | 'umi' | 'tr37885-highway' | 'tr37885-urban' | 'two-ray';

export type Fading =
  | { readonly kind: 'none' }
  | { readonly kind: 'rayleigh' }
  /** `m` undefined: 1.5 up to 80 m, 0.75 beyond (as Veins has it). */
  | { readonly kind: 'nakagami'; readonly m?: number | undefined };

export interface ChannelConfig {
  readonly model: PathLossModel;
  readonly carrierGigahertz: number;
  readonly vehicleHeightMeters: number;
  /** Height of vehicles that may stand in between, metres: 1.6, trucks 3.0. */
  readonly blockerHeightMeters: number;
  readonly transmitPowerDbm: number;
  readonly antennaGainDbi: number;
  readonly noiseDbm: number;
  readonly shadowing: boolean;
  readonly fading: Fading;
  readonly throughput: Throughput;
}

/** The RSU counts as being on the vehicle's street up to this far from its line: two lanes each way and a pavement. */
const streetHalfWidthMeters = 20;
/** Line of sight is remembered over this distance: TR 38.901 table 7.6.3.1-2, UMi. */
const sightDecorrelationMeters = 50;
/** LTE macro: TR 36.885's 8 dB over 10 m, as the BFSSL preset has it; UMi: TR 38.901 table 7.5-6. */
const macroShadow = { sigmaDb: 8, decorrelationMeters: 10 };
const umiShadow = { los: 10, nlos: 13 };

type Sight = 'los' | 'vehicles' | 'buildings';

interface Pair {
  readonly rng: Rng;
  readonly sight: CorrelatedNormal;
  readonly blockage: CorrelatedNormal;
  readonly shadow: Readonly<Record<'los' | 'nlos', CorrelatedNormal>>;
  x: number;
  y: number;
  /** Metres driven since the first look at this link, in straight lines from look to look. */
  odometerMeters: number;
}

export class Channel implements Uplink {
  readonly #config: ChannelConfig;
  readonly #rng: Rng;
  readonly #pairs = new Map<string, Map<number, Pair>>();

  /** `rng` is only forked: by vehicle, then by RSU. */
  constructor(config: ChannelConfig, rng: Rng) {
    this.#config = config;
    this.#rng = rng;
  }

  /** The vehicle is gone for good. */
  forget(vehicle: string): void {
    this.#pairs.delete(vehicle);
  }

  /** Fading is drawn anew at each call. */
  receive(vehicle: string, rsu: number, place: LinkPlace, out: Reception): void {
    const { transmitPowerDbm, antennaGainDbi, noiseDbm, throughput, vehicleHeightMeters } = this.#config;
    const { groundMeters, baseHeightMeters } = place;
    const link: LinkGeometry = { groundMeters, baseHeightMeters, vehicleHeightMeters };
    const pair = this.#pairOf(vehicle, rsu, place);
    const average = transmitPowerDbm + antennaGainDbi - this.#lossDb(pair, link, place);
    out.averageSnrDb = average - noiseDbm;
    out.bitsPerSecondPerHertz = efficiencyOf(throughput, average + this.#fadingDb(pair, link), noiseDbm);
  }

  #lossDb(pair: Pair, link: LinkGeometry, place: LinkPlace): number {
    const { model, carrierGigahertz, shadowing } = this.#config;
    pair.odometerMeters += Math.sqrt((place.x - pair.x) ** 2 + (place.y - pair.y) ** 2);
    pair.x = place.x;
    pair.y = place.y;
    const sight = this.#sight(pair, link, place.lateralMeters);
    const blocked = sight === 'vehicles' ? this.#blockageDb(pair, link) : 0;
    const shadow = shadowing ? shadowDb(model, sight, pair) : 0;
    return meanLossDb(model, sight, link, carrierGigahertz) + blocked + shadow;
  }

  #sight(pair: Pair, link: LinkGeometry, lateralMeters: number): Sight {
    const { model } = this.#config;
    if (model === 'lte-macro' || model === 'two-ray') return 'los';
    if (model === 'tr37885-urban' && lateralMeters > streetHalfWidthMeters) return 'buildings';
    const chance = normalBelow(pair.sight.at(pair.odometerMeters));
    if (model === 'umi') return chance < umiLosProbability(link) ? 'los' : 'buildings';
    const probability = model === 'tr37885-highway' ? highwayLosProbability : urbanLosProbability;
    return chance < probability(slantOf(link)) ? 'los' : 'vehicles';
  }

  #blockageDb(pair: Pair, link: LinkGeometry): number {
    const blockage = blockageOf(link, this.#config.blockerHeightMeters);
    return blockage ? blockageDb(blockage, pair.blockage.at(pair.odometerMeters)) : 0;
  }

  #fadingDb({ rng }: Pair, link: LinkGeometry): number {
    const { fading } = this.#config;
    if (fading.kind === 'none') return 0;
    const nearAndFar = slantOf(link) < 80 ? 1.5 : 0.75;
    const shape = fading.kind === 'rayleigh' ? 1 : (fading.m ?? nearAndFar);
    return 10 * log10(Math.max(1e-12, drawGammaPower(shape, rng)));
  }

  #pairOf(vehicle: string, rsu: number, place: LinkPlace): Pair {
    const ofVehicle = this.#pairs.get(vehicle) ?? new Map<number, Pair>();
    this.#pairs.set(vehicle, ofVehicle);
    const known = ofVehicle.get(rsu);
    if (known) return known;
    const rng = this.#rng.fork(vehicle).fork(`rsu-${rsu}`);
    const { los, nlos } = decorrelationOf(this.#config.model);
    const pair: Pair = {
      rng: rng.fork('fading'),
      sight: new CorrelatedNormal(sightDecorrelationMeters, rng.fork('sight')),
      blockage: new CorrelatedNormal(los, rng.fork('blockage')),
      shadow: {
        los: new CorrelatedNormal(los, rng.fork('shadow-los')),
        nlos: new CorrelatedNormal(nlos, rng.fork('shadow-nlos')),
      },
      x: place.x,
      y: place.y,
      odometerMeters: 0,
    };
    ofVehicle.set(rsu, pair);
    return pair;
  }
}

function meanLossDb(model: PathLossModel, sight: Sight, link: LinkGeometry, gigahertz: number): number {
  switch (model) {
    case 'lte-macro':
      return pathLossDb(slantOf(link));
    case 'two-ray':
      return twoRayDb(link, gigahertz);
    case 'umi':
      return sight === 'los' ? umiLosDb(link, gigahertz) : umiNlosDb(link, gigahertz);
    case 'tr37885-highway':
      return highwayLosDb(link, gigahertz);
    case 'tr37885-urban':
      return sight === 'buildings' ? urbanNlosDb(link, gigahertz) : urbanLosDb(link, gigahertz);
  }
}

function decorrelationOf(model: PathLossModel): { los: number; nlos: number } {
  if (model === 'umi') return umiShadow;
  if (model === 'lte-macro')
    return { los: macroShadow.decorrelationMeters, nlos: macroShadow.decorrelationMeters };
  return { los: tr37885Shadow.los.decorrelationMeters, nlos: tr37885Shadow.nlos.decorrelationMeters };
}

function sigmaDb(model: PathLossModel, isHidden: boolean): number {
  if (model === 'umi') return isHidden ? umiNlosShadowDb : umiLosShadowDb;
  if (model === 'lte-macro') return macroShadow.sigmaDb;
  return isHidden ? tr37885Shadow.nlos.sigmaDb : tr37885Shadow.los.sigmaDb;
}

function shadowDb(model: PathLossModel, sight: Sight, pair: Pair): number {
  const isHidden = sight === 'buildings';
  return sigmaDb(model, isHidden) * pair.shadow[isHidden ? 'nlos' : 'los'].at(pair.odometerMeters);
}
