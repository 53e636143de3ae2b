// A session with SUMO: who departs, where everybody is, who arrives, step by step. Two ways of watching: every vehicle by
// a subscription of its own (for the map), or only those around each RSU by one context subscription (an RSU's natural
// question: SUMO then says nothing of the rest). Must not: know what a run does with it.

import { RoadbedError } from '../../base/errors.ts';
import {
  type Answer,
  type Command,
  closeSession,
  commands,
  decodeAnswer,
  encodeMessage,
  getVersion,
  type ObjectState,
  setOrder,
  simulationStep,
  subscribe,
  subscribeAround,
  variables,
} from './protocol.ts';
import type { TraciWire } from './wire.ts';

/** The oldest API met in use (SUMO 1.0). */
const oldestApi = 18;
const seen = [variables.lane, variables.lanePosition, variables.speed];

/** Where a vehicle is. */
export interface TraciVehicle {
  readonly id: string;
  readonly lane: string;
  readonly position: number;
  readonly speed: number;
}

export interface TraciStep {
  /** Vehicles that are watched and on a lane. */
  readonly vehicles: readonly TraciVehicle[];
  readonly arrived: readonly string[];
}

/** What is to be told: of every vehicle, or of those around RSUs; and what these signals show. */
export interface TraciWatch {
  readonly vehicles: 'all' | readonly Surroundings[];
  readonly signals: readonly string[];
}

/** A place to watch from. */
export interface Surroundings {
  readonly junction: string;
  readonly meters: number;
}

export class TraciSession {
  readonly #wire: TraciWire;
  readonly #watch: TraciWatch['vehicles'];
  readonly #signals = new Map<string, string>();

  private constructor(wire: TraciWire, watch: TraciWatch['vehicles']) {
    this.#wire = wire;
    this.#watch = watch;
  }

  /** What a watched signal showed last, a letter a link; empty before the first step. */
  signalState(signal: string): string {
    return this.#signals.get(signal) ?? '';
  }

  /** Greets the server and says what is to be told. Throws RoadbedError('simulator') for a server that is too old. */
  static async open(wire: TraciWire, { vehicles: watch, signals }: TraciWatch): Promise<TraciSession> {
    const session = new TraciSession(wire, watch);
    const { version } = await session.#ask([getVersion()]);
    if (!version || version.api < oldestApi)
      throw new RoadbedError(
        'simulator',
        `TraCI version ${version?.api} of ${version?.software} (expected ${oldestApi} or newer: SUMO 1.0)`,
      );
    await session.#ask([setOrder(1)]);
    const contexts = watch === 'all' ? [] : watch.map((place) => around(place));
    const life = subscribe(commands.subscribeSimulation, '', [variables.departed, variables.arrived]);
    const lights = signals.map((id) => subscribe(commands.subscribeSignal, id, [variables.signalState]));
    session.#keepSignals((await session.#ask([life, ...contexts, ...lights])).signals);
    return session;
  }

  /** Lets SUMO make one step. Rejects with RoadbedError('simulator') when it has died. */
  async step(): Promise<TraciStep> {
    const { vehicles, simulation, signals } = await this.#ask([simulationStep(0)]);
    this.#keepSignals(signals);
    const departed = textsOf(simulation, variables.departed);
    const fresh =
      this.#watch === 'all' && departed.length > 0
        ? await this.#ask(departed.map((id) => subscribe(commands.subscribeVehicle, id, seen)))
        : undefined;
    const states = new Map<string, ObjectState>();
    for (const state of [...vehicles, ...(fresh?.vehicles ?? [])]) states.set(state.object, state);
    return {
      vehicles: [...states.values()].flatMap(vehicleOf),
      arrived: textsOf(simulation, variables.arrived),
    };
  }

  /** Says goodbye; a server that is gone already is no fault. */
  async close(): Promise<void> {
    await this.#ask([closeSession()]).catch(() => undefined);
    this.#wire.close();
  }

  #keepSignals(states: readonly ObjectState[]): void {
    for (const { object, values } of states) {
      const shown = values.get(variables.signalState);
      if (typeof shown === 'string') this.#signals.set(object, shown);
    }
  }

  async #ask(list: readonly Command[]): Promise<Answer> {
    return decodeAnswer(await this.#wire.exchange(encodeMessage(list)), list);
  }
}

const around = ({ junction, meters }: Surroundings): Command => subscribeAround(junction, meters, seen);

function textsOf(state: ObjectState | undefined, variable: number): readonly string[] {
  const value = state?.values.get(variable);
  return Array.isArray(value) ? value : [];
}

/** The vehicle of a state; none while it is on no lane (SUMO is moving it elsewhere). */
function vehicleOf({ object, values }: ObjectState): TraciVehicle[] {
  const lane = values.get(variables.lane);
  const position = values.get(variables.lanePosition);
  const speed = values.get(variables.speed);
  if (typeof lane !== 'string' || lane === '' || typeof position !== 'number' || typeof speed !== 'number')
    return [];
  return [{ id: object, lane, position, speed }];
}
