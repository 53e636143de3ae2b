// `npm run bench -- selection`: what a round's selection costs an RSU with 10,000 candidates, policy by policy: the table of
// candidates, the choice, what is learned, and the opening of a round as a whole. Impure: starts processes.
// Must not: be part of the test suite.

import { spawnSync } from 'node:child_process';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import type { Outcome } from '../../protocol/events.ts';
import { candidatesAt, finder } from '../../roadside/round/candidates.ts';
import { openRound } from '../../roadside/round/open.ts';
import type { RoundState } from '../../roadside/round/state.ts';
import { policyByName, policyNames } from '../../roadside/selection/policies.ts';
import type {
  Candidate,
  Choice,
  ChoiceContext,
  Policy,
  RoundFeedback,
} from '../../roadside/selection/policy.ts';
import { beacon, device, hello, makeConfig, sha, World } from '../support/round-world.ts';

/** The goal of the figure: a round's choice and learning, with the table of candidates, in milliseconds. */
const goalMilliseconds = 5;
const candidateCount = 10_000;
const perRound = 5;
const warmRounds = 30;
const timedRounds = 61;

export interface SelectionRow {
  readonly policy: string;
  readonly candidates: number;
  readonly perRound: number;
  /** Milliseconds, medians over the rounds. */
  readonly tableMs: number;
  readonly chooseMs: number;
  readonly learnMs: number;
  /** Table, choice and learning of the same round. */
  readonly selectionMs: number;
  /** A round opened from the RSU's state: table, choice, estimates, log lines and dispatches. */
  readonly openRoundMs: number;
  readonly isWithinGoal: boolean;
}

const speeds = [2.4e9, 8e8, 1.5e8];

/** An RSU that has heard `count` cars of three kinds of computer, anywhere on its road, at any speed. */
function crowd(count: number): { world: World; settings: ChoiceContext['settings'] } {
  const world = new World(makeConfig({ selection: { policy: 'random', perRound } }));
  const rng = Rng.root(1);
  world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
  for (let i = 0; i < count; i++) {
    const vehicle = `car-${String(i).padStart(5, '0')}` as VehicleId;
    const kind = rng.integer(speeds.length);
    const offsetMeters = rng.between(0, 1000);
    const own = { ...device, name: `kind-${kind}`, trainingFlopsPerSecond: speeds[kind]! };
    const place = { x: offsetMeters, offsetMeters, speedMps: rng.between(2, 25) };
    world.tell(hello(vehicle, { device: own, samples: 50 + rng.integer(600) }));
    world.tell(beacon(vehicle, { ...place, bitsPerSecondPerHertz: rng.between(2, 20) }));
  }
  return { world, settings: world.config.scenario.selection };
}

