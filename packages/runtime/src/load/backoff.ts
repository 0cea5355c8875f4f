// Exponential backoff with jitter, so that many processes which lost the same store do not come back in step.
import { setTimeout as pause } from "node:timers/promises";

/** Bounds of the pauses in milliseconds. */
export type Backoff = { minMs: number; maxMs: number };

/** The longest pause after so many failures in a row (1 = the first): `minMs`, doubled with each further one. */
export function backoffCeilingMs(failures: number, { minMs, maxMs }: Backoff): number {
  return Math.min(maxMs, minMs * 2 ** (failures - 1));
}

/** The pause after so many failures in a row: anywhere between half of the longest one and all of it. */
export function backoffMs(failures: number, backoff: Backoff): number {
  return backoffCeilingMs(failures, backoff) * (0.5 + Math.random() / 2);
}

/** Waits for `backoffMs`; a signal ends the wait, which never rejects. */
export async function backOff(failures: number, backoff: Backoff, signal?: AbortSignal): Promise<void> {
  await pause(backoffMs(failures, backoff), undefined, { signal }).catch(() => {});
}
