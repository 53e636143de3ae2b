// Who comes onto the road of the city engine and who never will, where SUMO's departPos and departSpeed ask for much.

import { describe, expect, it } from 'vitest';
import { createCityEngine } from '../../mobility/city/engine.ts';
import type { CityEngine } from '../../mobility/driving/city-engine.ts';
import { network, read } from '../support/small-demand.ts';

function driven(routes: string, steps: number): CityEngine {
  const { demand } = read(routes);
  const engine = createCityEngine({
    network,
    demand,
    beginSeconds: 0,
    stepSeconds: 1,
    seed: 1,
    teleportAfterSeconds: 0,
  });
  for (let i = 0; i < steps; i++) {
    engine.step();
    const { inserted, waiting, skipped, running, arrived } = engine.counts;
    expect(inserted).toBe(running + arrived);
    const due = demand.departures.filter(({ atSeconds }) => atSeconds <= engine.nowSeconds);
    expect(inserted + waiting + skipped).toBe(due.length);
  }
  return engine;
}

const car =
  '<vType id="car" speedDev="0"/><route id="r" edges="in fast out"/><route id="s" edges="in slow out"/>';

describe('a departure', () => {
  it('at a random place draws a new one at every attempt, so that one without room is left', () => {
    const blocker = `<vehicle id="b" type="long" depart="0" route="r" departPos="160" departLane="0"><stop lane="in_0" endPos="165" duration="9999"/></vehicle>`;
    const cars = Array.from(
      { length: 10 },
      (_, i) => `<vehicle id="c${i}" type="car" depart="1" route="r" departPos="random" departLane="0"/>`,
    );
    const engine = driven(`<vType id="long" length="120"/>${car}${blocker}${cars.join('')}`, 120);
    expect(engine.counts).toMatchObject({ inserted: 11, waiting: 0, skipped: 0 });
  });

  it('too fast for a slower road right ahead is skipped and named, and frees the edge for who comes after', () => {
    const engine = driven(
      `${car}<vehicle id="hasty" type="car" depart="0" route="s" departPos="199" departSpeed="10"/>
       <vehicle id="next" type="car" depart="0" route="s" departPos="199" departSpeed="max"/>`,
      10,
    );
    expect(engine.skipped).toEqual([0]);
    expect(engine.counts).toMatchObject({ inserted: 1, waiting: 0, skipped: 1 });
  });

  it('between two steps comes in at the later one', () => {
    const late = `${car}<vehicle id="v" type="car" depart="2.2" route="r"/>`;
    expect(driven(late, 3).counts.inserted).toBe(0);
    expect(driven(late, 4).counts.inserted).toBe(1);
  });

  it('faster than its driver would drive raises the speed factor where the type lets it vary', () => {
    const { demand } = read(
      '<vehicle id="v" depart="0" departSpeed="15"><route edges="in fast out"/></vehicle>',
    );
    expect(demand.departures[0]!.speedFactor).toBe(1.5);
    expect(demand.omissions.map(({ what }) => what)).toContain(
      'departSpeed above what its driver would drive (a higher speed factor instead)',
    );
    const strict = `${car}<vehicle id="v" type="car" depart="0" departSpeed="15" route="r"/>`;
    expect(() => read(strict)).toThrow(/has departSpeed="15" .*10\.00 m\/s at most/);
  });
});
