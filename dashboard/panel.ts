// What every panel of the page is given and may ask for. Must not: hold state.

import type { LoggedEvent } from '../protocol/events.ts';
import type { RunInfo } from '../protocol/run-info.ts';
import type { Player } from './player.ts';
import type { View } from './view.ts';

/** The state of the page at one instant, for drawing. */
export interface PageState {
  readonly info: RunInfo | null;
  /** At the cursor. */
  readonly view: View;
  /** At the newest event: what a replay has still to come. */
  readonly latest: View;
  readonly events: readonly LoggedEvent[];
  readonly player: Player;
  readonly chosen: string | null;
  readonly follow: boolean;
}

/** What a panel may ask of the page. */
export interface Actions {
  seek(at: number): void;
  choose(vehicle: string | null): void;
  setFollow(follow: boolean): void;
  changePlayer(change: (player: Player) => Player): void;
}

export interface Panel {
  update(state: PageState): void;
}
