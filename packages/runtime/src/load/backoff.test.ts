import { expect, test } from "@jest/globals";
import { backOff, backoffCeilingMs, backoffMs } from "@qrfactory/runtime/load/backoff";

const backoff = { minMs: 50, maxMs: 1_000 };

test("pauses double up to the longest one, however many failures there were", () => {
  expect([1, 2, 3, 5, 6, 2_000].map((failures) => backoffCeilingMs(failures, backoff))).toEqual([
    50, 100, 200, 800, 1_000, 1_000,
  ]);
});

test("each pause lies between half of the longest one and all of it, and they differ", () => {
  const pauses = Array.from({ length: 200 }, () => backoffMs(3, backoff));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(100);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(200);
  expect(new Set(pauses).size).toBeGreaterThan(100);
});

test("a signal ends the wait at once", async () => {
  await backOff(1, { minMs: 3_600_000, maxMs: 3_600_000 }, AbortSignal.timeout(5));
});
