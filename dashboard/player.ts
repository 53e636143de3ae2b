// Time control as values: where the cursor is, whether it moves, how fast. Live means the cursor follows the newest frame.
// Must not: read a clock (the elapsed time is an argument), or touch the page.

export const speeds = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64] as const;

export interface Player {
  /** The run still goes on. */
  readonly running: boolean;
  /** The cursor follows the newest instant. */
  readonly live: boolean;
  readonly playing: boolean;
  /** Run seconds per wall second while playing a replay. */
  readonly speed: number;
  /** The instant shown, seconds since the run began. */
  readonly cursor: number;
  /** The newest instant known, seconds. */
  readonly end: number;
  /** Run seconds per wall second at which the cursor follows live frames. */
  readonly pace: number;
}

export const stillPlayer: Player = {
  running: false,
  live: false,
  playing: false,
  speed: 1,
  cursor: 0,
  end: 0,
  pace: 0,
};

/** Follows the live run again. Changes nothing once the run has ended. */
export function goLive(player: Player): Player {
  return player.running ? { ...player, live: true, playing: true, cursor: player.end, pace: 0 } : player;
}

/** Play or pause. Pausing a live view holds its picture and lets go of live; at the end of a run, play starts over. */
export function toggle(player: Player): Player {
  if (player.live || player.playing) return { ...player, live: false, playing: false };
  const over = !player.running && player.cursor >= player.end;
  return { ...player, playing: true, cursor: over ? 0 : player.cursor };
}

/** Looks at `at`; leaves live. */
export function seek(player: Player, at: number): Player {
  return { ...player, live: false, cursor: Math.min(player.end, Math.max(0, at)) };
}

/** Holds the picture at `at`. */
export function stepTo(player: Player, at: number): Player {
  return { ...seek(player, at), playing: false };
}

/** The next speed up (`by` 1) or down (`by` -1) of `speeds`. */
export function changeSpeed(player: Player, by: 1 | -1): Player {
  const place = speeds.findIndex((speed) => speed >= player.speed);
  const speed = speeds[Math.min(speeds.length - 1, Math.max(0, place + by))] ?? 1;
  return { ...player, speed };
}

/**
 * The run is known up to `at`. `sinceLastSeconds` is the wall time since the previous frame: the cursor is paced to reach
 * `at` when the next frame is due, so motion is even at any frame rate and any ratio of run time to wall time.
 */
export function extend(player: Player, at: number, sinceLastSeconds: number): Player {
  const end = Math.max(player.end, at);
  const due = Math.min(2, Math.max(0.03, sinceLastSeconds));
  return { ...player, end, pace: Math.max(0, end - player.cursor) / due };
}

/** The run has ended: a live view becomes the replay of the same run, standing at its end, everything kept. */
export function finish(player: Player): Player {
  const wasLive = player.live;
  return {
    ...player,
    running: false,
    live: false,
    playing: player.playing && !wasLive,
    cursor: wasLive ? player.end : player.cursor,
  };
}

/** Moves the cursor by `elapsedSeconds` of wall time. A replay that catches up with a running run goes live. */
export function advance(player: Player, elapsedSeconds: number): Player {
  if (player.live) {
    return { ...player, cursor: Math.min(player.end, player.cursor + player.pace * elapsedSeconds) };
  }
  if (!player.playing) return player;
  const cursor = player.cursor + player.speed * elapsedSeconds;
  if (cursor < player.end) return { ...player, cursor };
  return player.running ? goLive(player) : { ...player, cursor: player.end, playing: false };
}
