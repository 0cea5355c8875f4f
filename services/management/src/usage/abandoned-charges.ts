// Charges whose process died before their call or order was written down, or before it could say so: decided by the
// ledger.

import { findOrders } from "@qrfactory/db/bulk/jobs";
import { findWrittenCalls } from "@qrfactory/db/calls/calls";
import type { Db } from "@qrfactory/db/client";
import { minuteMs } from "@qrfactory/domain/duration";
import { decideCharges, type OpenCharge, ordersHolder } from "@qrfactory/state/credits/charges";
import { counterKey } from "@qrfactory/state/credits/credits";
import type { Redis } from "ioredis";

/** The transaction of an order is over long before, one way or the other. */
const orderMsMax = 20_000;
/** A render process that comes back decides its own charges; a call that waited in its spool for longer is rare. */
const callMsMax = 10 * minuteMs;

const isOrder = ({ holder }: OpenCharge) => holder === ordersHolder;

/**
 * Settles or returns such charges, and returns how many credits were given back; throws when a store does not answer.
 */
export function decideAbandonedCharges({ db, redis }: { db: Db; redis: Redis }): Promise<number> {
  return decideCharges({
    redis,
    counterOf: counterKey,
    isAbandoned: (charge, now) => now - charge.at > (isOrder(charge) ? orderMsMax : callMsMax),
    findWritten: async (charges) => {
      const orders = charges.filter(isOrder).map(({ id }) => id);
      const calls = charges.filter((charge) => !isOrder(charge));
      return new Set([...(await findOrders(db, orders)), ...(await findWrittenCalls(db, calls))]);
    },
  });
}
