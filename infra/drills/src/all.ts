// Every drill, in the order of the table.
import { diskFull } from "./disk-full.js";
import type { Drill } from "./drill.js";
import { everythingDown } from "./everything-down.js";
import { flood } from "./flood.js";
import { limit } from "./limit.js";
import { newestCodes } from "./newest-codes.js";
import { postgresFrozen } from "./postgres-frozen.js";
import { redirectKilled } from "./redirect-killed.js";
import { regionCut } from "./region-cut.js";
import { regionFrozen } from "./region-frozen.js";
import { replicaGone } from "./replica.js";
import { rollingRestarts } from "./rolling-restarts.js";
import { sentinelFailover } from "./sentinel-failover.js";
import { stateEmptied, stateFrozen, stateKilled } from "./state-redis.js";

export const drills: Drill[] = [
  ...[postgresFrozen, stateKilled, stateFrozen, stateEmptied, sentinelFailover],
  ...[
    replicaGone,
    regionCut,
    everythingDown,
    newestCodes,
    redirectKilled,
    diskFull,
    rollingRestarts,
    regionFrozen,
    flood,
    limit,
  ],
];
