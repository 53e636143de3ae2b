// The map frame: all vehicles at one instant, made for drawing. Binary, 14 bytes a vehicle; the same bytes go over the
// WebSocket (live) and into the telemetry store (replay). Runs in Node and in the browser.
// Must not: import anything of Node.
//
// Layout, little-endian: 'F', version, u16 count, f64 at seconds, f32 minX, minY, maxX, maxY; then per vehicle
// u16 index, u16 x, u16 y (quantised to the box), u8 heading (256 = full turn), u8 state, u8 progress (255 = 100 %), u8 flags
// (bit 0: in coverage, bit 1: selected this round, bit 2: split plan, bit 3: committed this round, bit 4: failed/left this round), u16 speed in cm/s, u16 reserved.
// `index` refers to the run's vehicle table, in order of first appearance.
// Version 2, where the scene has stop lines with signals: u16 count behind the vehicles, then a byte a line, in the order of
// the scene: index in `signalColours`.

export const frameStates = ['idle', 'in-range', 'downloading', 'training', 'splitting', 'uploading'] as const;
export type FrameState = (typeof frameStates)[number];

export const signalColours = ['off', 'red', 'yellow', 'green'] as const;
export type SignalColour = (typeof signalColours)[number];

export interface FrameVehicle {
  readonly index: number;
  readonly x: number;
  readonly y: number;
  readonly headingRadians: number;
  readonly state: FrameState;
  /** Share of the current blob transferred, 0..1. */
  readonly progress: number;
  readonly inCoverage: boolean;
  readonly selected: boolean;
  readonly split: boolean;
  readonly committed: boolean;
  readonly lost: boolean;
  readonly speedMps: number;
}

export interface Frame {
  readonly at: number;
  readonly vehicles: readonly FrameVehicle[];
  /** What each stop line of the scene shows; absent where the scene has none, or nobody tells. */
  readonly signals?: readonly SignalColour[];
}

/** The rectangle positions are quantised to, metres. */
export interface Box {
  readonly minX: number;
  readonly minY: number;
  readonly maxX: number;
  readonly maxY: number;
}

const headerBytes = 28;
const vehicleBytes = 14;
const magic = 0x46;
const version = 1;
const versionWithSignals = 2;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Encodes a frame; positions outside `box` are clamped to its edge. */
export function encodeFrame(frame: Frame, box: Box): Uint8Array {
  const { signals } = frame;
  const vehiclesEnd = headerBytes + vehicleBytes * frame.vehicles.length;
  const bytes = new Uint8Array(vehiclesEnd + (signals ? 2 + signals.length : 0));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, magic);
  view.setUint8(1, signals ? versionWithSignals : version);
  view.setUint16(2, frame.vehicles.length, true);
  view.setFloat64(4, frame.at, true);
  [box.minX, box.minY, box.maxX, box.maxY].forEach((edge, i) => {
    view.setFloat32(12 + 4 * i, edge, true);
  });
  const scaleX = 65535 / Math.max(1e-6, box.maxX - box.minX);
  const scaleY = 65535 / Math.max(1e-6, box.maxY - box.minY);
  frame.vehicles.forEach((v, i) => {
    const at = headerBytes + vehicleBytes * i;
    const turn = v.headingRadians / (2 * Math.PI);
    const flags =
      (v.inCoverage ? 1 : 0) |
      (v.selected ? 2 : 0) |
      (v.split ? 4 : 0) |
      (v.committed ? 8 : 0) |
      (v.lost ? 16 : 0);
    view.setUint16(at, v.index, true);
    view.setUint16(at + 2, clamp(Math.round((v.x - box.minX) * scaleX), 0, 65535), true);
    view.setUint16(at + 4, clamp(Math.round((v.y - box.minY) * scaleY), 0, 65535), true);
    view.setUint8(at + 6, Math.round((turn - Math.floor(turn)) * 256) & 255);
    view.setUint8(at + 7, frameStates.indexOf(v.state));
    view.setUint8(at + 8, clamp(Math.round(v.progress * 255), 0, 255));
    view.setUint8(at + 9, flags);
    view.setUint16(at + 10, clamp(Math.round(v.speedMps * 100), 0, 65535), true);
    view.setUint16(at + 12, 0, true);
  });
  if (!signals) return bytes;
  view.setUint16(vehiclesEnd, signals.length, true);
  signals.forEach((colour, i) => {
    bytes[vehiclesEnd + 2 + i] = signalColours.indexOf(colour);
  });
  return bytes;
}

/** Decodes a frame. Throws RangeError where the bytes are not one. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = bytes.length < headerBytes ? 0 : view.getUint8(1);
  if (found === 0 || view.getUint8(0) !== magic || found > versionWithSignals) {
    throw new RangeError(
      `not a map frame: ${bytes.length} bytes starting ${bytes[0]},${bytes[1]} (expected ${magic},${version})`,
    );
  }
  const count = view.getUint16(2, true);
  const vehiclesEnd = headerBytes + vehicleBytes * count;
  const hasSignals = found === versionWithSignals;
  const lines = hasSignals && bytes.length >= vehiclesEnd + 2 ? view.getUint16(vehiclesEnd, true) : 0;
  const expected = vehiclesEnd + (hasSignals ? 2 + lines : 0);
  if (bytes.length !== expected)
    throw new RangeError(`map frame of ${bytes.length} bytes (expected ${expected})`);
  const [minX, minY, maxX, maxY] = [0, 1, 2, 3].map((i) => view.getFloat32(12 + 4 * i, true)) as [
    number,
    number,
    number,
    number,
  ];
  const vehicles: FrameVehicle[] = [];
  for (let i = 0; i < count; i++) {
    const at = headerBytes + vehicleBytes * i;
    const flags = view.getUint8(at + 9);
    vehicles.push({
      index: view.getUint16(at, true),
      x: minX + (view.getUint16(at + 2, true) / 65535) * (maxX - minX),
      y: minY + (view.getUint16(at + 4, true) / 65535) * (maxY - minY),
      headingRadians: (view.getUint8(at + 6) / 256) * 2 * Math.PI,
      state: frameStates[view.getUint8(at + 7)] ?? 'idle',
      progress: view.getUint8(at + 8) / 255,
      inCoverage: (flags & 1) !== 0,
      selected: (flags & 2) !== 0,
      split: (flags & 4) !== 0,
      committed: (flags & 8) !== 0,
      lost: (flags & 16) !== 0,
      speedMps: view.getUint16(at + 10, true) / 100,
    });
  }
  const at = view.getFloat64(4, true);
  if (!hasSignals) return { at, vehicles };
  const signals = Array.from(bytes.subarray(vehiclesEnd + 2), (code) => signalColours[code] ?? 'off');
  return { at, vehicles, signals };
}
