// FedAdam: v <- beta2 v + (1 - beta2) D^2. Must not: hold anything but its rule for v; the rest is in adaptive.ts.

import { adaptiveRule } from './adaptive.ts';

export const fedadam = adaptiveRule(
  {
    name: 'fedadam',
    source: 'Reddi et al., ICLR 2021 (arXiv 2003.00295), Algorithm 2',
    describe: 'Adam at the server',
  },
  (second, square, decay) => decay * second + (1 - decay) * square,
);
