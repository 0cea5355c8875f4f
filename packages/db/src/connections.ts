// Connections of `pg` itself: for work that takes longer than a request may, or that needs one connection for itself.
import pg from "pg";

/** A pool that opens no connection before the first use. */
export function openPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(options);
  // A connection that breaks while idle is replaced at the next use; one in use tells its query.
  pool.on("error", () => {});
  return pool;
}

/** Lends a connection. After a failure nothing is known of it, so it is closed, which ends its transaction, too. */
export async function withClient<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // Between two statements a break has nobody else to tell; the next statement fails by it.
  const ignore = () => {};
  client.on("error", ignore);
  let failure: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    if (!failure) client.off("error", ignore);
    client.release(failure);
  }
}

/** Runs statements in one transaction, which is rolled back when one of them fails. */
export async function inTransaction<Result>(client: pg.ClientBase, work: () => Promise<Result>): Promise<Result> {
  await client.query("BEGIN");
  try {
    const result = await work();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    // A connection that broke has rolled back; the first error is the one to be told.
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
