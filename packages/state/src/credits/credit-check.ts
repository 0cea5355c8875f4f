// Counters of credits beside the ledger. A counter is never rightly below it: each call took its credit before it was
// written down, so a counter that is below was rebuilt while calls were still on their way, and is raised. One that is
// above may be so for good reason, a call that is on its way, and for a bad one, a credit that could not be given back.
import type { Redis } from "ioredis";
import { type CreditAccount, counterKey } from "./credits.js";

/** Renders of a workspace's month by the ledger. */
export type LedgerSum = CreditAccount & { renders: number };

/** `counter` is null where there is none: the ledger seeds it when it is needed. */
export type CreditComparison = LedgerSum & { counter: number | null };

/** The counters of some sums, read after them: calls that are taken in meanwhile make no counter look too low. */
export async function compareCredits(redis: Redis, sums: LedgerSum[]): Promise<CreditComparison[]> {
  if (sums.length === 0) return [];
  const counters = await redis.mget(sums.map(counterKey));
  return sums.map((sum, at) => ({ ...sum, counter: counters[at] == null ? null : Number(counters[at]) }));
}

/** KEYS: counter. ARGV: what the ledger says. An absent counter stays absent; its expiry stays as it is. */
const raiseScript = `
local used = tonumber(redis.call('GET', KEYS[1]))
if not used or used >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
return 1`;

/** Raises a counter to what the ledger says; true when it was below. May be repeated, and overtaken by newer sums. */
export async function raiseCredits(redis: Redis, sum: LedgerSum): Promise<boolean> {
  return (await redis.eval(raiseScript, 1, counterKey(sum), sum.renders)) === 1;
}

/** KEYS: counter. ARGV: what it was seen to be, what the ledger says. */
const lowerScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1`;

/**
 * Lowers a counter to what the ledger says, unless it has moved since it was seen. Only for who knows that every call
 * of every spool is in the ledger: what is still on its way would be given away.
 */
export async function lowerCredits(redis: Redis, { counter, ...sum }: CreditComparison): Promise<boolean> {
  return (await redis.eval(lowerScript, 1, counterKey(sum), String(counter), sum.renders)) === 1;
}
