// The kernels of residual and mobile networks as compiled steps call them: batch normalisation, depthwise filters, pools
// whose windows overlap, a rectifier between two layouts.
// Must not: hold code; assembly/norm.ts, depthwise.ts and stride-pool.ts say what every argument means.

type Address = number;

/** Rows and pixels of one image, and its channels. */
type Extent = readonly [rows: number, pixels: number, channels: number];
/** Where an image lies, and how many bytes its rows are apart. */
type Rows = readonly [address: Address, rowBytes: number];
/** Mean, 1 / deviation, scale / deviation of every channel. */
type Statistics = readonly [mean: Address, inverse: Address, factor: Address];

/** Channels, filter and stride of a depthwise convolution, and the size of its output. */
export type DepthwiseShape = readonly [
  channels: number,
  kernelHeight: number,
  kernelWidth: number,
  strideHeight: number,
  strideWidth: number,
  outHeight: number,
  outWidth: number,
];

/** Shape of an image, window, stride, and how far the first window hangs over the border. */
export type PoolShape = readonly [
  height: number,
  width: number,
  channels: number,
  windowHeight: number,
  windowWidth: number,
  strideHeight: number,
  strideWidth: number,
  top: number,
  left: number,
];

/** What tensors of the tfjs backend need of them. */
export interface TensorKernels {
  depthwiseImage(...args: [...source: Rows, ...DepthwiseShape, w: Address, ...out: Rows]): void;
  depthwiseGradientImage(...args: [...source: Rows, ...DepthwiseShape, ...dy: Rows, dw: Address]): void;
  turnTaps(w: Address, taps: number, channels: number, turned: Address): void;
  copyRows(...args: [...from: Rows, ...to: Rows, rows: number, bytes: number]): void;
  spreadPixels(
    ...args: [
      ...from: Rows,
      height: number,
      width: number,
      pixelBytes: number,
      to: Address,
      downBytes: number,
      rightBytes: number,
    ]
  ): void;
  stridePoolGradient(
    ...args: [
      average: boolean,
      ...x: Rows,
      ...PoolShape,
      dy: Address,
      dx: Address,
      outHeight: number,
      outWidth: number,
    ]
  ): void;
}

export interface WideKernels extends TensorKernels {
  normImage(...args: [...x: Rows, ...Extent, sums: Address, squares: Address]): void;
  normStatistics(
    sums: Address,
    squares: Address,
    stepBytes: number,
    images: number,
    count: number,
    channels: number,
    epsilon: number,
    scale: Address,
    ...out: Statistics
  ): void;
  normApply(
    ...args: [
      ...x: Rows,
      ...out: Rows,
      ...Extent,
      mean: Address,
      factor: Address,
      shift: Address,
      rectify: boolean,
    ]
  ): void;
  normGradientImage(
    ...args: [
      ...x: Rows,
      ...y: Rows,
      dy: Address,
      ...Extent,
      mean: Address,
      inverse: Address,
      dShift: Address,
      dScale: Address,
      work: Address,
    ]
  ): void;
  normInputGradient(
    ...args: [
      ...x: Rows,
      dy: Address,
      dx: Address,
      ...Extent,
      all: number,
      ...Statistics,
      dShift: Address,
      dScale: Address,
    ]
  ): void;
  stridePool(
    ...args: [average: boolean, ...x: Rows, ...PoolShape, ...out: Rows, outHeight: number, outWidth: number]
  ): void;
  rectifyRows(...args: [...x: Rows, ...out: Rows, rows: number, bytes: number]): void;
  rectifyGradientRows(...args: [...y: Rows, dy: Address, dx: Address, rows: number, bytes: number]): void;
}
