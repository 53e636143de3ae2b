// The views users query: what they mean, column by column, and the SQL that makes each from the event log. This list is
// the one source of the database, of `docs/schema.md` and of `roadbed runs export`.
// Must not: hold anything that is not in the log. A view is never a second truth.

export interface Column {
  readonly name: string;
  readonly type: 'integer' | 'real' | 'text';
  /** Meaning, unit, and when it is NULL. */
  readonly meaning: string;
}

export interface View {
  readonly name: string;
  readonly meaning: string;
  readonly columns: readonly Column[];
  /** The SELECT whose result columns are `columns`, in that order. */
  readonly sql: string;
}

const column = (name: string, type: Column['type'], meaning: string): Column => ({ name, type, meaning });
const integer = (name: string, meaning: string): Column => column(name, 'integer', meaning);
const real = (name: string, meaning: string): Column => column(name, 'real', meaning);
const text = (name: string, meaning: string): Column => column(name, 'text', meaning);

/** `e.entry`'s value at `path` of the event body, as SQL. */
const of = (alias: string, path: string): string => `json_extract(${alias}.entry, '$.body.${path}')`;
const fields = (alias: string, pairs: readonly (readonly [path: string, name: string])[]): string =>
  pairs.map(([path, name]) => `${of(alias, path)} AS "${name}"`).join(', ');

const round: View = {
  name: 'round',
  meaning:
    'One row per closed round, with its accounting, its participation and what the model was worth after it. In an asynchronous run a round is a model made, and a vehicle belongs to the round in which its task ended.',
  columns: [
    integer('round', 'Number of the round, from 1.'),
    real('opened_at', 'Seconds since the run began when the round opened.'),
    real(
      'virtual_seconds',
      'Seconds since the run began when the round closed: the time axis of convergence.',
    ),
    real('duration_seconds', 'How long the round took, seconds.'),
    integer('candidates', 'Vehicles that could have been chosen.'),
    integer('selected', 'Vehicles given a task: committed + left + late + refused + failed.'),
    integer('committed', 'Selected vehicles whose update counts.'),
    integer('left', 'Selected vehicles that drove out of coverage first.'),
    integer('late', 'Selected vehicles that missed the deadline.'),
    integer('refused', 'Selected vehicles whose update was refused.'),
    integer('failed', 'Selected vehicles that failed otherwise.'),
    integer('split', 'Selected vehicles given a split plan.'),
    integer('skipped', 'Chosen vehicles for which no plan fitted the time left.'),
    real('participation_ratio', 'The participation ratio p of the round.'),
    real('utility', 'The utility of the round, from p and its duration.'),
    real('accuracy', 'Test accuracy of the model after the round, 0..1; NULL where it was not evaluated.'),
    real('loss', 'Test loss of the model after the round; NULL where it was not evaluated.'),
    integer('bytes_up', 'Bytes received from vehicles in the round.'),
    integer('bytes_down', 'Bytes sent to vehicles in the round.'),
    integer('cumulative_bytes', 'Bytes up and down of this and all earlier rounds.'),
    real('wasted_seconds', 'Seconds of work by vehicles whose update does not count.'),
    real('wasted_joules', 'Energy of vehicles whose update does not count, joules.'),
    text('model_sha', 'sha-256 of the model after the round.'),
    real(
      'mean_staleness',
      'Models made between the one an update began from and its own, mean over the committed; NULL in a synchronous run.',
    ),
  ],
  sql: `WITH evaluated AS (
  SELECT round, max(seq) AS seq, ${fields('event', [
    ['accuracy', 'accuracy'],
    ['loss', 'loss'],
  ])} FROM event WHERE kind = 'model-evaluated' GROUP BY round),
stale AS (
  SELECT round, avg(${of('event', 'staleness')}) AS mean FROM event WHERE kind = 'update-committed' GROUP BY round)
SELECT c.round, o.at AS opened_at, c.at AS virtual_seconds,
  ${of('c', 'durationSeconds')} AS duration_seconds, ${of('o', 'candidates')} AS candidates,
  ${fields(
    'c',
    ['selected', 'committed', 'left', 'late', 'refused', 'failed', 'split', 'skipped'].map((n) => [n, n]),
  )},
  ${fields('c', [
    ['participationRatio', 'participation_ratio'],
    ['utility', 'utility'],
  ])}, evaluated.accuracy, evaluated.loss,
  ${fields('c', [
    ['bytesUp', 'bytes_up'],
    ['bytesDown', 'bytes_down'],
  ])},
  sum(${of('c', 'bytesUp')} + ${of('c', 'bytesDown')}) OVER (ORDER BY c.seq) AS cumulative_bytes,
  ${fields('c', [
    ['wastedSeconds', 'wasted_seconds'],
    ['wastedJoules', 'wasted_joules'],
    ['modelSha', 'model_sha'],
  ])}, stale.mean AS mean_staleness
FROM event c
LEFT JOIN event o ON o.kind = 'round-opened' AND o.round = c.round
LEFT JOIN evaluated ON evaluated.round = c.round
LEFT JOIN stale ON stale.round = c.round
WHERE c.kind = 'round-closed' ORDER BY c.seq`,
};

