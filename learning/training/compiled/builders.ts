// The table of what can be compiled: one row for each kind of layer, one for each way in which branches come together.
// A model is compiled where every layer of it has a row. Must not: hold code of a kind; that is in the kind's own file.

import type { LayerPlan, MergePlan } from '../../models/plan.ts';
import { activateBuilder } from './activate-operator.ts';
import { mixBuilder, scoresBuilder } from './attention-halves-operators.ts';
import { attentionBuilder } from './attention-operator.ts';
import { batchnormBuilder } from './batchnorm-operator.ts';
import { convBuilder, linearConvBuilder } from './conv-operator.ts';
import { denseBuilder } from './dense-operator.ts';
import { depthwiseBuilder } from './depthwise-operator.ts';
import { embeddingBuilder } from './embedding-operator.ts';
import { addBuilder, concatBuilder } from './join-operators.ts';
import { layerNormBuilder } from './layer-norm-operator.ts';
import type { JoinBuilder, LayerBuilder } from './operator.ts';
import { poolBuilder } from './pool-operator.ts';
import { projectBuilder } from './project-operator.ts';
import { globalAverageBuilder, stridePoolBuilder } from './stride-pool-operator.ts';

/** Flattening moves nothing and merges are joins: neither needs a row. */
export const layerBuilders: { readonly [Kind in LayerPlan['kind']]?: LayerBuilder } = {
  conv: convBuilder,
  dense: denseBuilder,
  maxpool: poolBuilder,
  'linear-conv': linearConvBuilder,
  depthwise: depthwiseBuilder,
  batchnorm: batchnormBuilder,
  activate: activateBuilder,
  pool: stridePoolBuilder,
  globalaverage: globalAverageBuilder,
  embedding: embeddingBuilder,
  layernorm: layerNormBuilder,
  project: projectBuilder,
};

/** Scores and mix are the two halves of attention, for a cut between them. */
export const joinBuilders: { readonly [How in MergePlan['how'] | 'scores' | 'mix']?: JoinBuilder } = {
  add: addBuilder,
  concat: concatBuilder,
  attention: attentionBuilder,
  scores: scoresBuilder,
  mix: mixBuilder,
};
