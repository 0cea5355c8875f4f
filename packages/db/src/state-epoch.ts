// The epoch of the state Redis as PostgreSQL believes it: one row, which a Redis that lost something contradicts.
import type { Db } from "./client.js";

/** The state Redis that everything was last published to. */
export type BelievedEpoch = {
  /** Of the server process to which everything was published. */
  runId: string;
  /** Publications that it had counted. */
  publications: number;
};

/** The believed epoch; null before the first full publication. */
export async function findBelievedEpoch(db: Db): Promise<BelievedEpoch | null> {
  const row = await db.stateEpoch.findUnique({ where: { singleton: true } });
  return row && { runId: row.runId, publications: Number(row.publications) };
}

/**
 * Notes the epoch. Within one run the count never goes back: two workers may note it in another order than they asked.
 */
export async function recordEpoch(db: Db, { runId, publications }: BelievedEpoch): Promise<void> {
  await db.$executeRaw`
    INSERT INTO state_epoch AS e (run_id, publications) VALUES (${runId}, ${publications}::bigint)
    ON CONFLICT (singleton) DO UPDATE SET run_id = excluded.run_id, updated_at = now(), publications =
      CASE WHEN e.run_id = excluded.run_id THEN greatest(e.publications, excluded.publications)
           ELSE excluded.publications END`;
}
