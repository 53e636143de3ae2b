// The port of a traffic source: who joins the roads, and when. Must not: move anybody.

/** A slice of an engine step in which everybody's speed is constant; instants in seconds. */
export interface SubStep {
  readonly from: number;
  readonly to: number;
}

/** A supply of vehicles. At every instant demanded = on the roads + arrived + pending. */
export interface TrafficSource {
  /** Vehicles that have wanted onto the roads so far, those of time 0 included. */
  readonly demanded: number;
  /** Of these, the ones still waiting for a gap. */
  readonly pending: number;
  /** Puts everyone on the roads who wants in by `subStep.to` and finds a gap, after all have moved to that instant. */
  supply(subStep: SubStep): void;
}
