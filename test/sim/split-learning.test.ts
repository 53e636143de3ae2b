// Split learning between real actors: what crosses is what the formula says to the byte, split training is whole training,
// labels stay where they should, hostile frames are refused by name, and work of a car that leaves is not lost.

import { beforeAll, describe, expect, it } from 'vitest';
import { bytesOfFloats, floatsOfBytes } from '../../base/hash.ts';
import { asId, type VehicleId } from '../../base/ids.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { Learner, ModelSpec, TrainResult } from '../../learning/learner.ts';
import { cutFacts, lowerWeights, upperWeights, wholeWeights } from '../../learning/split/cuts.ts';
import { headFacts } from '../../learning/split/head.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { Transfers } from '../../protocol/blob/transfers.ts';
import type { Manifest, Purpose } from '../../protocol/messages.ts';
import { SplitWorld, type SplitWorldOptions } from '../support/split-world.ts';

const lenet = { name: 'lenet5', inputShape: [32, 32, 3], classes: 10 } as const;
const resnet = { name: 'resnet18', inputShape: [16, 16, 3], classes: 10 } as const;
const mobile = { name: 'mobilenetv2', inputShape: [16, 16, 3], classes: 10 } as const;
const [car1, car2] = ['car-1', 'car-2'].map((name) => asId<VehicleId>(name)) as [VehicleId, VehicleId];

let learner: Learner;
beforeAll(async () => {
  learner = await createTfjsLearner('wasm');
});

const world = (options: Partial<SplitWorldOptions>): SplitWorld =>
  new SplitWorld({ model: lenet, learner, samples: [20], ...options });

/** Bytes of the chunks of one purpose. */
function bodyBytes({ said }: SplitWorld, direction: 'up' | 'down', purposes: readonly Purpose[]): number {
  const shas = new Set(
    said.flatMap(({ message }) =>
      message.kind === 'manifest' && purposes.includes(message.purpose) ? [message.sha] : [],
    ),
  );
  return said
    .filter((one) => one.direction === direction && one.message.kind === 'chunk' && shas.has(one.message.sha))
    .reduce((sum, { body }) => sum + body.length, 0);
}

/** What whole training gives from the same start in the same order. */
function whole(one: SplitWorld, model: ModelSpec, vehicle: VehicleId): Promise<TrainResult> {
  const { settings } = one.taskOf(vehicle);
  const weights = learner.initialWeights(model, 1);
  return learner.train({ model, weights, data: one.data, shard: one.shards.get(vehicle)!, settings });
}

const modelOf = ({ rsu, blobs }: SplitWorld): Float32Array => floatsOfBytes(blobs.get(rsu.modelSha)!);

describe('what crosses a cut', () => {
  it.each([
    ['lenet5 behind its first block', lenet, 1, 'float32', undefined],
    ['lenet5 inside its first block, as int8', lenet, 'conv1/conv1', 'int8', undefined],
    ['a skip connection of resnet18', resnet, 'stem/relu1+stage1.1/conv1', 'float32', undefined],
    ['a skip connection of resnet18, as int8', resnet, 'stem/relu1+stage1.1/conv1', 'int8', undefined],
    ['a depthwise layer of mobilenetv2, as float16', mobile, 'mobile1.1/depthwise1', 'float16', undefined],
    ['lenet5 with its end in the car', lenet, 1, 'float32', 3],
    ['lenet5 with its end in the car, as int8', lenet, 1, 'int8', 3],
  ] as const)('equals the formula to the byte: %s', async (_what, model, cut, crossing, head) => {
    const fallback = { cut, crossing, ...(head === undefined ? {} : { head }) };
    const one = await world({ model, samples: [12], scenario: { fallback } }).run();
    const facts = cutFacts(model, cut);
    expect(facts.frontier).toHaveLength(String(cut).split('+').length);
    const end = head === undefined ? undefined : headFacts(modelCost(model), head);
    // 12 samples in mini-batches of 8 and 4.
    const bytesOf = (tensors: readonly number[]): number => {
      const floats = 12 * tensors.reduce((sum, count) => sum + count, 0);
      if (crossing === 'int8') return floats + 2 * tensors.length * 8;
      return floats * (crossing === 'float16' ? 2 : 4);
    };
    const crossed = bytesOf(facts.frontier.map(({ floats }) => floats));
    const atHead = end ? bytesOf([end.inputFloats]) : 0;
    const labels = end ? 0 : 12;
    const [ended] = one.logged('split-ended');
    const up = crossed + labels + atHead;
    const down = crossed + atHead;
    expect(ended).toMatchObject({ vehicle: car1, cut: facts.cut, steps: 2, bytesUp: up, bytesDown: down });
    expect(bodyBytes(one, 'up', ['smashed', 'output-gradient'])).toBe(up);
    expect(bodyBytes(one, 'down', ['gradient', 'outputs'])).toBe(down);
    const own = 4 * (facts.lowerParameters + (end?.parameters ?? 0));
    expect(bodyBytes(one, 'down', ['lower-model'])).toBe(own);
    expect(bodyBytes(one, 'up', ['lower-update'])).toBe(own);
    // Every byte of the wire is booked: all frames of the task, up and down, and nothing else.
    const [outcome] = one.logged('vehicle-outcome');
    const booked = ['manifest', 'need', 'chunk', 'task', 'ack'];
    const framed = (direction: 'up' | 'down', until: number): number =>
      one.said
        .filter(
          (said) => said.direction === direction && booked.includes(said.message.kind) && said.at <= until,
        )
        .reduce((sum, { bytes }) => sum + bytes, 0);
    expect(outcome).toMatchObject({ outcome: 'committed', plan: 'split' });
    const closedAt = one.events.find(({ body }) => body.kind === 'round-closed')!.at;
    expect(one.logged('round-closed')[0]!.bytesUp).toBe(framed('up', closedAt - 0.005));
    expect(outcome!.booking.bytesUp).toBe(framed('up', closedAt - 0.005));
  });
});

