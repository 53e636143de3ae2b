// Everything the engine knows, as records in the kernel's memory that point at each other: a vehicle at its lane and its
// neighbours, a lane at its links, a link at its foes. Fields that are used together lie together.
// Must not: hold rules of driving.

/** Lanes a vehicle's body may reach back over, and advices it may get in a step; more are dropped (the mildest stay out). */
export const furtherMost: i32 = 8;
export const advicesMost: i32 = 6;

/** A type of vehicles; speeds in m/s, lengths in m. A product with the step's seconds is named `..Step`. */
@unmanaged
export class VehicleType {
  length: f64;
  minGap: f64;
  /** Length and gap. */
  room: f64;
  maxSpeed: f64;
  acceleration: f64;
  accelerationStep: f64;
  deceleration: f64;
  decelerationStep: f64;
  /** What comfortable braking takes off the speed in a step. */
  slowestStep: f64;
  emergency: f64;
  emergencyStep: f64;
  /** How hard it brakes before a closed link. */
  closedBrakes: f64;
  sigma: f64;
  tau: f64;
  delta: f64;
  impatience: f64;
  strategic: f64;
  cooperative: f64;
  speedGain: f64;
  keepRight: f64;
  /** jmIgnoreKeepClearTime, s; -1: never ignored. */
  ignoreKeepClear: f64;
  /** jmTimegapMinor, s. */
  timeGapMinor: f64;
  idmRoot: f64;
  /** 1 / (2 decelerationStep), for bounds of brake gaps. */
  halfInverse: f64;
  permission: u32;
  idm: bool;
}

@unmanaged
export class Edge {
  firstLane: Lane;
  lanes: i32;
  /** The steps in which its lanes were last changed, and in which an insertion on it failed. */
  changedIn: i32;
  failedIn: i32;
}

/** Two lines of a cache, the first with what most questions are about. */
@unmanaged
export class Lane {
  length: f64;
  limit: f64;
  /** Lengths with gaps of the vehicles whose front is on the lane, m. */
  brutto: f64;
  /** Its vehicles, a chain from the front one to the last. */
  front: Vehicle;
  last: Vehicle;
  count: i32;
  /** Bodies that reach back onto the lane. */
  body: Body;
  firstLink: Link;
  edge: Edge;
  /** Its number on its edge, from the right, and how many links leave it. */
  index: i16;
  links: i16;
  permissions: u32;
  internal: bool;
  roundabout: bool;
  /** True: `foeMask` has a bit for every foe lane. */
  masked: bool;
  /** Its number in the network. */
  row: i32;
  /** Of an internal lane: its junction, its bit there, and the bits of its foe lanes. */
  bit: u64;
  foeMask: u64;
  junction: Junction;
  /** Of an internal lane: the entry link of its path, the lane before, the normal lane before (of others: itself). */
  entry: Link;
  before: Lane;
  normalBefore: Lane;
  conflicts: usize;
  conflictCount: i32;
  /** Pointers to the links that lead into the lane. */
  incoming: usize;
  incomingCount: i32;
}

/** Who is inside a junction: a bit for each of its internal lanes that anybody is on or reaches back onto. */
@unmanaged
export class Junction {
  occupied: u64;
}

/** A link from one lane to the next (see streets.ts for the words); one line of a cache. */
@unmanaged
export class Link {
  /** Length of the path's first internal lane; 0: none. */
  length: f64;
  visibility: f64;
  /** The lane a vehicle is on after the link, the normal lane it leads to, the lane it leaves. */
  next: Lane;
  to: Lane;
  from: Lane;
  /** Entry link of the path it belongs to (itself for an entry link). */
  entry: Link;
  /** Who approaches it, by the plans of even and of odd steps. */
  evenHead: Item;
  oddHead: Item;
  /** Pointers to the links it gives way to. */
  yieldsTo: usize;
  foes: LinkFoes;
  yieldsToCount: u16;
  /** The letter its signal shows, or it always has; whether it has the right of way without signals. */
  state: u8;
  offPriority: bool;
  fromInternal: bool;
  internalJunction: bool;
  exit: bool;
  continuation: bool;
  straight: bool;
  /** Some link that gives way to this one is of equal rank, so those too count who do not ask to pass. */
  equalWatched: bool;
  keepClear: bool;
  /** Some link gives way to this one, so who approaches it must be known. */
  watched: bool;
  signalised: bool;
}

