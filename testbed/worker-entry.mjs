// Where every worker thread begins: Node 20 gives a thread no TypeScript loader, so tsx is registered first, then the
// module named in workerData.module is loaded. Must not: do anything else.

import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);
