// FedYogi: v <- v - (1 - beta2) D^2 sign(v - D^2), which moves v by small steps only. Must not: hold anything but its rule for v; the rest is in adaptive.ts.

import { adaptiveRule } from './adaptive.ts';

export const fedyogi = adaptiveRule(
  {
    name: 'fedyogi',
    source: 'Reddi et al., ICLR 2021 (arXiv 2003.00295), Algorithm 2',
    describe: 'Yogi at the server',
  },
  (second, square, decay) => second - (1 - decay) * square * Math.sign(second - square),
);
