import { expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { makeInTurns } from "@qrfactory/runtime/load/in-turns";

test("a heap of work is done in order, a little in each turn, and other work goes on between", async () => {
  const inTurns = makeInTurns(3);
  const done: number[] = [];
  const seen: number[] = [];
  const look = () => {
    seen.push(done.length);
    if (done.length < 11) setImmediate(look);
  };
  for (let n = 0; n < 10; n++) inTurns(() => void done.push(n));
  // Work that is found on the way comes last.
  inTurns(() => inTurns(() => void done.push(10)));
  setImmediate(look);
  await until(() => done.length === 11);
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(seen.every((count, index) => count - (seen[index - 1] ?? 0) <= 3)).toBe(true);
});
