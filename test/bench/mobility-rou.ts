// Writes a demand as SUMO reads it, so that both engines drive the same cars. Must not: be a reader's mirror image in
// all it knows: it writes what benches need.

import type { Demand } from '../../mobility/demand/demand.ts';
import type { Network } from '../../mobility/network/network.ts';

/** The text of a rou.xml. `factors`: SUMO's law of speed factors. */
export function rouXmlOf({ edges }: Network, { types, routes, departures }: Demand, factors: string): string {
  const typeText = types.map(
    (type) =>
      `<vType id="${type.id}" vClass="${type.vehicleClass}" carFollowModel="${type.model === 'idm' ? 'IDM' : 'Krauss'}"` +
      ` length="${type.lengthMeters}" minGap="${type.minGapMeters}" maxSpeed="${type.maxSpeedMps}" accel="${type.accelerationMps2}"` +
      ` decel="${type.decelerationMps2}" sigma="${type.sigma}" tau="${type.tauSeconds}" speedFactor="${factors}"/>`,
  );
  const routeText = routes.map(
    (route, row) => `<route id="r${row}" edges="${[...route].map((edge) => edges.ids[edge]).join(' ')}"/>`,
  );
  const vehicleText = departures.map(
    ({ id, type, route, atSeconds, lane, position, speed }) =>
      `<vehicle id="${id}" type="${types[type]!.id}" route="r${route}" depart="${atSeconds}" departLane="${lane}" departPos="${position}" departSpeed="${speed}"/>`,
  );
  return `<routes>\n${[...typeText, ...routeText, ...vehicleText].join('\n')}\n</routes>\n`;
}
