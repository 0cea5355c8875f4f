// The connection over which the worker makes summaries and checks what was counted: one statement at a time, each
// longer than a request may take.
import { openPool, withClient } from "../../connections.js";
import { type DayDifferences, reconcileCodes, reconcileDay } from "./reconcile.js";
import { listStaleSpans, makeSummaries, placeSummaries, type SummarySpan } from "./summaries.js";

/** Making and checking of summaries over one connection. */
export type SummaryStore = {
  /** Makes what summaries of a UTC hour, day or month are missing, once it is settled; returns how many. */
  summarise(span: SummarySpan, start: Date): Promise<number>;
  /** Makes those anew that scans came in for; returns how many. */
  summariseAgain(): Promise<number>;
  /** Compares what was counted on a UTC day with its rows, and repairs it. */
  reconcile(day: Date): Promise<DayDifferences>;
  /**
   * Compares the counts of codes with their hours, and repairs them; `today` is a UTC midnight. Returns how many
   * differed.
   */
  reconcileCodes(today: Date): Promise<number>;
  close(): Promise<void>;
};

/** A month of a workspace with a million scans takes some ten seconds. */
const queryTimeoutMs = 120_000;
/** No request waits for it. */
const connectTimeoutMs = 5_000;

/** Opens no connection before the first use. */
export function openSummaryStore(url: string, { name = "qrfactory-summaries" } = {}): SummaryStore {
  const pool = openPool({
    connectionString: url,
    application_name: name,
    max: 1,
    query_timeout: queryTimeoutMs,
    connectionTimeoutMillis: connectTimeoutMs,
    options: "-c work_mem=64MB -c jit=off",
  });

  return {
    summarise: (span, start) =>
      withClient(pool, async (client) => {
        await placeSummaries(client, span, start);
        return makeSummaries(client, span, start);
      }),
    summariseAgain: () =>
      withClient(pool, async (client) => {
        let made = 0;
        for (const { span, start } of await listStaleSpans(client)) made += await makeSummaries(client, span, start);
        return made;
      }),
    reconcile: (day) => withClient(pool, (client) => reconcileDay(client, day)),
    reconcileCodes: (today) => withClient(pool, (client) => reconcileCodes(client, today)),
    close: () => pool.end(),
  };
}
