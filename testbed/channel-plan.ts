// The radio channel a scenario asks for, with the defaults of keys it leaves out. Must not: compute a link.

import type { ChannelConfig } from '../mobility/radio/channel.ts';
import { thermalNoiseDbm } from '../mobility/radio/throughput.ts';
import type { Scenario } from '../protocol/scenario/schema.ts';

/** 3GPP's usual offset, dB. */
const usualMarginDb = 3;
/** The ITS band. */
const usualGigahertz = 5.9;
/** What a beacon may say: no modulation is denser. */
const densest = 64;

/** Undefined where the scenario names none of the channel's keys: the plain macro cell without chance. */
export function channelConfig({ radio, selection }: Scenario): ChannelConfig | undefined {
  const { model, shadowing, fading, throughput, noiseFigureDb } = radio;
  const isPlain = [model, shadowing, fading, throughput, noiseFigureDb].every((key) => key === undefined);
  if (isPlain) return undefined;
  const shareHz = radio.uplinkBandwidthHz / selection.perRound;
  return {
    model: model ?? 'lte-macro',
    carrierGigahertz: radio.carrierGigahertz ?? usualGigahertz,
    vehicleHeightMeters: radio.vehicleHeightMeters ?? 1.5,
    blockerHeightMeters: radio.blockerHeightMeters ?? 1.6,
    transmitPowerDbm: radio.transmitPowerDbm,
    antennaGainDbi: radio.antennaGainDbi,
    noiseDbm: noiseFigureDb === undefined ? radio.noiseDbm : thermalNoiseDbm(shareHz, noiseFigureDb),
    shadowing: shadowing ?? false,
    fading: fading ?? { kind: 'none' },
    throughput: throughput ?? {
      kind: 'shannon',
      implementationLossDb: 0,
      maximumBitsPerSecondPerHertz: densest,
    },
  };
}

/** By how much another RSU must be stronger to take a vehicle over, dB. */
export const handoverMarginDb = ({ handover }: Scenario): number => handover?.marginDb ?? usualMarginDb;
