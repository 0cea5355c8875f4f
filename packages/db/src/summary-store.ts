// The connection over which the worker makes summaries and checks what was counted: one statement at a time, each longer
// than a request may take.
import pg from "pg";
import { type DayDifferences, reconcileDay } from "./reconcile.js";
import { listStaleSpans, makeSummaries, placeSummaries, type SummarySpan } from "./scan-summaries.js";

export type SummaryStore = {
  /** Makes what summaries of a UTC day or month are missing, once it is settled; returns how many. */
  summarise(span: SummarySpan, start: Date): Promise<number>;
  /** Makes those anew that scans came in for; returns how many. */
  summariseAgain(): Promise<number>;
  /** Compares what was counted on a UTC day with its rows, and repairs it. */
  reconcile(day: Date): Promise<DayDifferences>;
  close(): Promise<void>;
};

/** A month of a workspace with a million scans takes some ten seconds. */
const queryTimeoutMs = 120_000;
const connectTimeoutMs = 900;

/** Opens no connection before the first use. */
export function openSummaryStore(url: string, { name = "qrfactory-summaries" } = {}): SummaryStore {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max: 1,
    query_timeout: queryTimeoutMs,
    connectionTimeoutMillis: connectTimeoutMs,
    options: "-c work_mem=64MB -c jit=off",
  });
  // A connection that breaks while idle is replaced at the next use; one in use tells its query.
  pool.on("error", () => {});

  async function using<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await pool.connect();
    let failure: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      client.release(failure);
    }
  }

  return {
    summarise: (span, start) =>
      using(async (client) => {
        await placeSummaries(client, span, start);
        return makeSummaries(client, span, start);
      }),
    summariseAgain: () =>
      using(async (client) => {
        let made = 0;
        for (const { span, start } of await listStaleSpans(client)) made += await makeSummaries(client, span, start);
        return made;
      }),
    reconcile: (day) => using((client) => reconcileDay(client, day)),
    close: () => pool.end(),
  };
}
