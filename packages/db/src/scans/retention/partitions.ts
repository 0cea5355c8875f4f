// Scans and calls are partitioned by month, so that retention is DROP TABLE. A month's partition is made ahead of time.
import type { Db } from "../../client.js";

const partitionedTables = ["scans", "calls"] as const;

/** Months made ahead of now: a worker that was away for weeks loses nothing. */
const monthsAhead = 2;
/** Months behind now: late events of the past month still have a home. */
const monthsBehind = 1;

/** Creates the partitions around `now` that are missing; may run anywhere at any time, and twice at once. */
export async function ensurePartitions(db: Db, now: Date = new Date()): Promise<void> {
  for (let offset = -monthsBehind; offset <= monthsAhead; offset++) {
    const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1));
    const to = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1));
    for (const table of partitionedTables) await db.$transaction(createPartition(db, table, from, to));
  }
}

/** The statements for one partition; both names are built from our own constants and a date, never from input. */
function createPartition(db: Db, table: (typeof partitionedTables)[number], from: Date, to: Date) {
  const name = `${table}_${from.toISOString().slice(0, 7).replace("-", "_")}`;
  return [
    // Two creators at once would otherwise meet in the catalogue and one would fail.
    db.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(hashtext('qrfactory partitions'))`),
    db.$executeRawUnsafe(
      `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table}
       FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`,
    ),
  ];
}
