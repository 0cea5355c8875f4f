// The retry policy: 5xx and network failures only, one second doubled, at most three times, with full jitter, so that
// clients that failed together do not come back together.
import { AbortedError, type ApiError, ConnectionError, RateLimitError, ServerError } from "../errors.js";

/** Delay before the first retry, before jitter; doubled for each further one. */
const baseMs = 1_000;

/** More retries than this are not made, whatever is asked for. */
export const retriesMax = 3;

/** A server that asks for more patience than this is not asked again: the error says how long. */
const retryAfterSecondsMax = 60;

export type RetryEvent = {
  /** 1 for the first retry. */
  retry: number;
  delayMs: number;
  error: ApiError | ConnectionError;
  method: string;
  path: string;
};

export type RetryPolicy = {
  /** 0 to 3. */
  maxRetries: number;
  /** Whether 429 `rate_limited` is retried, too. A quota that is used up never is. */
  retryOnRateLimit: boolean;
  /** Uniform in [0, 1). */
  random: () => number;
};

/**
 * Whole milliseconds until the retry after `failures` failures in a row, at least one; null when there is none. The server's
 * `Retry-After` is waited for in full, and the jitter comes on top of it.
 */
export function retryDelayMs(error: unknown, failures: number, policy: RetryPolicy): number | null {
  if (failures > Math.min(policy.maxRetries, retriesMax) || !isRetried(error, policy)) return null;
  const asked = "retryAfterSeconds" in error ? (error.retryAfterSeconds ?? 0) : 0;
  if (asked > retryAfterSecondsMax) return null;
  return Math.ceil(asked * 1_000) + Math.floor(policy.random() * baseMs * 2 ** (failures - 1));
}

function isRetried(error: unknown, { retryOnRateLimit }: RetryPolicy): error is ApiError | ConnectionError {
  if (error instanceof ConnectionError || error instanceof ServerError) return true;
  return retryOnRateLimit && error instanceof RateLimitError && error.code !== "quota_exceeded";
}

/** Seconds of a `Retry-After`, a number or a date (RFC 9110, 10.2.3); null for none, and for what is neither. */
export function readRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, (at - nowMs) / 1_000);
}

/** Timers hold no longer time, and take one for none: some 25 days. */
const timerMsMax = 2 ** 31 - 1;

/** A time limit as a timer takes it: `Infinity` is none. */
export const asTimerMs = (ms: number): number => Math.min(ms, timerMsMax);

/** Waits; rejects with `AbortedError` as soon as the signal fires. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      reject(abortedBy(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", leave);
      resolve();
    }, ms);
    if (signal?.aborted) leave();
    else signal?.addEventListener("abort", leave, { once: true });
  });
}

/** The error for a signal that has fired. */
export const abortedBy = (signal: AbortSignal | undefined): AbortedError =>
  new AbortedError("The call was aborted.", { cause: signal?.reason });
