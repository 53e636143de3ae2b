// The seconds of a whole task for thousands of vehicles at one instant: what is the same for all of them is worked out once.
// The same figures, to the last bit, as the full path of `estimate`. Must not: know memory, splits or the channel ahead.

import { dbToRatio } from '../../base/units.ts';
import { modelsPerDownload } from '../aggregation/aggregators.ts';
import type { RoundConfig } from '../round/types.ts';
import type { TaskSeconds } from '../selection/policy.ts';
import { neverSeconds } from './path.ts';

/** What the time of a whole task depends on. */
interface Car {
  readonly device: { readonly trainingFlopsPerSecond: number };
  readonly samples: number;
  readonly beacon: { readonly bitsPerSecondPerHertz: number };
}

/** Seconds of each car's task, by the car's position. */
interface Columns {
  readonly download: Float64Array;
  readonly compute: Float64Array;
  readonly upload: Float64Array;
  readonly total: Float64Array;
}

/** One car's task. It is a view: whoever reads a figure of ten thousand cars must not leave ten thousand objects behind. */
class FullTask implements TaskSeconds {
  readonly #tasks: FullTasks;
  readonly #at: number;

  constructor(tasks: FullTasks, at: number) {
    this.#tasks = tasks;
    this.#at = at;
  }

  get downloadSeconds(): number {
    const { columns } = this.#tasks;
    return columns ? columns.download[this.#at]! : this.#tasks.single(this.#at).download[0]!;
  }

  get computeSeconds(): number {
    const { columns } = this.#tasks;
    return columns ? columns.compute[this.#at]! : this.#tasks.single(this.#at).compute[0]!;
  }

  get uploadSeconds(): number {
    const { columns } = this.#tasks;
    return columns ? columns.upload[this.#at]! : this.#tasks.single(this.#at).upload[0]!;
  }

  get totalSeconds(): number {
    const { columns } = this.#tasks;
    return columns ? columns.total[this.#at]! : this.#tasks.single(this.#at).total[0]!;
  }
}

const transferSeconds = (bits: number, rate: number): number =>
  bits === 0 ? 0 : Math.min(bits / rate, neverSeconds);

function columnsFor(count: number): Columns {
  const column = (): Float64Array => new Float64Array(count);
  return { download: column(), compute: column(), upload: column(), total: column() };
}

/** What is the same for all cars is worked out here; one car's figures are then written without making an object of them. */
function taskFormula(
  { scenario, cost, fullBytes }: RoundConfig,
  sharers: number,
): (car: Car, columns: Columns, at: number) => void {
  const { aggregation, radio, training } = scenario;
  const { epochs } = training;
  const upShareHz = radio.uplinkBandwidthHz / sharers;
  const downShareHz = radio.downlinkBandwidthHz / sharers;
  const powerRatio = dbToRatio(radio.rsuTransmitPowerDbm - radio.transmitPowerDbm);
  const upBits = fullBytes * 8;
  const downBits = upBits * modelsPerDownload(aggregation);
  const flops = cost.blocks.reduce((sum, block) => sum + block.forwardFlops + block.backwardFlops, 0);
  const latencySeconds = 2 * radio.latencySeconds;
  return ({ device, samples, beacon }, { download, compute, upload, total }, at) => {
    const efficiency = beacon.bitsPerSecondPerHertz;
    const snrDown = (2 ** efficiency - 1) * powerRatio;
    const down = transferSeconds(downBits, downShareHz * Math.log2(1 + snrDown));
    const training = (epochs * samples * flops) / device.trainingFlopsPerSecond;
    const up = transferSeconds(upBits, upShareHz * efficiency);
    download[at] = down;
    compute[at] = training;
    upload[at] = up;
    total[at] = Math.min(down + training + up + latencySeconds, neverSeconds);
  };
}

function allColumns(cars: readonly Car[], write: ReturnType<typeof taskFormula>): Columns {
  const columns = columnsFor(cars.length);
  for (let at = 0; at < cars.length; at++) write(cars[at]!, columns, at);
  return columns;
}

/** As many figures are worked out one by one; whoever asks for more will ask for all, and gets them from columns. */
const oneByOne = 256;

/** The full path of each car with one share in `sharers` of the bands, memory aside, by the car's position. */
export class FullTasks {
  readonly #cars: readonly Car[];
  readonly #write: ReturnType<typeof taskFormula>;
  readonly #single = columnsFor(1);
  #singleAt = -1;
  #asked = 0;
  /** Of all cars, once many were asked for. */
  columns: Columns | null = null;

  constructor(config: RoundConfig, cars: readonly Car[], sharers: number) {
    this.#cars = cars;
    this.#write = taskFormula(config, sharers);
  }

  at(position: number): TaskSeconds {
    return new FullTask(this, position);
  }

  /** The figures of one car while there are no columns; those of the next car take their place. */
  single(at: number): Columns {
    if (++this.#asked > oneByOne) this.columns = allColumns(this.#cars, this.#write);
    if (at !== this.#singleAt) this.#write(this.#cars[at]!, this.#single, 0);
    this.#singleAt = at;
    return this.#single;
  }
}
