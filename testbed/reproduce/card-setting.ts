// The setting in which CARD (arXiv 2412.00090) is played: the shape of LLaMA-3.2-1B with adapters, five Jetson boards, one
// server. The paper's own tables could not be read; all ours, from public data sheets.
// Must not: play.

import { adapterCuts, type DecoderShape } from '../../roadside/cuts/energy/adapter-cuts.ts';
import type { CardQuestion, CardServer } from '../../roadside/cuts/energy/card.ts';

export const cardModel: DecoderShape = {
  blocks: 16,
  width: 2048,
  keyWidth: 512,
  feedForwardWidth: 8192,
  vocabulary: 128_256,
  rank: 16,
  batch: 4,
  tokens: 512,
};

export interface CardDevice {
  readonly name: string;
  readonly hertz: number;
  readonly cores: number;
}

export const cardDevices: readonly CardDevice[] = [
  { name: 'AGX Orin 64G', hertz: 1.3e9, cores: 2048 },
  { name: 'AGX Orin 32G', hertz: 0.93e9, cores: 1792 },
  { name: 'Orin NX 16G', hertz: 0.918e9, cores: 1024 },
  { name: 'Orin Nano 8G', hertz: 0.625e9, cores: 1024 },
  { name: 'Orin Nano 4G', hertz: 0.625e9, cores: 512 },
];

/** A multiply and an add each cycle and core. */
const flopsPerCoreCycle = 2;
const serverWatts = 115;
const serverHertz = 2.46e9;

export function cardServer(idleWatts: number): CardServer {
  return {
    flopsPerCycle: 3072 * flopsPerCoreCycle,
    highestHertz: serverHertz,
    powerCoefficient: serverWatts / serverHertz ** 3,
    idleWatts,
  };
}

const cuts = adapterCuts(cardModel);

export function cardQuestion(device: CardDevice, bitsPerSecond: number, idleWatts = 0): CardQuestion {
  return {
    cuts,
    server: cardServer(idleWatts),
    deviceFlopsPerSecond: device.hertz * device.cores * flopsPerCoreCycle,
    epochs: 5,
    up: bitsPerSecond,
    down: bitsPerSecond,
  };
}

export const cardSetting: readonly string[] = [
  '[ours] shape of LLaMA-3.2-1B: 16 blocks, width 2048; adapters of rank 16 on queries and values; batch 4, 512 tokens',
  '[ours] five Jetson boards and a server of 3072 cores at up to 2.46 GHz and 115 W, at their peak rates; 5 epochs a turn',
  '[ours] equal rates both ways; normalisers of each device and turn; the RSU no slower than the device',
];