/** What becomes of the chosen: those with time to spare mostly commit. */
function feedbackOf(
  round: number,
  chosen: readonly Choice[],
  find: (vehicle: VehicleId) => Candidate,
  setting: { readonly settings: ChoiceContext['settings']; readonly rng: Rng },
): RoundFeedback {
  const members = chosen.map(({ vehicle, arm }) => {
    const candidate = find(vehicle);
    const inTime = candidate.task.totalSeconds < candidate.secondsLeft;
    const outcome: Outcome = setting.rng.uniform() < (inTime ? 0.9 : 0.1) ? 'committed' : 'left';
    const trainLoss = outcome === 'committed' ? setting.rng.between(0.2, 3) : null;
    return { vehicle, arm, outcome, seconds: candidate.task.totalSeconds, candidate, trainLoss };
  });
  const committed = members.filter((one) => one.outcome === 'committed').length;
  return {
    round,
    members,
    participationRatio: committed / Math.max(1, members.length),
    durationSeconds: 10,
    delayBounds: { minSeconds: 1, maxSeconds: 60 },
    settings: setting.settings,
  };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const rounded = (value: number): number => Number(value.toPrecision(3));

/** Milliseconds that `work` takes, and what it gives. */
function timed<T>(work: () => T): { readonly ms: number; readonly value: T } {
  const start = performance.now();
  const value = work();
  return { ms: performance.now() - start, value };
}

/** One policy in the crowd: its own state, its own stream, and the times of its rounds. */
class Contender {
  readonly #world: World;
  readonly #policy: Policy;
  readonly #rng: Rng;
  readonly #config: World['config'];
  #state: unknown;
  #round = 0;
  readonly times = {
    table: [] as number[],
    choose: [] as number[],
    learn: [] as number[],
    open: [] as number[],
  };

  constructor(world: World, policy: Policy) {
    const { scenario } = world.config;
    const selection = { ...scenario.selection, policy: policy.name };
    this.#world = world;
    this.#policy = policy;
    this.#config = { ...world.config, scenario: { ...scenario, selection } };
    this.#rng = Rng.root(2).fork(policy.name);
    this.#state = policy.init(selection);
  }

  /** One round: a choice that is timed, what became of it, and the opening of a round from the same state. */
  play(isTimed: boolean): void {
    const round = ++this.#round;
    const { selection: settings } = this.#config.scenario;
    const table = timed(() => candidatesAt(this.#config, this.#world.state, 0));
    const candidates = table.value;
    const context: ChoiceContext = {
      ...{ round, candidates, perRound, settings },
      rng: this.#rng.fork(`round-${round}`),
      deadlineSeconds: 60,
    };
    const choice = timed(() => this.#choose(context));
    const find = finder(this.#policy.name, candidates);
    const rng = this.#rng.fork(`luck-${round}`);
    const told = feedbackOf(round, choice.value.chosen, find, { settings, rng });
    const learned = timed(() => this.#policy.learn(choice.value.state, told));
    const state: RoundState = { ...this.#world.state, policy: this.#state };
    // A round of ten thousand tasks is opened twice, not ninety times.
    const isOpened = choice.value.chosen.length <= 100 || round === 1 || round === warmRounds + 1;
    const opened = timed(() => isOpened && openRound(this.#config, state, 0));
    this.#state = learned.value.state;
    if (!isTimed) return;
    this.times.table.push(table.ms);
    this.times.choose.push(choice.ms);
    this.times.learn.push(learned.ms);
    if (isOpened) this.times.open.push(opened.ms);
  }

  /** The policy's choice, read as far as an RSU reads it. */
  #choose(context: ChoiceContext): { state: unknown; chosen: Choice[] } {
    const { state, ranking, tasks = perRound } = this.#policy.choose(this.#state, context);
    const chosen: Choice[] = [];
    for (const one of ranking) if (chosen.push(one) >= tasks) break;
    return { state, chosen };
  }

  row(): SelectionRow {
    const { table, choose, learn, open } = this.times;
    const sums = table.map((ms, i) => ms + choose[i]! + learn[i]!);
    const selectionMs = median(sums);
    return {
      policy: this.#policy.name,
      candidates: candidateCount,
      perRound,
      tableMs: rounded(median(table)),
      chooseMs: rounded(median(choose)),
      learnMs: rounded(median(learn)),
      selectionMs: rounded(selectionMs),
      openRoundMs: rounded(median(open)),
      isWithinGoal: selectionMs <= goalMilliseconds,
    };
  }
}

/** One policy, measured in this process. */
function measure(name: string): SelectionRow {
  const contender = new Contender(crowd(candidateCount).world, policyByName(name));
  for (let round = 0; round < warmRounds; round++) contender.play(false);
  for (let round = 0; round < timedRounds; round++) contender.play(true);
  return contender.row();
}

/** One policy in a process of its own, as a run has one: code that has served fifteen policies is slower for each. */
function measureApart(name: string): SelectionRow {
  const args = [...process.execArgv, process.argv[1]!, 'selection', '--json', '--task', name];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`measuring ${name} ended with ${status}: ${stderr}`);
  return (JSON.parse(stdout) as { rows: SelectionRow[] }).rows[0]!;
}

/** The policies named, or all. */
export async function benchSelection(
  names: readonly string[],
  show: (row: object) => void,
): Promise<{ readonly rows: readonly SelectionRow[]; readonly notes: readonly string[] }> {
  const rows: SelectionRow[] = [];
  const wanted = names.length > 0 ? names : policyNames;
  for (const name of wanted) {
    const row = wanted.length === 1 ? measure(name) : measureApart(name);
    rows.push(row);
    show(row);
  }
  const notes = [
    `medians of ${timedRounds} rounds after ${warmRounds}, each policy in a process of its own; the goal of ${goalMilliseconds} ms is for table, choice and learning of a round`,
    'all-in-range gives every candidate a task, so the opening of its round makes 10,000 dispatches; it is timed twice',
  ];
  return { rows, notes };
}