const estimateColumns: readonly Column[] = [
  real('seconds_left', 'Estimate: seconds until the vehicle leaves coverage.'),
  real('uplink_bits_per_second', 'Estimate: uplink rate, bit/s.'),
  real('full_seconds', 'Estimate: download, training and upload of the whole model, seconds.'),
  real(
    'split_seconds',
    'Estimate: the same for the split path, seconds; NULL where splitting is off or does not fit.',
  ),
];
const estimateFields = (alias: string): string =>
  fields(alias, [
    ['estimate.secondsLeft', 'seconds_left'],
    ['estimate.uplinkBitsPerSecond', 'uplink_bits_per_second'],
    ['estimate.fullSeconds', 'full_seconds'],
    ['estimate.splitSeconds', 'split_seconds'],
  ]);

const selection: View = {
  name: 'selection',
  meaning: 'One row per vehicle given a task: why it was chosen, what was expected of it and how it ended.',
  columns: [
    integer(
      'round',
      'Number of the round; in an asynchronous run that in which the task ended, or so far the one in which it began.',
    ),
    text('vehicle', 'The vehicle.'),
    real('selected_at', 'Seconds since the run began.'),
    text('arm', 'The arm of the selection policy the vehicle stood for.'),
    real('score', 'The score it was chosen by; 0 for an arm not seen before.'),
    text('terms', 'The terms that sum to the score, a JSON object.'),
    text('reason', 'Why it was chosen, in a word or two.'),
    text('plan', '`full` or `split`.'),
    integer('cut', 'The cut of a split plan.'),
    ...estimateColumns,
    text('outcome', '`committed`, `left`, `late`, `refused` or `failed`; NULL while the round is open.'),
    text('outcome_reason', 'What led to the outcome; NULL while the round is open.'),
    real('seconds', 'Seconds the vehicle worked, booked once; NULL while the round is open.'),
    real(
      'joules',
      'Energy of computing, as the vehicle reported or the RSU reckoned, and of sending, joules; NULL while the round is open.',
    ),
    integer('bytes_up', 'Bytes received from it up to its outcome; NULL while the round is open.'),
    integer('bytes_down', 'Bytes it was sent up to its outcome; NULL while the round is open.'),
    integer(
      'wasted',
      '1 where the work does not count towards the model, else 0; NULL while the round is open.',
    ),
    integer('task', 'Number of the task; NULL in a synchronous run.'),
    integer(
      'staleness',
      'Models made between the one its update began from and its own; NULL in a synchronous run, or where none was committed.',
    ),
  ],
  sql: `SELECT coalesce(o.round, s.round) AS round, s.vehicle, s.at AS selected_at, ${fields('s', [
    ['arm', 'arm'],
    ['score', 'score'],
    ['terms', 'terms'],
    ['reason', 'reason'],
    ['plan', 'plan'],
    ['cut', 'cut'],
  ])},
  ${estimateFields('s')},
  ${fields('o', [
    ['outcome', 'outcome'],
    ['reason', 'outcome_reason'],
    ['booking.seconds', 'seconds'],
    ['booking.joules', 'joules'],
    ['booking.bytesUp', 'bytes_up'],
    ['booking.bytesDown', 'bytes_down'],
    ['wasted', 'wasted'],
  ])}, ${of('s', 'task')} AS task, ${of('u', 'staleness')} AS staleness
FROM event s
LEFT JOIN event o ON o.key = coalesce(${of('s', 'task')}, s.round) || '/' || s.vehicle || '/outcome'
LEFT JOIN event u ON u.key = coalesce(${of('s', 'task')}, s.round) || '/' || s.vehicle || '/update'
WHERE s.kind = 'vehicle-selected' ORDER BY s.seq`,
};

