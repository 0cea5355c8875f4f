// Credits while the state Redis is away: a workspace that was served a moment ago goes on, for a bounded time and a
// bounded number of credits, counted here and settled with the counter when Redis is back. Never beyond what the
// workspace is known to have left. A process that dies before it settles leaves its calls in the ledger, which the
// counter is compared with.
import { minuteMs } from "@qrfactory/domain/duration";
import { monthOf } from "@qrfactory/domain/plan/plans";
import type { CreditAccount, CreditDecision, Credits, TakeCredits } from "./credits.js";

/** Longer than a failover or a restart takes, shorter than an outage that should be noticed by being refused. */
const graceMsDefault = 5 * minuteMs;
/** Credits a workspace may owe to one process: some seconds of a busy customer, never a month's quota. */
const owedMaxDefault = 500;
/** How often debts are offered to Redis. */
const settleEveryMs = 1_000;
/** Workspaces remembered; beyond it the one served longest ago goes, unless it owes something. */
const accountsMax = 10_000;

/** Counter behind a grace, and the bounds of the grace. */
export type GraceOptions = {
  credits: Credits;
  graceMs?: number;
  owedMax?: number;
  now?: () => number;
};

/** Counters of credits that outlast an outage of Redis. */
export type GraceCredits = Credits & {
  /** Credits given on trust that Redis does not know of yet. */
  owed(): number;
  /** Settles what can be settled and stops; the remaining debt stays in the ledger alone. */
  close(): Promise<void>;
};

/** Redis's last answer on a workspace's month, and the credits given since without it. */
type Account = { at: Date; used: number; remaining: number; owed: number; isSettling: boolean };

/** A charge that was lent: the counter may know of it by a try whose reply was lost, and must not in the end. */
type Lent = { account: CreditAccount; amount: number };

/** The same credits, with a grace. Beyond it `takeCredits` throws what it would have thrown at once: `unavailable`. */
export function withGrace(options: GraceOptions): GraceCredits {
  const { credits, graceMs = graceMsDefault, owedMax = owedMaxDefault, now = Date.now } = options;
  const accounts = new Map<string, Account>();
  /** Charges given on trust that are neither settled nor given back. */
  const lent = new Map<string, Lent>();
  /** Those that are: what the counter may know of them is taken out of it again. */
  const cancelled = new Map<string, Lent>();
  let awaySince: number | null = null;

  function remember({ workspaceId, at }: TakeCredits, { used, remaining }: CreditDecision): void {
    const key = keyOf({ workspaceId, month: monthOf(at) });
    const account = accounts.get(key) ?? { at, used, remaining, owed: 0, isSettling: false };
    accounts.delete(key);
    accounts.set(key, Object.assign(account, { at, used, remaining }));
    const [oldest] = accounts;
    if (accounts.size > accountsMax && oldest?.[1].owed === 0) accounts.delete(oldest[0]);
    if (account.owed > 0) void settle(key, account);
  }

  /** A credit on trust, or null when trust has run out. */
  function lend({ workspaceId, at, amount, charge }: TakeCredits): CreditDecision | null {
    const payer = { workspaceId, month: monthOf(at) };
    const account = accounts.get(keyOf(payer));
    awaySince ??= now();
    if (!account || now() - awaySince > graceMs) return null;
    if (account.owed + amount > Math.min(account.remaining, owedMax)) return null;
    account.owed += amount;
    if (charge) lent.set(charge.id, { account: payer, amount });
    return { taken: true, used: account.used + account.owed, remaining: account.remaining - account.owed };
  }

  /** Offers a debt to the counter; a part that cannot be settled now is offered again. */
  async function settle(key: string, account: Account): Promise<void> {
    const { owed: amount, at, isSettling } = account;
    if (amount === 0 || isSettling) return;
    account.isSettling = true;
    const [workspaceId] = key.split(" ") as [string];
    const quota = Number.POSITIVE_INFINITY;
    await credits.takeCredits({ workspaceId, at, quota, amount }).then(
      () => {
        account.owed -= amount;
      },
      () => {},
    );
    account.isSettling = false;
  }
  /** A charge on trust has come to its end; returns whether it was one. */
  function endLent(chargeId: string): boolean {
    const loan = lent.get(chargeId);
    if (!loan) return false;
    lent.delete(chargeId);
    cancelled.set(chargeId, loan);
    return true;
  }

  async function cancel(chargeId: string, { account, amount }: Lent): Promise<void> {
    await credits.giveBackCredits(account, amount, chargeId).then(
      () => cancelled.delete(chargeId),
      () => {},
    );
  }
  const settleAll = () =>
    Promise.all([
      ...[...accounts].map(([key, account]) => settle(key, account)),
      ...[...cancelled].map(([chargeId, loan]) => cancel(chargeId, loan)),
    ]);
  const settling = setInterval(settleAll, settleEveryMs).unref();

  return {
    async takeCredits(request) {
      try {
        const decision = await credits.takeCredits(request);
        awaySince = null;
        remember(request, decision);
        return decision;
      } catch (error) {
        const lent = lend(request);
        if (lent) return lent;
        throw error;
      }
    },
    async giveBackCredits(account, amount, chargeId) {
      if (chargeId && !endLent(chargeId)) return credits.giveBackCredits(account, amount, chargeId);
      const known = accounts.get(keyOf(account));
      // A debt that is being settled may be in the counter already.
      if (known && !known.isSettling && known.owed >= amount) known.owed -= amount;
      else await credits.giveBackCredits(account, amount);
    },
    settle(chargeId) {
      if (!endLent(chargeId)) credits.settle(chargeId);
    },
    readCredits: credits.readCredits,
    owed: () => [...accounts.values()].reduce((sum, account) => sum + account.owed, 0),
    async close() {
      clearInterval(settling);
      await settleAll();
      await credits.close();
    },
  };
}

function keyOf({ workspaceId, month }: CreditAccount): string {
  return `${workspaceId} ${month}`;
}