/** What is seldom asked of a link: its junction, and all foes of an entry link with whether it gives way to each. */
@unmanaged
export class LinkFoes {
  junction: i32;
  count: i32;
  links: usize;
  yields: usize;
}

/** Where an internal lane crosses or joins another (see conflicts.ts). */
@unmanaged
export class Conflict {
  behind: f64;
  foeBehind: f64;
  /** Sizes of the crossing along both lanes; 0 where they join or part. */
  width: f64;
  foeWidth: f64;
  foeLane: Lane;
  sameTarget: bool;
  sameSource: bool;
  foeWaits: bool;
}

/** A route as driven by one type of vehicle. */
@unmanaged
export class Way {
  type: VehicleType;
  count: i32;
  /** Pointers to its edges, and to the records of what its lanes lead to (0: not worked out). */
  edges: usize;
  records: usize;
  /** Of a way of one vehicle, which has no `records`: its only record, the edge it is for (-1: none), and its room. */
  own: usize;
  ownIndex: i32;
  ownBytes: i32;
  shared: bool;
  /** Its halts not yet served. */
  halts: usize;
  haltCount: i32;
}

@unmanaged
export class Halt {
  start: f64;
  end: f64;
  duration: f64;
  until: f64;
  lane: Lane;
  /** Index in the route of its edge. */
  index: i32;
}

/** What one lane of an edge leads to along a way; those of an edge lie beside each other. */
@unmanaged
export class LaneWay {
  /** Metres from the start of the edge that can be driven without changing lanes. */
  length: f64;
  /** How many lanes to the left (below 0: right) the best lane is. */
  offset: i32;
  /** Pointers to the links it follows. */
  linkCount: i32;
  links: usize;
}

/** What a driver plans for one link ahead, and what others learn of it at the link. */
@unmanaged
export class Item {
  /** Speeds this step if the link is passed, and if its driver waits before it. */
  pass: f64;
  wait: f64;
  distance: f64;
  /** Speed at which the driver leaves the link's path; below 0: as `pass`. */
  leaveSpeed: f64;
  arrivalTime: f64;
  arrivalSpeed: f64;
  brakingSpeed: f64;
  /** Free road behind the link, m, and whether somebody stands there (see keep-clear.ts). */
  space: f64;
  /** When the vehicle's back will have left the path of the link; its waiting time now. */
  leaveTime: f64;
  waiting: f64;
  /** 0: the end of the lane, of the route, or a halt; with a request: open road as far as one must look. */
  link: Link;
  vehicle: Vehicle;
  /** The step in which its driver told the link; the next one who approaches it. */
  toldIn: i32;
  nextAtLink: Item;
  /** The driver asks to pass. */
  request: bool;
  stopped: bool;
}

/** A lane over which a vehicle's body reaches back, in the chain of that lane. */
@unmanaged
export class Body {
  next: Body;
  vehicle: Vehicle;
  lane: Lane;
}