const skip: View = {
  name: 'skip',
  meaning: 'One row per vehicle that was chosen but given no task, because no plan fitted.',
  columns: [
    integer('round', 'Number of the round.'),
    text('vehicle', 'The vehicle.'),
    text('reason', 'Why no task was given.'),
    ...estimateColumns,
  ],
  sql: `SELECT round, vehicle, ${of('event', 'reason')} AS reason, ${estimateFields('event')}
FROM event WHERE kind = 'vehicle-skipped' ORDER BY seq`,
};

const updateReceived: View = {
  name: 'update_received',
  meaning: 'One row per update that was answered: committed or refused.',
  columns: [
    integer('seq', 'Its place in the event log.'),
    real('at', 'Seconds since the run began.'),
    integer('round', 'Number of the round.'),
    text('vehicle', 'The vehicle.'),
    text('status', '`committed` or `refused`.'),
    text('plan', '`full` or `split`; NULL where refused.'),
    text('key', 'The idempotency key the update came with.'),
    text('update_sha', 'sha-256 of the update; NULL where refused.'),
    integer('samples', 'Samples it was trained on; NULL where refused.'),
    real('train_loss', 'Training loss the vehicle reported; NULL where refused.'),
    integer('epochs_done', 'Epochs behind it, where fewer than asked for; NULL for all of them, or refused.'),
    text('reason', 'Why it was refused; NULL where committed.'),
  ],
  sql: `SELECT seq, at, round, vehicle, CASE kind WHEN 'update-committed' THEN 'committed' ELSE 'refused' END AS status,
  ${fields('event', [
    ['plan', 'plan'],
    ['key', 'key'],
    ['updateSha', 'update_sha'],
    ['samples', 'samples'],
    ['trainLoss', 'train_loss'],
    ['epochsDone', 'epochs_done'],
    ['reason', 'reason'],
  ])}
FROM event WHERE kind IN ('update-committed', 'update-refused') ORDER BY seq`,
};

const metric: View = {
  name: 'metric',
  meaning: 'One row per evaluation of the model on the test data.',
  columns: [
    integer('round', 'The round after which it was evaluated; 0 for the model the run began with.'),
    real('at', 'Seconds since the run began.'),
    real('accuracy', 'Share of test samples classified right, 0..1.'),
    real('loss', 'Mean test loss.'),
    integer('samples', 'Test samples used.'),
    text('model_sha', 'sha-256 of the model.'),
  ],
  sql: `SELECT round, at, ${fields('event', [
    ['accuracy', 'accuracy'],
    ['loss', 'loss'],
    ['samples', 'samples'],
    ['modelSha', 'model_sha'],
  ])}
FROM event WHERE kind = 'model-evaluated' ORDER BY seq`,
};

const arm: View = {
  name: 'arm',
  meaning: 'One row each time an arm of the selection policy was rewarded.',
  columns: [
    integer('round', 'Number of the round.'),
    real('at', 'Seconds since the run began.'),
    text('arm', 'The arm.'),
    real('reward', 'The reward of this round.'),
    real('pulls', 'How often the arm was chosen so far; discounted where the policy discounts.'),
    real('mean_reward', 'Mean reward of the arm so far; discounted where the policy discounts.'),
  ],
  sql: `SELECT round, at, ${fields('event', [
    ['arm', 'arm'],
    ['reward', 'reward'],
    ['pulls', 'pulls'],
    ['meanReward', 'mean_reward'],
  ])}
FROM event WHERE kind = 'arm-rewarded' ORDER BY seq`,
};

