// Signals: which letter every link shows. Static programs with their offset, and actuated ones that prolong a green
// while vehicles keep coming (SUMO 1.15's MSSimpleTrafficLightLogic and MSActuatedTrafficLightLogic).
// Must not: decide what a driver makes of a letter.

import type { SignalProgram } from '../network/network.ts';
import type { Streets } from './streets.ts';

const greens: ReadonlySet<string> = new Set(['G', 'g']);

/** Seconds since a vehicle last crossed the detectors of a link's lane; 0 while one stands on them. */
export interface Detectors {
  /** Seconds without a vehicle on the detector of lane `lane`, at `distance` metres before its end. */
  gapSeconds(lane: number, now: number): number;
}

interface Light {
  readonly program: SignalProgram;
  readonly links: readonly number[];
  phase: number;
  /** When the present phase began and when it ends (an actuated one: is looked at again). */
  began: number;
  ends: number;
  /** Lanes whose detectors prolong phase i. */
  readonly detected: readonly (readonly number[])[];
}

export class Signals {
  readonly #lights: Light[];
  readonly #streets: Streets;
  readonly #tell: (link: number, letterCode: number) => void;

  /** `tell` hears of every letter that a link shows from then on. */
  constructor(streets: Streets, beginSeconds: number, tell: (link: number, letterCode: number) => void) {
    this.#streets = streets;
    this.#tell = tell;
    const controlled: number[][] = streets.network.signals.map(() => []);
    for (let k = 0; k < streets.links; k++) {
      if (streets.linkSignal[k]! >= 0) controlled[streets.linkSignal[k]!]!.push(k);
    }
    this.#lights = streets.network.signals.map((program, row) =>
      this.#light(program, controlled[row]!, beginSeconds),
    );
    for (const light of this.#lights) this.#show(light);
  }

  /** Lanes with detectors of actuated signals, each once, with their detector's distance before the lane's end, m. */
  detectorLanes(): { lane: number; distance: number }[] {
    const result = new Map<number, number>();
    for (const { program, detected } of this.#lights) {
      if (program.kind !== 'actuated') continue;
      for (const lane of detected.flat()) result.set(lane, this.#detectorDistance(program, lane));
    }
    return [...result].map(([lane, distance]) => ({ lane, distance }));
  }

  /** Brings all signals to `now`. */
  update(now: number, detectors: Detectors): void {
    for (const light of this.#lights) {
      let changed = false;
      while (light.ends <= now + 1e-9) {
        this.#advance(light, now, detectors);
        changed = true;
      }
      if (changed) this.#show(light);
    }
  }

  /** The letters signal `row` shows, as in its program. */
  stateOf(row: number): string {
    const light = this.#lights[row]!;
    return light.program.phases[light.phase]?.state ?? '';
  }

  #light(program: SignalProgram, links: readonly number[], begin: number): Light {
    const detected = program.phases.map((phase) => this.#detectedLanes(phase.state, links));
    const light: Light = { program, links, phase: 0, began: begin, ends: Number.POSITIVE_INFINITY, detected };
    const cycle = program.phases.reduce((sum, phase) => sum + phase.durationSeconds, 0);
    if (cycle <= 0) return light;
    let into = (begin - program.offsetSeconds) % cycle;
    if (into < 0) into += cycle;
    while (into >= program.phases[light.phase]!.durationSeconds) {
      into -= program.phases[light.phase]!.durationSeconds;
      light.phase = (light.phase + 1) % program.phases.length;
    }
    light.began = begin - into;
    const { durationSeconds, minimumSeconds } = program.phases[light.phase]!;
    light.ends = light.began + durationSeconds;
    if (program.kind === 'actuated') light.ends = Math.max(begin, light.began + minimumSeconds);
    return light;
  }

  #detectedLanes(state: string, links: readonly number[]): readonly number[] {
    const lanes = new Set<number>();
    for (const k of links) {
      if (greens.has(state.charAt(this.#streets.linkSignalIndex[k]!))) lanes.add(this.#streets.linkFrom[k]!);
    }
    return [...lanes];
  }

  #detectorDistance(program: SignalProgram, lane: number): number {
    const { laneLength, laneLimit } = this.#streets;
    const gap = Number(program.parameters['detector-gap'] ?? 2);
    return Math.min(laneLength[lane]!, gap * laneLimit[lane]!);
  }

  /** The present phase has come to its end: prolongs it, or goes to the next. */
  #advance(light: Light, now: number, detectors: Detectors): void {
    const { phases, kind, parameters } = light.program;
    const phase = phases[light.phase]!;
    if (kind === 'actuated' && phase.maximumSeconds > phase.minimumSeconds) {
      const maxGap = Number(parameters['max-gap'] ?? 3);
      const left = light.began + phase.maximumSeconds - light.ends;
      let quietest = Number.POSITIVE_INFINITY;
      for (const lane of light.detected[light.phase]!)
        quietest = Math.min(quietest, detectors.gapSeconds(lane, now));
      const prolonged = Math.min(left, Math.max(1, Number(parameters['detector-gap'] ?? 2) - quietest));
      if (left > 0 && quietest < maxGap) {
        light.ends += prolonged;
        return;
      }
    }
    light.phase = phase.next[0] ?? (light.phase + 1) % phases.length;
    light.began = light.ends;
    const next = phases[light.phase]!;
    const seconds = kind === 'actuated' ? next.minimumSeconds : next.durationSeconds;
    light.ends = light.began + Math.max(seconds, 1e-3);
  }

  #show(light: Light): void {
    const state = light.program.phases[light.phase]?.state;
    if (state === undefined) return;
    for (const k of light.links) {
      const index = this.#streets.linkSignalIndex[k]!;
      if (index < state.length) this.#tell(k, state.charCodeAt(index));
    }
  }
}
