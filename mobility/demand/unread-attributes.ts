// Which attributes of demand elements are read, which say nothing about driving, and that all others are counted by name: SUMO
// has dozens that change how a vehicle drives, and a file that uses one must not be driven without a word.
// Must not: read the attributes.

import { type OmissionList, omit } from '../network/omissions.ts';
import type { XmlElement } from '../xml/element.ts';

const words = (text: string): string[] => text.trim().split(/\s+/);

const departing = words(`
  id type depart begin end number period vehsPerHour perHour probability route from to via fromTaz toTaz fromJunction toJunction
  fromXY toXY fromLonLat toLonLat departLane departPos departSpeed departEdge arrivalEdge arrivalPos speedFactor
  color line personNumber containerNumber personCapacity containerCapacity parkingBadges poi`);

/** By element: what is read, and pictures, labels and capacities for persons. */
const known: Readonly<Record<string, ReadonlySet<string>>> = {
  vehicle: new Set(departing),
  trip: new Set(departing),
  flow: new Set(departing),
  stop: new Set(
    words(`
      lane edge busStop trainStop containerStop chargingStation parkingArea startPos endPos friendlyPos duration until
      parking triggered containerTriggered speed
      actType tripId line arrival started ended expected expectedContainers permitted`),
  ),
  vType: new Set(
    words(`
      id vClass carFollowModel accel decel emergencyDecel sigma tau delta length minGap maxSpeed speedFactor speedDev
      probability impatience lcStrategic lcCooperative lcSpeedGain lcKeepRight jmIgnoreKeepClearTime jmTimegapMinor
      laneChangeModel
      color guiShape imgFile osgFile width height emissionClass personCapacity containerCapacity boardingDuration
      loadingDuration carriageLength locomotiveLength carriageGap carriageDoors scale`),
  ),
};

/** Counts the attributes of an element that nothing here simulates. */
export function nameUnread(element: XmlElement, omissions: OmissionList, id: string): void {
  const { name } = element;
  for (const attribute of element.attributesBeside(known[name]!))
    omit(omissions, `attribute ${attribute} of ${name} (not simulated)`, id);
}
