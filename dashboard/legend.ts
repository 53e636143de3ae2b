// The map's legend, drawn with the map's own signs. Must not: explain what the map does not draw.

import { frameStates } from '../protocol/frame.ts';
import { h } from './dom.ts';
import type { Theme } from './palette.ts';
import { stateWords } from './palette.ts';
import { drawSprite, paintMark, paintRing, spritePixels } from './sprites.ts';

/** Room around a sign for rings and marks, CSS pixels. */
const signPixels = 32;

/** Fills `host` behind its summary; replaces what was there, for a change of theme. */
export function fillLegend(host: HTMLElement, theme: Theme): void {
  const entries = frameStates.map((state) =>
    entry(stateWords[state], (context) => {
      const sprite = drawSprite(theme, state, Math.PI / 4, devicePixelRatio);
      const at = (signPixels - spritePixels) / 2;
      context.drawImage(sprite, at, at, spritePixels, spritePixels);
    }),
  );
  const middle = { x: signPixels / 2, y: signPixels / 2 };
  entries.push(
    entry('share of its bytes moved', (context) =>
      paintRing(context, middle, 0.65, { full: theme.states.uploading, rest: theme.roadEdge }),
    ),
    entry('chosen this round', (context) => {
      context.strokeStyle = theme.halo;
      context.lineWidth = 1.4;
      context.beginPath();
      context.arc(middle.x, middle.y, 13, 0, 2 * Math.PI);
      context.stroke();
    }),
    entry('committed', (context) => paintMark(context, theme, { x: 6, y: 26 }, 'check')),
    entry('left or lost', (context) => paintMark(context, theme, { x: 6, y: 26 }, 'cross')),
  );
  host.querySelector('ul')?.remove();
  host.append(h('ul', {}, ...entries));
}

function entry(text: string, paint: (context: CanvasRenderingContext2D) => void): HTMLElement {
  const canvas = h('canvas', { class: 'legend-sign', attributes: { 'aria-hidden': 'true' } });
  canvas.width = Math.ceil(signPixels * devicePixelRatio);
  canvas.height = canvas.width;
  const context = canvas.getContext('2d');
  if (context !== null) {
    context.scale(devicePixelRatio, devicePixelRatio);
    paint(context);
  }
  return h('li', {}, canvas, text);
}
