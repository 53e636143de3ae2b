// Zone quantisation: MAVFL cuts its 1000 m segment into 20 zones and takes the distance to the middle of the zone,
// L_z = |(z + 1/2) 50 m - 500 m| (R-own in docs/mavfl.md). Here zones are counted from the RSU's foot on the road, which is
// the same grid whenever the RSU stands on a zone border. Must not: know of vehicles.

/** Middle of the zone that holds `alongMeters` (signed distance along the road from the RSU's foot), metres, signed. */
export function zoneCentre(alongMeters: number, zoneMeters: number): number {
  return (Math.floor(alongMeters / zoneMeters) + 0.5) * zoneMeters;
}

/** `alongMeters` on a closed road of `loopMeters`, taken the short way round: in [-loop/2, loop/2). */
export function shortWayRound(alongMeters: number, loopMeters: number): number {
  return alongMeters - loopMeters * Math.floor(alongMeters / loopMeters + 0.5);
}
