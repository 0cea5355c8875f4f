// Charges: credits that are taken for something which is not written down yet. A charge is settled when its call or
// order is on disk, and returned when that failed; one whose process died in between is decided by asking what was
// written.
import type { Redis } from "ioredis";
import { chargesKey } from "../keys.js";

/** Holder of the charges of bulk orders: any process of management. */
export const ordersHolder = "orders";

/** Identity of a charge. */
export type Charge = {
  /** Of the call or order, a UUID. */
  id: string;
  /** The process that knows what became of it: the id of its spool and of its start, or `orders`. */
  holder: string;
};

/** A charge that is neither settled nor returned. */
export type OpenCharge = Charge & {
  workspaceId: string;
  /** `2026-11`, in UTC. */
  month: string;
  amount: number;
  /** When it was taken, in milliseconds since the epoch by the clock of Redis. */
  at: number;
};

/** Stored form of a charge; the script that takes it appends the time. */
export const chargeText = ({ holder, workspaceId, month, amount }: Omit<OpenCharge, "id" | "at">): string =>
  `${holder} ${workspaceId} ${month} ${amount}`;

/** KEYS: counter, charges. ARGV: amount, id of the charge. Returns 1 when it was open. */
const returnScript = `
if redis.call('HDEL', KEYS[2], ARGV[2]) == 0 then return 0 end
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
if used > 0 then redis.call('DECRBY', KEYS[1], math.min(used, tonumber(ARGV[1]))) end
return 1`;

/** Gives the credits of an open charge back, once however often it is called; false when it is not open any more. */
export async function returnCharge(
  redis: Redis,
  counter: string,
  charge: { id: string; amount: number },
): Promise<boolean> {
  return (await redis.eval(returnScript, 2, counter, chargesKey, charge.amount, charge.id)) === 1;
}

/** Notes that calls or orders are written down: their credits stay taken. */
export async function settleCharges(redis: Redis, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await redis.hdel(chargesKey, ...ids);
}

/** The open charges, and the time by the clock of Redis. */
export async function listOpenCharges(redis: Redis): Promise<{ charges: OpenCharge[]; now: number }> {
  const [[seconds, micros], fields] = await Promise.all([redis.time(), redis.hgetall(chargesKey)]);
  const charges = Object.entries(fields).flatMap(([id, text]) => {
    const [holder, workspaceId, month, amount, at] = text.split(" ");
    const charge = { id, holder, workspaceId, month, amount: Number(amount), at: Number(at) };
    return Number.isFinite(charge.amount) && Number.isFinite(charge.at) ? [charge as OpenCharge] : [];
  });
  return { charges, now: Number(seconds) * 1_000 + Number(micros) / 1_000 };
}

/** Of these charges the ids whose call or order is written down. Rejects when that cannot be known now. */
export type FindWritten = (charges: OpenCharge[]) => Promise<Set<string>>;

/** Conditions by which open charges are decided. */
export type DecideCharges = {
  redis: Redis;
  /** The counter of a charge's workspace and month. */
  counterOf: (charge: OpenCharge) => string;
  /** Charges that nobody else will decide. */
  isAbandoned: (charge: OpenCharge, now: number) => boolean;
  findWritten: FindWritten;
};

/**
 * Settles or returns what a dead process left behind; returns how many credits were given back. May run twice at once.
 */
export async function decideCharges({ redis, counterOf, isAbandoned, findWritten }: DecideCharges): Promise<number> {
  const { charges, now } = await listOpenCharges(redis);
  const abandoned = charges.filter((charge) => isAbandoned(charge, now));
  if (abandoned.length === 0) return 0;
  const written = await findWritten(abandoned);
  await settleCharges(redis, [...written]);
  let returned = 0;
  for (const charge of abandoned) {
    if (!written.has(charge.id) && (await returnCharge(redis, counterOf(charge), charge))) returned += charge.amount;
  }
  return returned;
}
