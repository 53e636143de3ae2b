// The page of one run: panels, map and loop around a session. One animation loop drives everything; the map is drawn when
// what it shows has moved, the panels at most ten times a second. Must not: fetch, or fold events.

import { createCharts } from './charts.ts';
import { byId, h, setText } from './dom.ts';
import { fillLegend } from './legend.ts';
import { createLogPanel } from './log-panel.ts';
import { RoadMap } from './map.ts';
import { controlMap, zoomMiddle } from './map-controls.ts';
import type { Actions, PageState, Panel } from './panel.ts';
import type { Player } from './player.ts';
import { seek } from './player.ts';
import { createRoundsTable } from './rounds-table.ts';
import type { Session } from './session.ts';
import { createStatus } from './status.ts';
import { followTheme } from './theme.ts';
import { createTiles } from './tiles.ts';
import { createTimeBar, timeKey } from './time-bar.ts';
import { createVehiclePanel } from './vehicle-panel.ts';

const panelSeconds = 0.1;
/** A tab in the background gets no frames; time does not jump by more than this when it comes back. */
const tickSecondsMax = 0.25;
/** An outcome's mark stays this long to the eye. */
const markWallSeconds = 3;

export class App {
  readonly #session: Session;
  readonly #map: RoadMap;
  readonly #panels: Panel[];
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)');
  #chosen: string | null = null;
  #follow = false;
  #before = -1;
  #sincePanels = panelSeconds;
  #drawn: readonly unknown[] = [];
  #scene: object | null = null;
  #theme: object | null = null;
  #size = '';
  #shownEvents = 0;

  constructor(session: Session) {
    this.#session = session;
    const host = byId('map', HTMLElement);
    const traffic = byId('traffic', HTMLCanvasElement);
    this.#map = new RoadMap(byId('ground', HTMLCanvasElement), traffic);
    const actions = this.#actions();
    const charts = createCharts(byId('charts', HTMLElement), byId('axis', HTMLSelectElement), actions);
    this.#panels = [...createPanels(session, actions, () => this.#state()), charts];
    controlMap(traffic, this.#map, {
      choose: actions.choose,
      moved: () => actions.setFollow(false),
    });
    this.#bindTools(actions);
    const sizes = new ResizeObserver(() => this.#resize(host));
    for (const element of [host, byId('legend', HTMLElement)]) sizes.observe(element);
    followTheme(byId('theme', HTMLButtonElement), (theme) => {
      this.#theme = theme;
      this.#map.setTheme(theme);
      charts.setTheme(theme);
      fillLegend(byId('legend', HTMLElement), theme);
    });
    document.addEventListener('keydown', (event) => this.#key(event, actions));
  }

  /** How many events the panels on screen stand for. */
  get shownEvents(): number {
    return this.#shownEvents;
  }

  /** Starts the loop. */
  start(): void {
    requestAnimationFrame((now) => this.#loop(now));
  }

  #loop(nowMs: number): void {
    const elapsed = this.#before < 0 ? 0 : (nowMs - this.#before) / 1000;
    this.#before = nowMs;
    this.#session.tick(Math.min(tickSecondsMax, elapsed));
    this.#wantFrames();
    this.#drawMap();
    this.#sincePanels += elapsed;
    if (this.#sincePanels >= panelSeconds) this.#updatePanels();
    requestAnimationFrame((next) => this.#loop(next));
  }

  /** Looking back needs frames that are not here; a few seconds ahead at the present speed are fetched early. */
  #wantFrames(): void {
    const { player, frames } = this.#session;
    if (player.live || this.#session.info === null) return;
    const ahead = player.playing ? 5 + 8 * player.speed : 0;
    frames.want(player.cursor, ahead).catch(() => {
      this.#session.status('Positions of this time are not stored; the figures are complete.', 'bad');
    });
  }

  #drawMap(): void {
    const { player, info } = this.#session;
    if (info !== null && info.scene !== this.#scene) {
      this.#scene = info.scene;
      this.#map.setScene(info.scene);
    }
    const pair = this.#session.pair();
    const view = this.#session.view();
    const at = this.#calm.matches ? (pair.before?.at ?? player.cursor) : player.cursor;
    const rate = player.live ? player.pace : player.speed;
    const shown = [
      at,
      pair.before,
      pair.after,
      view,
      this.#map.viewport,
      this.#theme,
      this.#chosen,
      this.#size,
    ];
    if (shown.every((value, i) => value === this.#drawn[i])) return;
    this.#map.draw({
      pair,
      at,
      view,
      ids: this.#session.ids,
      chosen: this.#chosen,
      follow: this.#follow,
      markSeconds: markWallSeconds * Math.max(1, rate),
    });
    this.#drawn = shown.with(4, this.#map.viewport);
  }

  #updatePanels(): void {
    this.#sincePanels = 0;
    const state = this.#state();
    for (const panel of this.#panels) panel.update(state);
    this.#shownEvents = state.view.seen;
  }

  #state(): PageState {
    const { info, timeline, player } = this.#session;
    return {
      info,
      view: this.#session.view(),
      latest: timeline.latest,
      events: timeline.events,
      player,
      chosen: this.#chosen,
      follow: this.#follow,
    };
  }

  #actions(): Actions {
    // What the reader does shows at once, not at the next tenth of a second.
    const now = (act: () => void): void => {
      act();
      this.#sincePanels = panelSeconds;
    };
    const change = (next: (player: Player) => Player): void =>
      now(() => {
        this.#session.player = next(this.#session.player);
      });
    return {
      seek: (at) => change((player) => seek(player, at)),
      choose: (vehicle) =>
        now(() => {
          this.#chosen = vehicle;
          if (vehicle === null) this.#follow = false;
        }),
      setFollow: (follow) =>
        now(() => {
          this.#follow = follow;
        }),
      changePlayer: change,
    };
  }

  #bindTools(actions: Actions): void {
    byId('zoom-in', HTMLButtonElement).addEventListener('click', () => zoomMiddle(this.#map, 1.4));
    byId('zoom-out', HTMLButtonElement).addEventListener('click', () => zoomMiddle(this.#map, 1 / 1.4));
    byId('fit', HTMLButtonElement).addEventListener('click', () => {
      actions.setFollow(false);
      this.#map.showAll();
    });
    const find = byId('find', HTMLInputElement);
    const list = byId('ids', HTMLDataListElement);
    find.addEventListener('focus', () => {
      list.replaceChildren(...this.#session.ids.map((value) => h('option', { attributes: { value } })));
    });
    find.addEventListener('change', () => {
      const known = this.#session.ids.includes(find.value);
      find.setCustomValidity(known || find.value === '' ? '' : `No vehicle is called ${find.value}.`);
      find.reportValidity();
      if (!known) return;
      actions.choose(find.value);
      actions.setFollow(true);
    });
  }

  #key(event: KeyboardEvent, actions: Actions): void {
    if (event.ctrlKey || event.metaKey || event.altKey || usesKeys(event)) return;
    if (timeKey(event.key, event.shiftKey, this.#state(), actions)) event.preventDefault();
    else if (event.key === 'f') actions.setFollow(!this.#follow && this.#chosen !== null);
    else if (event.key === '0') this.#map.showAll();
    else if (event.key === 'Escape') actions.choose(null);
  }

  #resize(host: HTMLElement): void {
    const { clientWidth: width, clientHeight: height } = host;
    const legend = byId('legend', HTMLDetailsElement);
    this.#map.setCovered(legend.open ? legend.offsetLeft + legend.offsetWidth : 0);
    this.#map.setSize(width, height, devicePixelRatio);
    this.#size = `${width}x${height}x${devicePixelRatio}`;
  }
}

/** Whether the element in focus has its own use for the key: text fields and lists for all, buttons for the space. */
function usesKeys({ target, key }: KeyboardEvent): boolean {
  if (target instanceof HTMLInputElement) return target.type !== 'range' || key.startsWith('Arrow');
  if (target instanceof HTMLSelectElement) return true;
  const presses = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
  if (presses || (target instanceof HTMLElement && target.tagName === 'SUMMARY')) {
    return key === ' ' || key === 'Enter';
  }
  return target instanceof HTMLElement && target.classList.contains('scroll') && key.startsWith('Arrow');
}

function createPanels(session: Session, actions: Actions, now: () => PageState): Panel[] {
  const button = (id: string) => byId(id, HTMLButtonElement);
  const select = (id: string) => byId(id, HTMLSelectElement);
  const time = {
    play: button('play'),
    live: button('live'),
    back: button('back'),
    forward: button('forward'),
    slider: byId('slider', HTMLInputElement),
    ticks: byId('ticks', HTMLElement),
    time: byId('time', HTMLElement),
    speed: select('speed'),
    round: select('round'),
  };
  const log = {
    list: byId('log', HTMLElement),
    group: select('log-group'),
    text: byId('log-text', HTMLInputElement),
    empty: byId('log-empty', HTMLElement),
  };
  return [
    createTiles(byId('tiles', HTMLElement)),
    createTimeBar(time, actions, now),
    createRoundsTable(byId('rounds', HTMLTableElement), byId('rounds-empty', HTMLElement), actions),
    createLogPanel(log, actions),
    createVehiclePanel(byId('vehicle', HTMLElement), () => session.ids, actions),
    createStatus(session),
  ];
}

/** Says in the middle of the map why it is empty; null takes the note away. */
export function noteOnMap(text: string | null): void {
  const note = byId('map-note', HTMLElement);
  note.hidden = text === null;
  setText(note, text ?? '');
}