describe('split training of a lone car', () => {
  it.each([
    ['behind a block', lenet, { cut: 2 }],
    ['across a skip connection', resnet, { cut: 'stem/relu1+stage1.1/conv1' }],
    ['with the end of the model, and so its labels, in the car', lenet, { cut: 1, head: 3 }],
    ['with one upper half for all', lenet, { cut: 1, server: 'shared' }],
  ] as const)('gives the bytes of whole training: %s', async (_what, model, fallback) => {
    const options = {
      model,
      learner,
      samples: [12],
      scenario: { fallback, training: { epochs: 2, batchSize: 8 } },
    };
    const one = await new SplitWorld(options).run();
    expect(one.logged('vehicle-outcome')[0]).toMatchObject({ outcome: 'committed' });
    const { weights, trainLoss } = await whole(one, model, car1);
    expect(Buffer.compare(bytesOfFloats(modelOf(one)), bytesOfFloats(weights))).toBe(0);
    expect(one.logged('update-committed')[0]!.trainLoss).toBeCloseTo(trainLoss, 5);
  });

  it('sends no label where the car has the end of the model', async () => {
    const one = await world({ scenario: { fallback: { cut: 1, head: 4 } } }).run();
    const manifests = one.said.flatMap(({ message }) => (message.kind === 'manifest' ? [message] : []));
    const up = manifests.filter(({ purpose }) => purpose === 'smashed' || purpose === 'output-gradient');
    expect(up).toHaveLength(6);
    // Nothing but whole floats of tensors goes up, and the manifests have no field for a label.
    const samples = [8, 8, 4];
    const floats = { smashed: cutFacts(lenet, 1).crossingFloats, 'output-gradient': 84 };
    for (const { purpose, size, meta } of up) {
      expect(size).toBe(4 * samples[meta.step!]! * floats[purpose as 'smashed']);
      expect(Object.keys(meta).sort()).toEqual(['base', 'cut', 'nonce', 'round', 'samples', 'step']);
    }
    const down = manifests.filter(({ purpose }) => purpose === 'gradient');
    for (const { meta } of down) expect(meta.trainLoss).toBeUndefined();
  });
});

describe('crossings in fewer bytes', () => {
  it('give one answer however often they are run, and not that of whole floats', async () => {
    const final = async (crossing: string): Promise<string> => {
      const one = await world({ samples: [20, 12], scenario: { fallback: { cut: 1, crossing } } }).run();
      expect(one.logged('round-closed')[0]!.committed).toBe(2);
      return one.rsu.modelSha;
    };
    const exact = await final('float32');
    for (const crossing of ['float16', 'int8']) {
      const first = await final(crossing);
      expect(await final(crossing)).toBe(first);
      expect(first).not.toBe(exact);
    }
  });
});

