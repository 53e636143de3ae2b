// What drivers plan for the links ahead, as columns: item i is one link of one driver. The items of a driver lie beside
// each other (vehicles.planStart, planCount). SUMO's DriveProcessItem.
// Must not: decide anything.

/** Item of no link: the end of the lane, of the route, or a halt; with a request: open road as far as one must look. */
export const noLink = -1;

export class PlanItems {
  count = 0;
  link = new Int32Array(1024);
  /** Speeds this step if the link is passed, and if its driver waits before it. */
  pass = new Float64Array(1024);
  wait = new Float64Array(1024);
  /** 1: the driver asks to pass. */
  request = new Uint8Array(1024);
  arrivalTime = new Float64Array(1024);
  arrivalSpeed = new Float64Array(1024);
  brakingSpeed = new Float64Array(1024);
  distance = new Float64Array(1024);
  /** Speed at which the driver leaves the link's path; below 0: as `pass`. */
  leaveSpeed = new Float64Array(1024);
  /** Free road behind the link, m, and whether somebody stands there (see keep-clear.ts). */
  space = new Float64Array(1024);
  stopped = new Uint8Array(1024);

  clear(): void {
    this.count = 0;
  }

  /** A new item; the other columns are the caller's to fill. */
  add(link: number, pass: number, wait: number, distance: number): number {
    if (this.count === this.link.length) this.#grow();
    const i = this.count;
    this.count += 1;
    this.link[i] = link;
    this.pass[i] = pass;
    this.wait[i] = wait;
    this.distance[i] = distance;
    this.request[i] = 0;
    this.arrivalTime[i] = 0;
    this.arrivalSpeed[i] = 0;
    this.brakingSpeed[i] = 0;
    this.leaveSpeed[i] = -1;
    this.space[i] = 0;
    this.stopped[i] = 0;
    return i;
  }

  /** The driver will leave the link's path no faster than `speed`. */
  limitLeaving(i: number, speed: number): void {
    const known = this.leaveSpeed[i]!;
    if (known <= 0 || speed < known) this.leaveSpeed[i] = speed;
  }

  leavingSpeed(i: number): number {
    return this.leaveSpeed[i]! < 0 ? this.pass[i]! : this.leaveSpeed[i]!;
  }

  #grow(): void {
    const longer = <T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const size = this.link.length * 2;
    this.link = longer(this.link, new Int32Array(size));
    this.pass = longer(this.pass, new Float64Array(size));
    this.wait = longer(this.wait, new Float64Array(size));
    this.request = longer(this.request, new Uint8Array(size));
    this.arrivalTime = longer(this.arrivalTime, new Float64Array(size));
    this.arrivalSpeed = longer(this.arrivalSpeed, new Float64Array(size));
    this.brakingSpeed = longer(this.brakingSpeed, new Float64Array(size));
    this.distance = longer(this.distance, new Float64Array(size));
    this.leaveSpeed = longer(this.leaveSpeed, new Float64Array(size));
    this.space = longer(this.space, new Float64Array(size));
    this.stopped = longer(this.stopped, new Uint8Array(size));
  }
}
