// Hands and keys on the map: drag to pan, wheel or pinch to zoom, click a vehicle, arrows and + - 0 on the focused map.
// Must not: draw.

import type { RoadMap } from './map.ts';
import { pan, zoomAt } from './viewport.ts';

export interface MapActions {
  choose(vehicle: string | null): void;
  /** The reader moved the map: following ends. */
  moved(): void;
}

/** A press that moves less than this is a click, CSS pixels. */
const clickPixels = 4;
const keyPanPixels = 60;
const keyZoom = 1.3;

/** Zooms about the middle of the map. */
export function zoomMiddle(map: RoadMap, factor: number): void {
  map.move((port) => zoomAt(port, { px: port.width / 2, py: port.height / 2 }, factor));
}

export function controlMap(canvas: HTMLCanvasElement, map: RoadMap, actions: MapActions): void {
  const pointers = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  const local = (event: MouseEvent) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (pointers.size === 0) travelled = 0;
    pointers.set(event.pointerId, local(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    const now = local(event);
    if (before === undefined) {
      canvas.style.cursor = map.hit(now.x, now.y) === null ? 'grab' : 'pointer';
      return;
    }
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other !== undefined) {
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      map.move((port) => zoomAt(port, { px: (now.x + other.x) / 2, py: (now.y + other.y) / 2 }, factor));
    }
    const share = other === undefined ? 1 : 0.5;
    travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    pointers.set(event.pointerId, now);
    if (travelled < clickPixels) return;
    map.move((port) => pan(port, (now.x - before.x) * share, (now.y - before.y) * share));
    actions.moved();
  });
  canvas.addEventListener('pointerup', (event) => {
    const clicked = pointers.delete(event.pointerId) && travelled < clickPixels;
    const { x, y } = local(event);
    if (clicked) actions.choose(map.hit(x, y));
  });
  canvas.addEventListener('pointercancel', (event) => pointers.delete(event.pointerId));
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const { x, y } = local(event);
      // A wheel notch is about 100 units: 100 units zoom by 1.2.
      map.move((port) => zoomAt(port, { px: x, py: y }, 1.2 ** (-event.deltaY / 100)));
    },
    { passive: false },
  );
  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !mapKey(event.key, map, actions)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function mapKey(key: string, map: RoadMap, actions: MapActions): boolean {
  const slide: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [keyPanPixels, 0],
    ArrowRight: [-keyPanPixels, 0],
    ArrowUp: [0, keyPanPixels],
    ArrowDown: [0, -keyPanPixels],
  };
  const by = slide[key];
  if (by !== undefined) {
    map.move((port) => pan(port, by[0], by[1]));
    actions.moved();
  } else if (key === '+' || key === '=') zoomMiddle(map, keyZoom);
  else if (key === '-') zoomMiddle(map, 1 / keyZoom);
  else if (key === '0') map.showAll();
  else if (key === 'Escape') actions.choose(null);
  else return false;
  return true;
}

const distance = (
  a: { readonly x: number; readonly y: number },
  b: { readonly x: number; readonly y: number },
): number => Math.hypot(a.x - b.x, a.y - b.y);
