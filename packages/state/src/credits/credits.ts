// Credits of a workspace in a calendar month: one counter in the state Redis, changed only by the scripts below, so
// that any number of processes take exactly what there is. The ledger of delivered calls in Postgres seeds a counter
// that is absent, because the month is new or because Redis lost it.
import { dayMs, hourMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";
import { monthOf, nextMonthStart } from "@qrfactory/domain/plan/plans";
import { stateKeys } from "@qrfactory/runtime/redis-keys";
import type { Redis } from "ioredis";
import { chargesKey } from "../keys.js";
import { type Charge, chargeText, returnCharge, settleCharges } from "./charges.js";

/** A counter outlives its month by this much: late give-backs and the nightly comparison with the ledger need it. */
const keptAfterMonthMs = 7 * dayMs;

/**
 * In the last part of a month each take opens the counter of the next one: nothing can have been taken from it yet, and
 * who calls at midnight should not need the ledger.
 */
const opensBeforeMonthMs = hourMs;

/** Time for the way back from Redis: a command that runs later than this before its deadline does nothing. */
const replyMarginMs = 50;

/** Deadline of a command on a connection that has none of its own. */
const commandTimeoutMsDefault = 250;

/** One try may teach that a seed is needed; a server that paused for a moment is asked again, too. */
const attemptsMax = 3;

/** How long settled charges wait for others, and how long while Redis is away. */
const settleMs = 50;
const settleRetryMs = 1_000;
const settledAtOnce = 1_000;
/** Of an outage that outlives so many calls the ledger knows; the worker asks it. */
const settledMax = 100_000;

/** How ioredis says that no reply came in time. */
const isTimeout = (error: Error) => error.message === "Command timed out";

/**
 * KEYS: counter, charges, and the counter to be opened if any. ARGV: amount, quota (-1 = unlimited), seed (-1 = not
 * known), expiry and deadline (both server clock in milliseconds), expiry of the counter to be opened, id of the charge
 * (empty = none) and its text. Returns { outcome, used, server clock }. A charge that is open already was taken by a
 * try whose reply was lost. The deadline is what keeps a frozen server honest: a command that its sender has given up
 * on takes nothing when the server thaws.
 */
const takeScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local amount, quota, seed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local deadline = tonumber(ARGV[5])
if now > deadline then return { 'late', 0, now } end
local used = tonumber(redis.call('GET', KEYS[1]) or seed)
if used < 0 then return { 'absent', 0, now } end
if ARGV[7] ~= '' and redis.call('HEXISTS', KEYS[2], ARGV[7]) == 1 then return { 'taken', used, now } end
local refused = quota >= 0 and used + amount > quota
if not refused then used = used + amount end
redis.call('SET', KEYS[1], string.format('%.0f', used), 'PXAT', ARGV[4])
if ARGV[7] ~= '' and not refused then redis.call('HSET', KEYS[2], ARGV[7], ARGV[8] .. ' ' .. string.format('%.0f', now)) end
if KEYS[3] then redis.call('SET', KEYS[3], 0, 'NX', 'PXAT', ARGV[6]) end
return { refused and 'refused' or 'taken', used, now }`;

/** KEYS: counter. ARGV: amount. An absent counter stays absent: its seed will not contain what was never delivered. */
const giveBackScript = `
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
if used > 0 then redis.call('DECRBY', KEYS[1], math.min(used, tonumber(ARGV[1]))) end
return used`;

/** The paying workspace, and its month. */
export type CreditAccount = {
  workspaceId: string;
  /** `2026-11`, in UTC. */
  month: string;
};

/** A wish for credits. */
export type TakeCredits = {
  workspaceId: string;
  /** Decides the month that pays. */
  at: Date;
  /** Credits a month; `Infinity` counts without a limit. */
  quota: number;
  amount: number;
  /** Id of the charge: it is to be settled or given back. Without it a process that dies keeps the credits. */
  charge?: Charge;
};

/** The decision, and the state after it; `remaining` is `Infinity` without a limit. */
export type CreditDecision = { taken: boolean; used: number; remaining: number };

/** Counters of credits. */
export type Credits = {
  /** Takes all of `amount` or nothing. Throws `unavailable` when it cannot be known whether there is enough. */
  takeCredits(request: TakeCredits): Promise<CreditDecision>;
  /**
   * Returns what was taken for something that was not delivered; with the id of a charge, once however often it is
   * called. Rejects when Redis is away.
   */
  giveBackCredits(account: CreditAccount, amount: number, chargeId?: string): Promise<void>;
  /** Settles a charge whose call is written down. Redis is told soon, together with others. */
  settle(chargeId: string): void;
  /** Credits used so far in a month; asks the ledger when there is no counter. Rejects when neither answers. */
  readCredits(account: CreditAccount): Promise<number>;
  /** Tells Redis what it was not told yet. */
  close(): Promise<void>;
};

/** Stores of the counters and of the ledger. */
export type CreditsOptions = {
  /** The state Redis. */
  redis: Redis;
  /** Credits that the ledger knows to be used by a workspace in a month. */
  loadUsed: (workspaceId: string, month: string) => Promise<number>;
};

/** The counters behind one Redis connection. */
export function makeCredits({ redis, loadUsed }: CreditsOptions): Credits {
  const timeoutMs = redis.options.commandTimeout ?? commandTimeoutMsDefault;
  const loading = new Map<string, Promise<number>>();
  const settled = new Set<string>();
  let flushing: NodeJS.Timeout | undefined;
  /** Server clock minus ours in milliseconds, at least; replies that came late only make it smaller than it is. */
  let clockOffsetMs: number | null = null;

  /** The ledger's figure, asked once for all callers that wait for it now. */
  function seedOf(workspaceId: string, month: string): Promise<number> {
    const key = counterKey({ workspaceId, month });
    const running = loading.get(key);
    if (running) return running;
    const load = loadUsed(workspaceId, month).finally(() => loading.delete(key));
    loading.set(key, load);
    return load;
  }

  /**
   * Settles in one command what came together. Charges that Redis does not hear of now it hears of later, or they are
   * decided by what is written.
   */
  async function flush(): Promise<void> {
    clearTimeout(flushing);
    flushing = undefined;
    const ids = [...settled].slice(0, settledAtOnce);
    if (ids.length === 0) return;
    const isTold = await settleCharges(redis, ids).then(
      () => true,
      () => false,
    );
    if (isTold) for (const id of ids) settled.delete(id);
    if (settled.size > settledMax) settled.clear();
    if (settled.size > 0) flushing ??= setTimeout(() => void flush(), isTold ? 0 : settleRetryMs).unref();
  }

  /** Of a reply that has just come. */
  const learnClock = (serverMs: number): number => {
    clockOffsetMs = Math.max(clockOffsetMs ?? Number.NEGATIVE_INFINITY, serverMs - performance.now());
    return clockOffsetMs;
  };

  async function askClock(): Promise<number> {
    const [seconds, micros] = (await redis.time()).map(Number) as [number, number];
    return learnClock(seconds * 1_000 + micros / 1_000);
  }

  async function attempt(request: TakeCredits, seed: number): Promise<[outcome: string, used: number]> {
    const { workspaceId, at, quota, amount, charge } = request;
    const offset = clockOffsetMs ?? (await askClock());
    const deadline = performance.now() + offset + timeoutMs - replyMarginMs;
    const next = nextMonthStart(at);
    const months = next.getTime() - at.getTime() < opensBeforeMonthMs ? [at, next] : [at];
    const [counter = "", ...others] = months.map((of) => counterKey({ workspaceId, month: monthOf(of) }));
    const [outcome, used, serverMs] = (await redis.eval(
      takeScript,
      months.length + 1,
      ...[counter, chargesKey, ...others],
      amount,
      Number.isFinite(quota) ? quota : -1,
      seed,
      expiryOf(at),
      Math.ceil(deadline),
      expiryOf(next),
      charge?.id ?? "",
      charge ? chargeText({ ...charge, workspaceId, month: monthOf(at), amount }) : "",
    )) as [string, number, number];
    learnClock(serverMs);
    return [outcome, used];
  }

  async function decide(request: TakeCredits): Promise<CreditDecision> {
    let seed = -1;
    for (let tries = 1; tries <= attemptsMax; tries++) {
      const [outcome, used] = await attempt(request, seed).catch((error: Error) => {
        if (tries < attemptsMax && isTimeout(error)) return ["late", 0] as const;
        throw error;
      });
      if (outcome === "taken" || outcome === "refused") {
        return { taken: outcome === "taken", used, remaining: Math.max(0, request.quota - used) };
      }
      // "late" needs no more than another try: the reply, if any, has told the server's clock.
      if (outcome === "absent") seed = await seedOf(request.workspaceId, monthOf(request.at));
    }
    throw new Error("the counter could not be read in time");
  }

  return {
    takeCredits: (request) =>
      decide(request).catch((cause: unknown) => {
        throw new ApiError("unavailable", "Credits cannot be counted right now. Nothing was charged; try again.", {
          cause,
        });
      }),

    async giveBackCredits(account, amount, chargeId) {
      const counter = counterKey(account);
      if (chargeId) await returnCharge(redis, counter, { id: chargeId, amount });
      else await redis.eval(giveBackScript, 1, counter, amount);
    },

    settle(chargeId) {
      settled.add(chargeId);
      flushing ??= setTimeout(() => void flush(), settleMs).unref();
    },

    async readCredits(account) {
      const used = await redis.get(counterKey(account));
      return used === null ? seedOf(account.workspaceId, account.month) : Number(used);
    },

    close: flush,
  };
}

/** When the counter of the month of `at` goes, in milliseconds since 1970. */
const expiryOf = (at: Date) => nextMonthStart(at).getTime() + keptAfterMonthMs;

/** The counter of a workspace and month. */
export function counterKey({ workspaceId, month }: CreditAccount): string {
  return stateKeys.credits.of(workspaceId, month);
}