const contact: View = {
  name: 'contact',
  meaning: 'One row per stay of a vehicle in coverage. A handover between RSUs does not end a stay.',
  columns: [
    text('vehicle', 'The vehicle.'),
    text('rsu', 'The RSU whose coverage it entered.'),
    real('entered_at', 'Seconds since the run began.'),
    real('left_at', 'Seconds since the run began; NULL where it was still in coverage at the end.'),
  ],
  sql: `SELECT vehicle, rsu, at AS entered_at, CASE next_kind WHEN 'vehicle-left' THEN next_at END AS left_at FROM (
  SELECT seq, vehicle, kind, at, ${of('event', 'rsu')} AS rsu,
    lead(kind) OVER in_order AS next_kind, lead(at) OVER in_order AS next_at
  FROM event WHERE kind IN ('vehicle-entered', 'vehicle-left')
  WINDOW in_order AS (PARTITION BY vehicle ORDER BY seq))
WHERE kind = 'vehicle-entered' ORDER BY seq`,
};

const stayPrediction: View = {
  name: 'stay_prediction',
  meaning:
    'One row per prediction of a stay that has ended: what the RSU expected each time the vehicle came onto a road, and what came. Errors are predicted less actual; what `run --json` prints under `prediction` is their mean and quantiles.',
  columns: [
    text('vehicle', 'The vehicle.'),
    real('at', 'When it was predicted, seconds since the run began.'),
    real('ended_at', 'When the stay ended, seconds since the run began.'),
    real('actual_seconds', 'Seconds it stayed in coverage from then on.'),
    real('road_seconds', 'Predicted from the distance left on its road and its speed.'),
    real('learned_seconds', 'Predicted with what cars before it did on that road.'),
    real('road_error', 'road_seconds - actual_seconds.'),
    real('learned_error', 'learned_seconds - actual_seconds.'),
  ],
  sql: `WITH predicted AS (
  SELECT event.seq, event.vehicle, event.at AS ended_at, one.key AS place,
    json_extract(one.value, '$.at') AS at,
    json_extract(one.value, '$.actualSeconds') AS actual_seconds,
    json_extract(one.value, '$.roadSeconds') AS road_seconds,
    json_extract(one.value, '$.learnedSeconds') AS learned_seconds
  FROM event, json_each(event.entry, '$.body.predictions') AS one WHERE event.kind = 'stay-ended')
SELECT vehicle, at, ended_at, actual_seconds, road_seconds, learned_seconds,
  road_seconds - actual_seconds AS road_error, learned_seconds - actual_seconds AS learned_error
FROM predicted ORDER BY seq, place`,
};

const vehicle: View = {
  name: 'vehicle',
  meaning: 'One row each time a vehicle made itself known to the RSU.',
  columns: [
    text('vehicle', 'The vehicle.'),
    text('device', 'The name of its device profile.'),
    integer('samples', 'Training samples it holds.'),
    real('at', 'Seconds since the run began.'),
  ],
  sql: `SELECT vehicle, ${fields('event', [
    ['device', 'device'],
    ['samples', 'samples'],
  ])}, at
FROM event WHERE kind = 'vehicle-known' ORDER BY seq`,
};

const refusal: View = {
  name: 'refusal',
  meaning: 'One row per message or update that was refused, with the reason; an update is answered with it.',
  columns: [
    integer('seq', 'Its place in the event log.'),
    real('at', 'Seconds since the run began.'),
    text('what', '`message` or `update`.'),
    integer('round', 'Number of the round; NULL for a message.'),
    text('vehicle', 'The vehicle; NULL where the sender is not known.'),
    text('key', 'The idempotency key; NULL for a message.'),
    text('reason', 'Why it was refused.'),
  ],
  sql: `SELECT seq, at, CASE kind WHEN 'message-refused' THEN 'message' ELSE 'update' END AS what, round, vehicle,
  ${fields('event', [
    ['key', 'key'],
    ['reason', 'reason'],
  ])}
FROM event WHERE kind IN ('message-refused', 'update-refused') ORDER BY seq`,
};

/** All views, in the order they are documented. */
export const views: readonly View[] = [
  round,
  selection,
  skip,
  updateReceived,
  metric,
  arm,
  contact,
  stayPrediction,
  vehicle,
  refusal,
];
