import { expect, test } from "@jest/globals";
import { until } from "./until.js";

test("it returns the first answer that is not false", async () => {
  let asked = 0;
  expect(await until(() => ++asked >= 3 && `asked ${asked}`)).toBe("asked 3");
});

test("an answer that throws is asked again", async () => {
  let asked = 0;
  const answer = () => {
    if (++asked < 3) throw new Error("not yet");
    return asked;
  };
  expect(await until(answer)).toBe(3);
});

test("when time is up it says what was awaited and what came last", async () => {
  await expect(until(() => null, { timeoutMs: 30, what: "the row" })).rejects.toThrow(/the row .* 30 ms: .*null/);
  const failing = until(() => Promise.reject(new Error("connection refused")), { timeoutMs: 30 });
  await expect(failing).rejects.toThrow(/connection refused/);
});

test("a question that never returns is given up", async () => {
  await expect(until(() => new Promise(() => {}), { timeoutMs: 30 })).rejects.toThrow(/did not return/);
});

test("when a question is cut off, what came before it is told, too", async () => {
  let asked = 0;
  const answer = () => (++asked < 3 ? asked > 5 : new Promise<boolean>(() => {}));
  await expect(until(answer, { timeoutMs: 100 })).rejects.toThrow(/last answer was false; then .* did not return/);
});
