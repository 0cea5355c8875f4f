// The queue of bulk orders: a doorbell. The work itself stands in Postgres, so a ring that is lost costs a second.
import type { Log } from "@qrfactory/runtime/log";
import { queueNames, queuePrefix } from "@qrfactory/runtime/redis-keys";
import { type ConnectionOptions, Queue } from "bullmq";

/** How long a request waits for a ring to be heard: BullMQ by itself waits for as long as Redis is away. */
const ringMsMax = 300;

/** Rings for the workers when an order has come. */
export type Bell = { ring: (jobId: string) => Promise<void>; close: () => Promise<void> };

/** Makes the bell; ringing never fails and never takes long. */
export function makeBell(connection: ConnectionOptions, log: Log): Bell {
  const queue = new Queue(queueNames.bulk, { connection, prefix: queuePrefix });
  queue.on("error", (err) => log.debug({ err }, "bulk bell"));
  return {
    async ring(jobId) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ringMsMax);
      });
      const rung = queue.add("ring", {}, { jobId, removeOnComplete: true, removeOnFail: true });
      await Promise.race([rung.catch((err: unknown) => log.debug({ err }, "nobody heard the bulk bell")), late]);
      clearTimeout(timer);
    },
    close: () => queue.close(),
  };
}
