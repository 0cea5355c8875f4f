// Makes the scheduled changes of codes when their moment has come, and tells the regions.
import type { Db } from "@qrfactory/db/client";
import type { DynamicCode } from "@qrfactory/db/codes/codes";
import { makeDueChange } from "@qrfactory/db/codes/scheduled-changes";

/** Changes made in one round; the rest waits for the next, so that a thousand at midnight hold up nothing else. */
const roundMax = 500;

/** Makes what is due and publishes it; a publication that fails is made up for by the publishing loop. */
export async function makeDueChanges(db: Db, publish: (rows: DynamicCode[]) => Promise<void>): Promise<void> {
  const rows: DynamicCode[] = [];
  for (let i = 0; i < roundMax; i++) {
    const made = await makeDueChange(db);
    if (made === null) break;
    if (made !== "refused") rows.push(made);
  }
  if (rows.length > 0) await publish(rows);
}
