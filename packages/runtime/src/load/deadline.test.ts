import { expect, test } from "@jest/globals";
import { withDeadline } from "@qrfactory/runtime/load/deadline";

const never = new Promise<string>(() => {});

test("what comes in time is the result, a failure included", async () => {
  expect(await withDeadline(Promise.resolve("here"), 10_000, () => "late")).toBe("here");
  await expect(withDeadline(Promise.reject(new Error("broken")), 10_000, () => "late")).rejects.toThrow("broken");
});

test("what does not come is replaced, by a value or by an error", async () => {
  expect(await withDeadline(never, 5, () => "late")).toBe("late");
  await expect(
    withDeadline(never, 5, () => {
      throw new Error("no answer in time");
    }),
  ).rejects.toThrow("no answer in time");
});

test("a failure after the deadline ends nothing", async () => {
  const failing = new Promise<string>((_, reject) => setTimeout(() => reject(new Error("too late to matter")), 20));
  expect(await withDeadline(failing, 5, () => "late")).toBe("late");
  await new Promise((resolve) => setTimeout(resolve, 40));
});
