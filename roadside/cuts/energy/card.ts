// CARD (Li, Wu, Li and Zhang, "Energy-Efficient Split Learning for Fine-Tuning Large Language Models in Edge Networks", IEEE
// Networking Letters 2025, arXiv 2412.00090): cut layer and RSU frequency by a weighted sum of time and the RSU's energy.
// Known from the abstract: what is decided, and for what; equations were not to be had, the model here is ours. With
// T epochs a turn, eta FLOPs an epoch, S smashed bits, A adapter bits, each for cut c:
//   D(c, f) = T eta_D / F_m + T eta_S / (f k) + T S (1 / R_U + 1 / R_D) + A (1 / R_U + 1 / R_D)
//   E(c, f) = (P_idle + xi f^3) T eta_S / (f k)
//   U = w (D - D_min) / (D_max - D_min) + (1 - w) (E - E_min) / (E_max - E_min)
// U depends on f through T eta_S / k times [ (w / dD + (1 - w) P_idle / dE) / f + (1 - w) xi f^2 / dE ]: the factor is not
// negative, so the best f is the same for every cut, and looking at all cuts at that f is exact.
// Must not: know what a block is; costs come cut by cut.

import { RoadbedError } from '../../../base/errors.ts';
import { bestFrequency } from './frequency.ts';

/** What cut c of 0 .. I leaves on either side. */
export interface CardCut {
  readonly deviceFlops: number;
  readonly serverFlops: number;
  readonly smashedBits: number;
  readonly adapterBits: number;
}

export interface CardServer {
  /** Operations a cycle, of all cores. */
  readonly flopsPerCycle: number;
  readonly highestHertz: number;
  /** Watts per cubed hertz. */
  readonly powerCoefficient: number;
  readonly idleWatts: number;
}

export interface CardQuestion {
  readonly cuts: readonly CardCut[];
  readonly server: CardServer;
  readonly deviceFlopsPerSecond: number;
  readonly epochs: number;
  readonly up: number;
  readonly down: number;
}

export interface CardRange {
  readonly leastSeconds: number;
  readonly mostSeconds: number;
  readonly leastJoules: number;
  readonly mostJoules: number;
}

export interface CardChoice {
  readonly cut: number;
  readonly serverHertz: number;
  readonly seconds: number;
  readonly joules: number;
}

function checkQuestion({ cuts, deviceFlopsPerSecond, epochs, up, down }: CardQuestion): void {
  const costs = cuts.flatMap((cut) => Object.values(cut) as number[]);
  const isLegal = cuts.length > 0 && costs.every((value) => value >= 0 && value < Number.POSITIVE_INFINITY);
  if (!isLegal) throw new RoadbedError('data', 'cuts need finite costs not below 0, and there must be one.');
  for (const [name, value] of Object.entries({ deviceFlopsPerSecond, epochs, up, down })) {
    if (!(value > 0 && value < Number.POSITIVE_INFINITY))
      throw new RoadbedError('data', `${name} is ${value}: expected a finite number above 0.`);
  }
}

/** The RSU must not be slower than the car; where it cannot even keep up it runs as fast as it can. */
export function lowestHertz({ server, deviceFlopsPerSecond }: CardQuestion): number {
  return Math.min(server.highestHertz, deviceFlopsPerSecond / server.flopsPerCycle);
}

/** Time and energy of a turn. With nothing left to compute the RSU takes no energy. */
export function cardCost(
  question: CardQuestion,
  cut: number,
  serverHertz: number,
): { seconds: number; joules: number } {
  const { server, deviceFlopsPerSecond, epochs, up, down } = question;
  const { deviceFlops, serverFlops, smashedBits, adapterBits } = question.cuts[cut]!;
  const serverSeconds = (epochs * serverFlops) / (serverHertz * server.flopsPerCycle);
  const crossing = (epochs * smashedBits + adapterBits) * (1 / up + 1 / down);
  return {
    seconds: (epochs * deviceFlops) / deviceFlopsPerSecond + serverSeconds + crossing,
    joules: (server.idleWatts + server.powerCoefficient * serverHertz ** 3) * serverSeconds,
  };
}

/** Extremes over all cuts and frequencies: at the ends, or where a turn takes the least energy (P_idle / (2 xi))^(1/3). */
export function cardRange(question: CardQuestion): CardRange {
  const { server, cuts } = question;
  const lowest = lowestHertz(question);
  const thriftiest = bestFrequency(server.idleWatts, server.powerCoefficient, lowest, server.highestHertz);
  const corners = cuts.flatMap((_, cut) =>
    [lowest, thriftiest, server.highestHertz].map((hertz) => cardCost(question, cut, hertz)),
  );
  const seconds = corners.map((corner) => corner.seconds);
  const joules = corners.map((corner) => corner.joules);
  return {
    leastSeconds: Math.min(...seconds),
    mostSeconds: Math.max(...seconds),
    leastJoules: Math.min(...joules),
    mostJoules: Math.max(...joules),
  };
}

/** Prices of a second and of a joule in U. A quantity that cannot change has none. */
function prices(weight: number, range: CardRange): { perSecond: number; perJoule: number } {
  const [seconds, joules] = [range.mostSeconds - range.leastSeconds, range.mostJoules - range.leastJoules];
  return { perSecond: seconds > 0 ? weight / seconds : 0, perJoule: joules > 0 ? (1 - weight) / joules : 0 };
}

/** U, 0 at the best of both. */
export function cardUtility(
  cost: { seconds: number; joules: number },
  weight: number,
  range: CardRange,
): number {
  const { perSecond, perJoule } = prices(weight, range);
  return perSecond * (cost.seconds - range.leastSeconds) + perJoule * (cost.joules - range.leastJoules);
}

/** f*, the same for every cut. */
export function cardFrequency(question: CardQuestion, weight: number, range: CardRange): number {
  const { powerCoefficient, idleWatts, highestHertz } = question.server;
  const { perSecond, perJoule } = prices(weight, range);
  if (perSecond === 0 && perJoule === 0) return highestHertz;
  const timePrice = perSecond + perJoule * idleWatts;
  return bestFrequency(timePrice, perJoule * powerCoefficient, lowestHertz(question), highestHertz);
}

/**
 * The best cut and frequency for `weight` in [0, 1]: 1 looks at time alone, 0 at energy alone. Ties: the smallest cut.
 * `range` as computed for this question unless given. Throws RoadbedError('data') at costs or rates that are none.
 */
export function decideCard(question: CardQuestion, weight: number, range?: CardRange): CardChoice {
  checkQuestion(question);
  if (!(weight >= 0 && weight <= 1))
    throw new RoadbedError('data', `a weight of ${weight}: expected 0 to 1.`);
  const normalisers = range ?? cardRange(question);
  const serverHertz = cardFrequency(question, weight, normalisers);
  let best: CardChoice | undefined;
  let least = Number.POSITIVE_INFINITY;
  question.cuts.forEach((_, cut) => {
    const cost = cardCost(question, cut, serverHertz);
    const value = cardUtility(cost, weight, normalisers);
    if (value < least - 1e-15) [best, least] = [{ cut, serverHertz, ...cost }, value];
  });
  return best!;
}
