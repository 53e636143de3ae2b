// What one car's turn of split training takes in time and energy, as a function of the split and of the RSU's frequency. In
// the problem class of Li, Wu, Wu and Wang, "Adaptive Split Learning over Energy-Constrained Wireless Edge Networks"
// (arXiv 2403.05158, OPEN), whose equations were not to be had: the model here is ours. Cars take turns; a turn is some
// mini-batches; the backward pass takes twice the forward one; the car's layers go out before and come back after.
// Must not: decide.
//
// Split l: layers 1..l in the car. n: samples of a turn. Phi(l), Omega(l): forward FLOPs and parameters of layers 1..l.
//   car 3 n Phi(l) / (f_m kappa_m); RSU 3 n (Phi(L) - Phi(l)) / (f kappa_S)
//   up (n s_l + Omega(l)) bits / R_U; down the same bits / R_D

import { RoadbedError } from '../../../base/errors.ts';

/** A chain of layers, one sample. */
export interface ChainLayer {
  readonly forwardFlops: number;
  readonly parameters: number;
  readonly outputFloats: number;
}

export interface TurnCar {
  readonly frequencyHertz: number;
  readonly flopsPerCycle: number;
  /** Watts per cubed hertz of its processor. */
  readonly powerCoefficient: number;
  readonly transmitWatts: number;
}

export interface TurnServer {
  readonly flopsPerCycle: number;
  readonly powerCoefficient: number;
  readonly lowestHertz: number;
  readonly highestHertz: number;
}

/** Whose energy counts. The abstract does not say. */
export type EnergyScope = 'total' | 'device';

export interface TurnSetting {
  readonly layers: readonly ChainLayer[];
  readonly server: TurnServer;
  readonly samples: number;
  readonly scope: EnergyScope;
}

export interface TurnRates {
  readonly up: number;
  readonly down: number;
}

export interface TurnCost {
  readonly seconds: number;
  readonly joules: number;
}

const bitsPerFloat = 32;

/** Turns of one setting, with the sums over layers made once. */
export class Turns {
  readonly setting: TurnSetting;
  readonly #flops: Float64Array;
  readonly #parameters: Float64Array;

  /** Throws RoadbedError('data') where there is nothing to split, or a number is none. */
  constructor(setting: TurnSetting) {
    const { layers, samples } = setting;
    const numbers = layers.flatMap((layer) => [layer.forwardFlops, layer.parameters, layer.outputFloats]);
    const isLegal =
      layers.length >= 2 &&
      samples > 0 &&
      numbers.every((value) => value >= 0 && value < Number.POSITIVE_INFINITY);
    if (!isLegal)
      throw new RoadbedError(
        'data',
        'a turn needs two layers or more, samples, and finite costs not below 0.',
      );
    this.setting = setting;
    this.#flops = cumulative(layers.map((layer) => layer.forwardFlops));
    this.#parameters = cumulative(layers.map((layer) => layer.parameters));
  }

  /** Splits 1 .. splits are legal: the last layer, with the labels, is the RSU's. */
  get splits(): number {
    return this.setting.layers.length - 1;
  }

  /** Throws RoadbedError('data') at a rate that no bit passes. */
  cost(car: TurnCar, rates: TurnRates, split: number, serverHertz: number): TurnCost {
    const { server, samples, scope, layers } = this.setting;
    if (!(rates.up > 0 && rates.down > 0))
      throw new RoadbedError('data', `rates of ${rates.up} and ${rates.down} bit/s: expected more than 0.`);
    const below = this.#flops[split]!;
    const above = this.#flops[layers.length]! - below;
    const carSeconds = (3 * samples * below) / (car.frequencyHertz * car.flopsPerCycle);
    const serverSeconds = (3 * samples * above) / (serverHertz * server.flopsPerCycle);
    const bits = (samples * layers[split - 1]!.outputFloats + this.#parameters[split]!) * bitsPerFloat;
    const upSeconds = bits / rates.up;
    const carJoules =
      car.powerCoefficient * car.frequencyHertz ** 3 * carSeconds + car.transmitWatts * upSeconds;
    const serverJoules = server.powerCoefficient * serverHertz ** 3 * serverSeconds;
    return {
      seconds: carSeconds + serverSeconds + upSeconds + bits / rates.down,
      joules: scope === 'total' ? carJoules + serverJoules : carJoules,
    };
  }
}

function cumulative(values: readonly number[]): Float64Array {
  const sums = new Float64Array(values.length + 1);
  values.forEach((value, i) => {
    sums[i + 1] = sums[i]! + value;
  });
  return sums;
}
