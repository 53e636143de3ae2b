// Colours, shapes and words for states and outcomes. Nothing is told by colour alone: each state has a shape, each outcome
// a glyph and a word. The state colours keep a difference of at least 20 (CIE 1976) between any two for readers with
// normal sight, protanopia and deuteranopia; `test/unit/dashboard-text.test.ts` holds them to it. Must not: draw.

import type { Outcome } from '../protocol/events.ts';
import type { FrameState } from '../protocol/frame.ts';

export type Shape = 'arrow' | 'hollow-arrow' | 'hexagon' | 'square' | 'diamond' | 'circle';
export type ThemeName = 'dark' | 'light';

/** What the canvases need of a theme; the page's own colours stand in `style.css`. */
export interface Theme {
  readonly ground: string;
  readonly grid: string;
  readonly roadEdge: string;
  readonly road: string;
  readonly roadMarking: string;
  readonly coverage: string;
  readonly coverageEdge: string;
  readonly ink: string;
  readonly inkSoft: string;
  readonly halo: string;
  readonly good: string;
  readonly bad: string;
  readonly accuracy: string;
  readonly loss: string;
  /** The part of a curve that a replay has still to come to. */
  readonly pale: string;
  readonly rule: string;
  readonly states: Readonly<Record<FrameState, string>>;
}

export const themes: Readonly<Record<ThemeName, Theme>> = {
  dark: {
    ground: '#10151d',
    grid: '#161d28',
    roadEdge: '#5d6d86',
    road: '#35425a',
    roadMarking: '#6b7c97',
    coverage: 'rgba(79, 143, 255, 0.09)',
    coverageEdge: 'rgba(122, 170, 255, 0.55)',
    ink: '#e8edf4',
    inkSoft: '#9aa7b8',
    halo: '#ffffff',
    good: '#3ddc84',
    bad: '#ff7a66',
    accuracy: '#22d3ae',
    loss: '#ffb454',
    pale: '#4a576a',
    rule: '#232c39',
    states: {
      idle: '#76808f',
      'in-range': '#22d3ae',
      downloading: '#4f8fff',
      training: '#ffd23f',
      splitting: '#f2a7e6',
      uploading: '#f0592b',
    },
  },
  light: {
    ground: '#f3f5f8',
    grid: '#e8ecf1',
    roadEdge: '#98a5b6',
    road: '#ffffff',
    roadMarking: '#c3ccd8',
    coverage: 'rgba(29, 79, 216, 0.07)',
    coverageEdge: 'rgba(29, 79, 216, 0.5)',
    ink: '#17202c',
    inkSoft: '#546273',
    halo: '#17202c',
    good: '#0b7a3e',
    bad: '#b3261e',
    accuracy: '#007a63',
    loss: '#b45309',
    pale: '#b6c0cc',
    rule: '#e3e8ee',
    states: {
      idle: '#8a94a3',
      'in-range': '#007a63',
      downloading: '#1d4fd8',
      training: '#d99a00',
      splitting: '#a3359c',
      uploading: '#c23b0a',
    },
  },
};

export const stateShapes: Readonly<Record<FrameState, Shape>> = {
  idle: 'hollow-arrow',
  'in-range': 'arrow',
  downloading: 'hexagon',
  training: 'square',
  splitting: 'diamond',
  uploading: 'circle',
};

export const stateWords: Readonly<Record<FrameState, string>> = {
  idle: 'idle',
  'in-range': 'in range',
  downloading: 'downloading',
  training: 'training',
  splitting: 'splitting',
  uploading: 'uploading',
};

/** Whether a state moves bytes between vehicle and RSU: then a line joins them. */
export const transfers = (state: FrameState): boolean =>
  state === 'downloading' || state === 'uploading' || state === 'splitting';

export const outcomeGlyphs: Readonly<Record<Outcome, string>> = {
  committed: '✓',
  left: '↗\uFE0E',
  late: '◷',
  refused: '⊘',
  failed: '✕',
};

/** The glyph of an outcome, or of a vehicle that is still under way. */
export const glyphOf = (outcome: Outcome | null): string => (outcome === null ? '…' : outcomeGlyphs[outcome]);

export const outcomeWords: Readonly<Record<Outcome, string>> = {
  committed: 'committed',
  left: 'left coverage',
  late: 'late',
  refused: 'refused',
  failed: 'failed',
};
