// Charges that a process with this spool left open when it died: an image that was written down stays charged, one that
// was not is given back. Asked once after a start, again and again until both stores answer.
import { randomUUID } from "node:crypto";
import { findWrittenCalls } from "@qrfactory/db/calls/calls";
import type { Db } from "@qrfactory/db/client";
import type { Log } from "@qrfactory/runtime/log";
import type { Spool } from "@qrfactory/spool/spool";
import { decideCharges } from "@qrfactory/state/credits/charges";
import { counterKey } from "@qrfactory/state/credits/credits";
import type { Redis } from "ioredis";

const retryMs = 500;
/** Read at once: a few hundred kilobytes. */
const recordsAtOnce = 1_000;
const bytesAtOnce = 256 * 1024;

/** Tells the charges of this process from those of the dead ones before it, which had the same spool. */
const start = randomUUID();

/** Names this process, by its spool, as the holder of charges. */
export const chargeHolder = (spool: Pick<Spool, "id">): string => `${spool.id}:${start}`;

/** Stores that decide about charges left open. */
export type LeftChargesOptions = { redis: Redis; db: Db; spool: Spool; log: Log };

/** Starts deciding in the background; `stop` gives up. */
export function decideLeftCharges({ redis, db, spool, log }: LeftChargesOptions): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;

  async function decide(): Promise<void> {
    try {
      const returned = await decideCharges({
        redis,
        counterOf: counterKey,
        // The spool belongs to one process at a time: whoever else had it is dead.
        isAbandoned: ({ holder }) => holder.startsWith(spool.id) && holder !== chargeHolder(spool),
        findWritten: async (charges) => {
          const inSpool = await findInSpool(spool, new Set(charges.map(({ id }) => id)));
          const others = charges.filter(({ id }) => !inSpool.has(id));
          return new Set([...inSpool, ...(await findWrittenCalls(db, others))]);
        },
      });
      if (returned > 0) log.warn({ credits: returned }, "credits of images that were never delivered are given back");
    } catch {
      timer = setTimeout(() => void decide(), retryMs).unref();
    }
  }
  void decide();
  return { stop: () => clearTimeout(timer) };
}

/** Of these ids those whose record is in the spool, not yet committed or not yet forgotten. */
async function findInSpool(spool: Spool, ids: ReadonlySet<string>): Promise<Set<string>> {
  const found = new Set<string>();
  for (let from = spool.stats().firstSequence; ; ) {
    const read = await spool.read(from, recordsAtOnce, bytesAtOnce);
    if (!read) return found;
    const text = read.lines.toString();
    for (const id of ids) if (text.includes(id)) found.add(id);
    from = read.firstSequence + read.count;
    if (read.count === 0) return found;
  }
}
