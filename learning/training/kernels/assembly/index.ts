// Everything the kernel module exports. Built by ../build.mjs into ../kernels.generated.ts; all pointers are byte
// addresses in the memory this module imports: the tfjs wasm backend's, or the arena of a compiled step.
// Must not: hold data of its own. A data segment would overwrite the backend's memory.

export { gemm, gemmScratch } from './gemm';
export { convFilterGradient, convForward, convInputGradient } from './conv';
export { maxPool, maxPoolGradient } from './pool';
export { add, biasAdd, multiply, relu, reluGradient, sgdStep, sumRows } from './elementwise';
export { softmaxCrossEntropy } from './loss';
export { denseDescend, denseForward, denseInputGradient } from './dense';
export {
  convolveImage, copyRows, filterGradientImage, maxPoolGradientImage, maxPoolImage, packFilters, packScatteredFilters,
  packTurnedFilters, scalePixels, scatterImage, spreadPixels,
} from './image';
export { winogradFilters, winogradGradient, winogradGradientImage, winogradImage } from './winograd';
