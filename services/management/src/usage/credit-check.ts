// The nightly comparison of every counter of credits with the ledger, and the one of each minute that looks at what has
// just been taken in.

import { listMonthlyUsage, type MonthUsage } from "@qrfactory/db/calls/usage";
import type { Db } from "@qrfactory/db/client";
import { dayMs } from "@qrfactory/domain/duration";
import {
  type CreditComparison,
  compareCredits,
  lowerCredits,
  raiseCredits,
} from "@qrfactory/state/credits/credit-check";
import type { Redis } from "ioredis";

/** Counters asked for in one round trip. */
const batchSize = 500;

/** Stores that are compared, and the extent of repairs. */
export type CreditCheckOptions = {
  db: Db;
  redis: Redis;
  /** Sums of the ledger that changed since then. */
  since: Date;
  /** Raise counters that are below the ledger; default false. */
  repair?: boolean;
  /** Lower those above it as well: the operator's word that no call is on its way; default false. */
  isSettled?: boolean;
  /** Told of every counter that differs, as it was found. */
  onDifference?: (found: CreditComparison & { difference: number }) => void;
};

/** Numbers of one comparison. */
export type CreditReport = {
  /** Counters that were compared. */
  compared: number;
  /** Credits that counters lack, in all. */
  below: number;
  /** Credits that counters have beyond the ledger, in all: calls on their way among them. */
  above: number;
  repaired: number;
};

/** Compares counters with the ledger; throws when either store does not answer. May run twice at once. */
export async function checkCredits(options: CreditCheckOptions): Promise<CreditReport> {
  const { db, redis, since, repair = false, isSettled = false, onDifference } = options;
  const report: CreditReport = { compared: 0, below: 0, above: 0, repaired: 0 };
  let after: MonthUsage | null = null;
  for (;;) {
    const sums: MonthUsage[] = await listMonthlyUsage(db, { since, after, limit: batchSize });
    for (const found of await compareCredits(redis, sums)) {
      if (found.counter === null) continue;
      report.compared += 1;
      const difference = found.counter - found.renders;
      if (difference === 0) continue;
      report.below += Math.max(0, -difference);
      report.above += Math.max(0, difference);
      onDifference?.({ ...found, difference });
      const change = difference < 0 ? raiseCredits : lowerCredits;
      const mayChange = repair && (difference < 0 || isSettled);
      if (mayChange && (await change(redis, found))) report.repaired += 1;
    }
    if (sums.length < batchSize) return report;
    after = sums.at(-1) ?? null;
  }
}

/** Counters go a week after their month, so older sums have nothing to be compared with. */
const counterDaysMax = 31 + 7;

/** The moment since which sums may still have a counter. */
export const sinceLastMonth = (now = Date.now()) => new Date(now - counterDaysMax * dayMs);
