// The rounds of publication: what was left undone is published within a second of Redis being back.
import type { Db } from "@qrfactory/db/client";
import type { Log } from "@qrfactory/runtime/log";
import type { Publisher } from "../publication/publisher.js";
import { makeDueChanges } from "./scheduled-changes.js";

/** Pause between two rounds; an edit whose own publication failed reaches the regions this much after Redis is back. */
const intervalMs = 1_000;

/**
 * Makes due changes and runs `publishPending` every second until stopped; failures are logged once per outage and tried
 * again.
 */
export function startPublishing({ db, publisher, log }: { db: Db; publisher: Publisher; log: Log }): {
  stop: () => Promise<void>;
} {
  let stopped = false;
  let failing = false;
  let wake = () => {};

  async function loop(): Promise<void> {
    while (!stopped) {
      try {
        await makeDueChanges(db, publisher.publishCodeRows);
        await publisher.publishPending();
        if (failing) log.info("publication works again");
        failing = false;
      } catch (error) {
        if (!failing) log.warn({ err: error }, "publication waits");
        failing = true;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, intervalMs);
      });
    }
  }

  const running = loop();
  return {
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
}
