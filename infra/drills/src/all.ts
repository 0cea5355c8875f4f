// Every drill, in the order of the table.

import type { Drill } from "./drill.js";
import { diskFull } from "./redirect/disk-full.js";
import { flood } from "./redirect/flood.js";
import { redirectKilled } from "./redirect/killed.js";
import { limit } from "./redirect/limit.js";
import { newestCodes } from "./redirect/newest-codes.js";
import { regionCut } from "./redirect/region-cut.js";
import { regionFrozen } from "./redirect/region-frozen.js";
import { rollingRestarts } from "./redirect/rolling-restarts.js";
import { everythingDown } from "./stores/everything-down.js";
import { postgresFrozen } from "./stores/postgres-frozen.js";
import { replicaGone } from "./stores/replica.js";
import { sentinelFailover } from "./stores/sentinel-failover.js";
import { stateEmptied, stateFrozen, stateKilled } from "./stores/state-redis.js";

/** Drills in the order of the table; a run without names makes all of them. */
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
