// FedAdagrad: v <- v + D^2, so that steps only ever get smaller. Must not: hold anything but its rule for v; the rest is in adaptive.ts.

import { adaptiveRule } from './adaptive.ts';

export const fedadagrad = adaptiveRule(
  {
    name: 'fedadagrad',
    source: 'Reddi et al., ICLR 2021 (arXiv 2003.00295), Algorithm 2',
    describe: 'Adagrad at the server',
  },
  (second, square) => second + square,
  0,
);
