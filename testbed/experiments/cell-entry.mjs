// Where a process for cells begins: Node 20 gives it no TypeScript loader, so tsx is registered first.
// Must not: do anything else.

import { register } from 'tsx/esm/api';

register();
await import('./cell-child.ts');
