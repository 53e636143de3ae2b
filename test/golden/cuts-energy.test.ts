// OPEN and CARD against numbers worked out elsewhere. None is a number that a paper prints; the papers' text could not be
// read, so the settings are ours.

import { describe, expect, it } from 'vitest';
import {
  adapterCuts,
  adapterParameters,
  blockFlops,
  blockParameters,
  headFlops,
} from '../../roadside/cuts/energy/adapter-cuts.ts';
import { cardCost, decideCard, lowestHertz } from '../../roadside/cuts/energy/card.ts';
import { bestFrequency } from '../../roadside/cuts/energy/frequency.ts';
import { openFrequency } from '../../roadside/cuts/energy/open.ts';
import { cardDevices, cardModel, cardQuestion, cardServer } from '../../testbed/reproduce/card-setting.ts';
import { openCars, openTurns } from '../../testbed/reproduce/open-setting.ts';

describe('OPEN', () => {
  it.each([
    [3, 18.242, 56.8667],
    [6, 18.0696, 33.5473],
    [9, 20.7856, 10.5252],
  ])('a turn of the third car at 3 GHz and 20 Mbit/s, split %i: %d s, %d J', (split, seconds, joules) => {
    const cost = openTurns('total').cost(openCars[2]!, { up: 20e6, down: 20e6 }, split, 3e9);
    expect([cost.seconds, cost.joules]).toEqual([expect.closeTo(seconds, 4), expect.closeTo(joules, 4)]);
  });

  it.each([
    [100, 1, 2.8231],
    [100, 10, 1.3104],
    [1, 1, 0.6082],
    [1000, 0.1, 3],
    [1, 0, 3],
    [1e-3, 50, 0.5],
  ])('V = %d, q = %d: the RSU runs at %d GHz', (tradeOff, queue, gigahertz) => {
    expect(openFrequency(openTurns('total'), tradeOff, queue) / 1e9).toBeCloseTo(gigahertz, 4);
  });
});

describe('CARD', () => {
  it('has the frequency of w = 0.5, 80 J and 8 s: 1.709976 GHz', () => {
    expect(bestFrequency(0.5 / 8, (0.5 / 80) * 1e-27, 0, 1e12)).toBeCloseTo(1.709976e9, -3);
  });

  it('counts a block of the 1B model as worked out by hand', () => {
    expect(blockParameters(cardModel)).toBe(60_817_408);
    expect(adapterParameters(cardModel)).toBe(106_496);
    expect(blockFlops(cardModel) / 1e11).toBeCloseTo(5.167047, 6);
    expect(headFlops(cardModel) / 1e12).toBeCloseTo(2.151779, 6);
    const cuts = adapterCuts(cardModel);
    expect(cuts[0]!.serverFlops / 1e13).toBeCloseTo(1.041905, 6);
    expect([cuts[0]!.smashedBits, cuts[1]!.adapterBits]).toEqual([67_108_864, 1_703_936]);
    expect([cuts[16]!.smashedBits, cuts[16]!.serverFlops]).toEqual([0, 0]);
    expect(cardServer(0).powerCoefficient).toBeCloseTo(7.724894e-27, 32);
  });

  // 145 Mbit/s and w = 0.77: one point of the surface, here because every term of it was worked out by hand.
  it.each([
    ['AGX Orin 64G', 0.8667, 2.3417, 8.249, 359.159, 10.16],
    ['AGX Orin 32G', 0.5425, 1.8993, 9.092, 236.292, 16.006],
    ['Orin NX 16G', 0.306, 1.5168, 10.218, 150.686, 28.085],
    ['Orin Nano 8G', 0.2083, 1.3169, 11.067, 113.599, 41.075],
    ['Orin Nano 4G', 0.1042, 1.0313, 12.85, 69.665, 81.775],
  ])('%s at 145 Mbit/s and w = 0.77', (name, lowest, gigahertz, seconds, joules, aloneSeconds) => {
    const question = cardQuestion(cardDevices.find((device) => device.name === name)!, 145e6);
    const choice = decideCard(question, 0.77);
    expect(lowestHertz(question) / 1e9).toBeCloseTo(lowest, 3);
    expect([choice.cut, choice.serverHertz / 1e9]).toEqual([0, expect.closeTo(gigahertz, 3)]);
    expect([choice.seconds, choice.joules]).toEqual([expect.closeTo(seconds, 2), expect.closeTo(joules, 1)]);
    expect(cardCost(question, 16, 1e9)).toEqual({ seconds: expect.closeTo(aloneSeconds, 2), joules: 0 });
    const busy = cardCost(question, 0, question.server.highestHertz);
    expect([busy.seconds, busy.joules]).toEqual([expect.closeTo(8.075, 2), expect.closeTo(396.378, 2)]);
  });

  it('chooses 16 16 0 0 0 at 100 Mbit/s and w = 0.5', () => {
    const cuts = cardDevices.map((device) => decideCard(cardQuestion(device, 100e6), 0.5).cut);
    expect(cuts).toEqual([16, 16, 0, 0, 0]);
  });
});