/** The first lines of a cache hold what every step needs. */
@unmanaged
export class Vehicle {
  position: f64;
  speed: f64;
  /** The speed planned for this step if nothing lies ahead. */
  planSpeed: f64;
  speedFactor: f64;
  lane: Lane;
  type: VehicleType;
  /** Its neighbours on the lane. */
  ahead: Vehicle;
  behind: Vehicle;
  /** The record of its way for its edge, or inside a junction for the next one; 0: to be looked up. */
  record: usize;
  /** The lane for which `next` and `stays..` hold (see way-ahead.ts). */
  wayLane: Lane;
  /** The link it will take at the end of its lane. */
  next: Link;
  /** Its plan for this step. */
  plan: Item;
  acceleration: f64;
  waiting: f64;
  /** Metres to the next halt on the way planned. */
  stopDistance: f64;
  planCount: i32;
  routeIndex: i32;
  lastIndex: i32;
  /** Index in its route of the edge of its next halt; `noHalt`: none. */
  haltIndex: i32;
  furtherCount: i32;
  changeState: i32;
  adviceCount: i32;
  departure: i32;
  /** Nothing ahead is near enough to matter. */
  planLight: bool;
  /** It stands at a halt. */
  halted: bool;
  haveToWait: bool;
  /** It asked to pass the end of the internal lane it is on: in the step before, and in this one. */
  willPass: bool;
  asksToPass: bool;
  dontBrake: bool;
  /** Whether it will surely not leave its lane for the one beside. */
  staysRight: u8;
  staysLeft: u8;
  /** How far it rolls from its speed, where the plan is not light. */
  brakeGap: f64;
  lastMove: f64;
  // Lane changing.
  lookAheadSpeed: f64;
  speedGain: f64;
  keepRight: f64;
  blockerLength: f64;
  leftSpace: f64;
  accumulatedWaiting: f64;
  /** Metres along its last edge at which its route ends. */
  arrival: f64;
  // When it came into the junction it is in, by three rules (mover.ts).
  junctionEntry: f64;
  junctionEntryNeverYield: f64;
  conflictEntry: f64;
  /** Seconds left at the halt it stands at. */
  stopLeft: f64;
  way: Way;
}

/** Behind a vehicle's fields lie the bodies and the advices. */
const bodiesAt: usize = (offsetof<Vehicle>() + 7) & ~7;
const advicesAt: usize = bodiesAt + offsetof<Body>() * furtherMost;
export const vehicleBytes: usize = (advicesAt + 8 * advicesMost + 63) & ~63;

// @ts-expect-error: decorator
@inline export function bodyAt(v: Vehicle, i: i32): Body {
  return changetype<Body>(changetype<usize>(v) + bodiesAt + <usize>i * offsetof<Body>());
}

// @ts-expect-error: decorator
@inline export function adviceAt(v: Vehicle, i: i32): f64 {
  return load<f64>(changetype<usize>(v) + advicesAt + (<usize>i << 3));
}

// @ts-expect-error: decorator
@inline export function setAdvice(v: Vehicle, i: i32, advice: f64): void {
  store<f64>(changetype<usize>(v) + advicesAt + (<usize>i << 3), advice);
}

/** True where a reference refers to something. */
// @ts-expect-error: decorator
@inline export function some<T>(reference: T): bool {
  return changetype<usize>(reference) != 0;
}

// @ts-expect-error: decorator
@inline export function none<T>(): T {
  return changetype<T>(0);
}

/** The record behind this one in a table. */
// @ts-expect-error: decorator
@inline export function after<T>(reference: T): T {
  return changetype<T>(changetype<usize>(reference) + offsetof<T>());
}

/** Row `i` of a table that begins at `first`. */
// @ts-expect-error: decorator
@inline export function rowOf<T>(first: usize, i: i32): T {
  return changetype<T>(first + <usize>i * offsetof<T>());
}

/** Pointer `i` of a list of pointers. */
// @ts-expect-error: decorator
@inline export function pointerAt<T>(list: usize, i: i32): T {
  return changetype<T>(load<usize>(list + (<usize>i << 2)));
}

/** The end of the memory in use. */
let end: usize = __heap_base;

/** Memory of `bytes` zeros, for good: nothing is ever freed, so what is new has never been written. */
export function allocate(bytes: usize): usize {
  const align: usize = bytes < 64 ? 8 : 64;
  const at = (end + align - 1) & ~(align - 1);
  end = at + bytes;
  const missing = <i32>((end + 0xffff) >> 16) - memory.size();
  // Growing may copy all memory, so it grows by half.
  if (missing > 0 && memory.grow(max<i32>(missing, memory.size() >> 1)) < 0 && memory.grow(missing) < 0) unreachable();
  return at;
}