describe('one processor at the RSU', () => {
  it('lets mini-batches wait for each other in the order in which they come', async () => {
    // 8 samples of lenet5 above its first block take the server 1 s or more at this speed; the cars are much faster.
    const { upperForwardFlops, upperBackwardFlops } = cutFacts(lenet, 1);
    const serverFlopsPerSecond = 8 * (upperForwardFlops + upperBackwardFlops);
    const scenario = { fallback: { cut: 1, serverFlopsPerSecond }, round: { deadlineSeconds: 60 } };
    const one = await world({ samples: [8, 8], speeds: [1e12], scenario }).run();
    const answers = one.said
      .filter(({ message }) => message.kind === 'manifest' && message.purpose === 'gradient')
      .map(({ vehicle, at }) => ({ vehicle, at }));
    expect(answers.map(({ vehicle }) => vehicle)).toEqual([car1, car2]);
    expect(answers[1]!.at - answers[0]!.at).toBeCloseTo(1, 2);
  });
});

describe('one upper half for all split cars of a round', () => {
  const scenario = { fallback: { cut: 1, server: 'shared' }, training: { epochs: 1, batchSize: 8 } };

  it('learns from mini-batches in the order in which they arrive, and is in every contribution', async () => {
    // The second car is faster: its mini-batches come first.
    const one = await world({ samples: [16, 16], speeds: [1e8, 1e10], scenario }).run();
    const arrivals = one.said.flatMap(({ message, vehicle, at }) =>
      message.kind === 'manifest' && message.purpose === 'smashed'
        ? [{ vehicle, at, step: message.meta.step! }]
        : [],
    );
    arrivals.sort((a, b) => a.at - b.at);
    expect(arrivals[0]!.vehicle).toBe(car2);
    // The same by hand.
    const settings = (vehicle: VehicleId) => one.taskOf(vehicle).settings;
    const weights = learner.initialWeights(lenet, 1);
    const upper = await learner.openUpper({
      model: lenet,
      cut: 1,
      upperWeights: upperWeights(lenet, 1, weights),
      settings: settings(car1),
    });
    const lowers = new Map(
      await Promise.all(
        [car1, car2].map(async (vehicle) => {
          const lower = await learner.openLower({
            model: lenet,
            cut: 1,
            lowerWeights: lowerWeights(lenet, 1, weights),
            data: one.data,
            shard: one.shards.get(vehicle)!,
            settings: settings(vehicle),
          });
          return [vehicle, lower] as const;
        }),
      ),
    );
    for (const { vehicle, step } of arrivals) {
      const lower = lowers.get(vehicle)!;
      const { smashed, labels } = lower.forward(step);
      lower.backward(step, upper.step(smashed, labels).gradient);
    }
    const final = upper.weights().slice();
    const [a, b] = [car1, car2].map((vehicle) => lowers.get(vehicle)!.weights()) as [
      Float32Array,
      Float32Array,
    ];
    const mean = a.map((value, i) => Math.fround((value + b[i]!) / 2));
    const expected = wholeWeights(lenet, 1, mean, final);
    const got = modelOf(one);
    expect(Buffer.compare(bytesOfFloats(upperWeights(lenet, 1, got)), bytesOfFloats(final))).toBe(0);
    expect(Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-7);
  });

  it('differs from one upper half for each car', async () => {
    const shared = await world({ samples: [16, 16], scenario }).run();
    const own = await world({ samples: [16, 16], scenario: { ...scenario, fallback: { cut: 1 } } }).run();
    expect(shared.rsu.modelSha).not.toBe(own.rsu.modelSha);
  });
});

