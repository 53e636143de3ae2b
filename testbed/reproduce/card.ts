// `roadbed reproduce card`: CARD's delay and server energy (arXiv 2412.00090) over weights and rates, against its two extreme
// benchmarks and four of ours. Must not: show a single weight and rate; both were left open by the abstract.

import { Rng } from '../../base/rng.ts';
import {
  type CardChoice,
  type CardQuestion,
  cardCost,
  cardFrequency,
  cardRange,
  cardUtility,
  decideCard,
} from '../../roadside/cuts/energy/card.ts';
import { cardDevices, cardQuestion, cardSetting } from './card-setting.ts';
import {
  mean,
  published,
  type Reproduction,
  type ResultTable,
  reductionPercent,
  shown,
} from './reproduction.ts';

const weights = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;
const quickWeights = [0, 0.25, 0.5, 0.75, 1] as const;
const megabits = [10, 20, 50, 100, 150, 200, 300, 500] as const;
const quickMegabits = [20, 100, 200] as const;
const idleWatts = [0, 20] as const;

type Chooser = (question: CardQuestion) => CardChoice;

function at(question: CardQuestion, cut: number, serverHertz: number): CardChoice {
  return { cut, serverHertz, ...cardCost(question, cut, serverHertz) };
}

const card =
  (weight: number): Chooser =>
  (question) =>
    decideCard(question, weight);
const serverOnly: Chooser = (question) => at(question, 0, question.server.highestHertz);
const deviceOnly: Chooser = (question) =>
  at(question, question.cuts.length - 1, question.server.highestHertz);
const middle = (question: CardQuestion): number => (question.cuts.length - 1) >> 1;

/** The best cut at full speed. */
const withoutFrequency =
  (weight: number): Chooser =>
  (question) => {
    const range = cardRange(question);
    const all = question.cuts.map((_, cut) => at(question, cut, question.server.highestHertz));
    return all.reduce((a, b) => (cardUtility(b, weight, range) < cardUtility(a, weight, range) ? b : a));
  };

/** The best frequency at the middle cut. */
const withoutCut =
  (weight: number): Chooser =>
  (question) =>
    at(question, middle(question), cardFrequency(question, weight, cardRange(question)));

interface Means {
  readonly seconds: number;
  readonly joules: number;
  readonly choices: readonly CardChoice[];
}

function meansOf(questions: readonly CardQuestion[], chooser: Chooser): Means {
  const choices = questions.map(chooser);
  return {
    choices,
    seconds: mean(choices.map((choice) => choice.seconds)),
    joules: mean(choices.map((choice) => choice.joules)),
  };
}

function surfaceTable(quick: boolean): ResultTable {
  const rows = idleWatts.flatMap((idle) =>
    (quick ? quickMegabits : megabits).flatMap((rate) => {
      const questions = cardDevices.map((device) => cardQuestion(device, rate * 1e6, idle));
      const [slow, busy] = [meansOf(questions, deviceOnly), meansOf(questions, serverOnly)];
      return (quick ? quickWeights : weights).map((weight) => {
        const own = meansOf(questions, card(weight));
        return [
          idle,
          rate,
          weight,
          shown(own.seconds),
          shown(own.joules),
          reductionPercent(own.seconds, slow.seconds),
          reductionPercent(own.joules, busy.joules),
          reductionPercent(own.seconds, busy.seconds),
          own.choices.map((choice) => choice.cut).join(' '),
          own.choices.map((choice) => (choice.serverHertz / 1e9).toFixed(2)).join(' '),
        ];
      });
    }),
  );
  return {
    name: 'surface',
    about:
      'CARD over idle power, rate and weight: means of the five devices, cuts and frequencies device by device',
    columns: [
      'idle W',
      'Mbit/s',
      'w',
      'seconds',
      'server J',
      '% less delay than device-only',
      '% less energy than server-only',
      '% less delay than server-only',
      'cuts',
      'GHz',
    ],
    rows,
  };
}

function baselineTable(quick: boolean, seed: number): ResultTable {
  const weight = 0.5;
  const rng = Rng.root(seed).fork('card');
  const choosers: [string, Chooser][] = [
    ['CARD', card(weight)],
    ['CARD without frequency control', withoutFrequency(weight)],
    ['CARD without cut adaptation', withoutCut(weight)],
    ['server-only', serverOnly],
    ['device-only', deviceOnly],
    ['middle cut', (question) => at(question, middle(question), question.server.highestHertz)],
    [
      'random cut',
      (question) => at(question, rng.integer(question.cuts.length), question.server.highestHertz),
    ],
  ];
  const rows = (quick ? quickMegabits : megabits).flatMap((rate) => {
    const questions = cardDevices.map((device) => cardQuestion(device, rate * 1e6));
    return choosers.map(([name, chooser]) => {
      const { seconds, joules, choices } = meansOf(questions, chooser);
      const utility = mean(choices.map((choice, m) => cardUtility(choice, weight, cardRange(questions[m]!))));
      return [rate, name, shown(seconds), shown(joules), shown(utility)];
    });
  });
  return {
    name: 'baselines',
    about: 'every way at w = 0.5 and no idle power; U is what CARD minimises',
    columns: ['Mbit/s', 'policy', 'seconds', 'server J', 'U'],
    rows,
  };
}

export const cardReproduction: Reproduction = {
  name: 'card',
  about: 'cut layer and server frequency for fine-tuning a language model with adapters (arXiv 2412.00090)',
  run({ quick, seed }) {
    return {
      paper:
        'Li, Wu, Li, Zhang, "Energy-Efficient Split Learning for Fine-Tuning Large Language Models in Edge Networks", ' +
        'IEEE Networking Letters 7(3), 2025, arXiv 2412.00090',
      published: [
        published(
          "average training delay reduced by 70.8% and the server's energy by 53.1% compared to the benchmarks, respectively",
        ),
      ],
      setting: [...cardSetting, `[ours] seed ${seed} (of the random cut)`],
      tables: [surfaceTable(quick), baselineTable(quick, seed)],
      notes: [
        'Weight, rates, devices and benchmarks are not in the abstract: the whole surface is shown, none of it searched.',
        'Less delay than device-only and less server energy than server-only are two benchmarks; against server-only ' +
          'CARD is slower, against device-only it takes server energy where that takes none.',
      ],
    };
  },
};
