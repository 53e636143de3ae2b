// Everything the kernel module exports. Built by ../build.mjs into ../kernels.generated.ts; all pointers are byte
// addresses in the memory this module imports: the tfjs wasm backend's, or the arena of a compiled step.
// Must not: hold data of its own. A data segment would overwrite the backend's memory.

export { gemm, gemmScratch } from './gemm';
export { convFilterGradient, convForward, convInputGradient } from './conv';
export { maxPool, maxPoolGradient } from './pool';
export { add, biasAdd, multiply, pullGradient, relu, reluGradient, sgdStep, sumRows } from './elementwise';
export { softmaxCrossEntropy } from './loss';
export { turn, unitsDescend, unitsForward, unitsInputGradient, unitsWork } from './units';
export {
  convolveImages, copyRows, filterGradientImages, maxPoolGradientImage, maxPoolImage, packFilters,
  packScatteredFilters, packTurnedFilters, scalePixels, scatterImages, spreadPixels,
} from './image';
export { pooledFilterGradient, pooledInputGradient } from './pooled';
export { winogradFilters, winogradGradient, winogradGradientImages, winogradImages } from './winograd';
export { normApply, normGradientImage, normImage, normInputGradient, normStatistics } from './norm';
export { clear, depthwiseGradientImage, depthwiseImage, repeatChannels, sumChannels, turnTaps } from './depthwise';
export { resizeBilinearGradient, resizeNearestGradient, segmentSum } from './resize';
export { rectifyGradientRows, rectifyRows, stridePool, stridePoolGradient } from './stride-pool';
export { multiply as multiplyRows, multiplyWork } from './matrix';
export { gelu, geluGradient, silu, siluGradient } from './activation';
export { layerNorm, layerNormGradient } from './layer-norm';
export { embed, embedGradient } from './embedding';
export { attention, attentionBytes, attentionGradient, attentionWork } from './attention';
export { attentionMix, attentionMixGradient, attentionScores, attentionScoresGradient } from './attention-halves';
export { adamStep } from './adam';