describe('a split car that does not come to its end', () => {
  // 5 mini-batches from the second 1 on; a forward and a backward pass take a second together, the server next to nothing.
  const facts = cutFacts(lenet, 1);
  const speed = 8 * (facts.lowerForwardFlops + facts.lowerBackwardFlops);
  const setting = (fallback: object, leavesAt: number): Partial<SplitWorldOptions> => ({
    samples: [40],
    speeds: [speed],
    scenario: { fallback: { cut: 1, ...fallback }, aggregation: { weighting: 'samples' } },
    leaves: { 'car-1': leavesAt },
  });

  it('leaves nothing behind where nothing is asked for on the way', async () => {
    const one = await world(setting({}, 5.9)).run();
    expect(one.logged('vehicle-outcome')[0]).toMatchObject({ outcome: 'left', wasted: true });
    expect(one.logged('round-closed')[0]).toMatchObject({ committed: 0, left: 1 });
  });

  it('counts with the mini-batches up to its last part, and what came after is booked as wasted, once', async () => {
    const one = await world(setting({ checkpointSteps: 2 }, 5.9)).run();
    const [committed] = one.logged('update-committed');
    expect(committed).toMatchObject({ plan: 'split', stepsDone: 4, key: '1/car-1/lower-checkpoint/4' });
    const [outcome] = one.logged('vehicle-outcome');
    expect(outcome).toMatchObject({ outcome: 'committed', wasted: false });
    expect(outcome!.reason).toBe('left coverage; the work of its first 4 mini-batches is kept');
    const [closed] = one.logged('round-closed');
    expect(closed).toMatchObject({ selected: 1, committed: 1, left: 0, partial: 1 });
    // 4 s of the car behind the work that counts, 10 J each; the rest of its time in coverage is wasted.
    const { booking } = outcome!;
    expect(booking.seconds).toBeCloseTo(4 + closed!.wastedSeconds, 9);
    expect(closed!.wastedSeconds).toBeGreaterThan(0);
    expect(closed!.wastedSeconds).toBeLessThan(1);
    expect(closed!.wastedJoules).toBeCloseTo(10 * closed!.wastedSeconds, 9);
    expect(closed!.bytesUp).toBe(booking.bytesUp);
    // The model is that of whole training after four mini-batches.
    const reference = await learner.openLower({
      model: lenet,
      cut: 1,
      lowerWeights: lowerWeights(lenet, 1, learner.initialWeights(lenet, 1)),
      data: one.data,
      shard: one.shards.get(car1)!,
      settings: one.taskOf(car1).settings,
    });
    const upper = await learner.openUpper({
      model: lenet,
      cut: 1,
      upperWeights: upperWeights(lenet, 1, learner.initialWeights(lenet, 1)),
      settings: one.taskOf(car1).settings,
    });
    for (let step = 0; step < 4; step++) {
      const { smashed, labels } = reference.forward(step);
      reference.backward(step, upper.step(smashed, labels).gradient);
    }
    const expected = wholeWeights(lenet, 1, reference.weights(), upper.weights());
    expect(Buffer.compare(bytesOfFloats(modelOf(one)), bytesOfFloats(expected))).toBe(0);
  });

  it('counts with it too where it fails, or is late', async () => {
    const late = await world({
      ...setting({ checkpointSteps: 1 }, Number.POSITIVE_INFINITY),
      scenario: { fallback: { cut: 1, checkpointSteps: 1 }, round: { deadlineSeconds: 3.5 } },
    }).run();
    expect(late.logged('update-committed')[0]).toMatchObject({ stepsDone: 3 });
    expect(late.logged('vehicle-outcome')[0]!.reason).toMatch(
      /^deadline of 3.5 s passed; the work of its first 3/,
    );
    expect(late.said.some(({ message }) => message.kind === 'cancel')).toBe(true);

    const failing = world(setting({ checkpointSteps: 2 }, Number.POSITIVE_INFINITY));
    failing.tamper = (vehicle, message, body) => {
      if (message.kind === 'manifest' && message.key === '1/car-1/smashed/3') {
        const { nonce } = failing.taskOf(vehicle);
        return {
          message: { kind: 'failed', round: 1, nonce, reason: 'out of memory' },
          body: new Uint8Array(0),
        };
      }
      return { message, body };
    };
    await failing.run();
    expect(failing.logged('vehicle-outcome')[0]).toMatchObject({ outcome: 'committed', wasted: false });
    expect(failing.logged('update-committed')[0]).toMatchObject({ stepsDone: 2 });
  });

  it('counts with it where the upper half is shared, or the end of the model is in the car', async () => {
    for (const more of [{ server: 'shared' }, { head: 3 }]) {
      const one = await world({ ...setting({ checkpointSteps: 2, ...more }, 5.9) }).run();
      expect(one.logged('vehicle-outcome')[0]).toMatchObject({ outcome: 'committed' });
      expect(one.logged('update-committed')[0]!.stepsDone).toBeGreaterThanOrEqual(2);
    }
  });
});

describe('a hostile car in split learning', () => {
  /** Swaps what a purpose says for something else, once. */
  async function withTampered(
    purpose: Purpose,
    change: (manifest: Manifest) => Manifest,
  ): Promise<SplitWorld> {
    const one = world({
      samples: [20, 20],
      scenario: { fallback: { cut: 1 }, round: { deadlineSeconds: 30 } },
    });
    let done = false;
    one.tamper = (vehicle, message, body) => {
      if (vehicle !== car1 || done || message.kind !== 'manifest' || message.purpose !== purpose)
        return { message, body };
      done = true;
      one.forge(vehicle, change(message));
      return { message, body };
    };
    return one.run();
  }

  it.each([
    ['another cut', { cut: 2 }, 'smashed of step 0 of cut 2 (expected 1)'],
    ['another model', { base: 'e'.repeat(64) }, `smashed of step 0 of model ${'e'.repeat(64)} (expected`],
    ['another format', { format: 'float16' as const }, 'smashed of step 0 in float16 (expected float32)'],
    ['another nonce', { nonce: 'e'.repeat(64) }, 'wrong nonce for round 1'],
  ])(
    'is refused by name and counted: %s; the honest answer behind it goes on',
    async (_what, meta, reason) => {
      const one = await withTampered('smashed', (manifest) => ({
        ...manifest,
        meta: { ...manifest.meta, ...meta },
      }));
      const [refused] = one.logged('update-refused');
      expect(refused!.reason).toContain(reason);
      expect(one.logged('update-refused')).toHaveLength(1);
      expect(one.logged('vehicle-outcome').map(({ outcome }) => outcome)).toEqual(['committed', 'committed']);
    },
  );

  it('is refused for a part on the way that is not finite: it goes on, and no work of it is kept', async () => {
    const scenario = { fallback: { cut: 1, checkpointSteps: 2 } };
    // 3 mini-batches of a second each, from the second 1 on; gone in the third.
    const { lowerForwardFlops, lowerBackwardFlops } = cutFacts(lenet, 1);
    const speeds = [8 * (lowerForwardFlops + lowerBackwardFlops)];
    const one = world({ samples: [24], speeds, scenario, leaves: { 'car-1': 3.9 } });
    const shas = new Set<string>();
    one.tamper = (vehicle, message, body) => {
      if (message.kind === 'manifest' && message.purpose === 'lower-checkpoint') {
        const { key, purpose, meta } = message;
        const bytes = new Uint8Array(message.size).fill(255);
        shas.add(message.sha);
        const frames = new Transfers().offer({ key, purpose, meta, bytes, eager: true }, 0);
        for (const frame of frames) one.forge(vehicle, frame.message, frame.body);
        return null;
      }
      return 'sha' in message && shas.has(message.sha) ? null : { message, body };
    };
    await one.run();
    expect(one.logged('update-refused')[0]).toMatchObject({
      key: '1/car-1/lower-checkpoint/2',
      reason: 'parameter 0 is NaN (expected a finite number)',
    });
    expect(one.logged('vehicle-outcome')[0]).toMatchObject({ outcome: 'left', wasted: true });
  });

  it('is refused for numbers that are not finite and for labels there are not, and nothing of it counts', async () => {
    for (const [at, value, reason] of [
      [0, [0, 0, 128, 127], 'float 0 is Infinity (expected a finite number)'],
      [-1, [255], 'label 7 is 255 (expected below 10)'],
    ] as const) {
      const one = world({ samples: [20, 20], scenario: { fallback: { cut: 1 } } });
      let done = false;
      one.tamper = (vehicle, message, body) => {
        if (vehicle !== car1 || message.kind === 'hello' || message.kind === 'beacon')
          return { message, body };
        if (!done && message.kind === 'manifest' && message.purpose === 'smashed') {
          done = true;
          const bytes = new Uint8Array(message.size);
          bytes.set(value, at < 0 ? 8 * 4 * cutFacts(lenet, 1).crossingFloats + 7 : at);
          const { key, purpose, meta } = message;
          const frames = new Transfers().offer({ key, purpose, meta, bytes, eager: true }, 0);
          for (const frame of frames) one.forge(vehicle, frame.message, frame.body);
          return null;
        }
        return done ? null : { message, body };
      };
      await one.run();
      expect(one.logged('update-refused')[0]).toMatchObject({ vehicle: car1, reason });
      expect(
        one
          .logged('vehicle-outcome')
          .map(({ outcome }) => outcome)
          .sort(),
      ).toEqual(['committed', 'refused']);
    }
  });
});
