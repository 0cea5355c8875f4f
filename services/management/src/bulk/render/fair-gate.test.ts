import { expect, test } from "@jest/globals";
import { makeFairGate } from "./fair-gate.js";

/** Work that ends when it is told to. */
function held() {
  let end = () => {};
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => promise, end };
}

test("workspaces take turns, however much each has to do", async () => {
  const gate = makeFairGate(1);
  const order: string[] = [];
  const first = held();
  const passes = [gate.pass("large", first.work)];
  for (const name of ["large", "large", "large", "small", "large"])
    passes.push(gate.pass(name, async () => void order.push(name)));
  first.end();
  await Promise.all(passes);
  expect(order).toEqual(["large", "small", "large", "large", "large"]);
});

test("no more pass at once than render bears, and a failure makes room", async () => {
  const gate = makeFairGate(4);
  let [inside, most] = [0, 0];
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise(setImmediate);
    inside -= 1;
    throw new Error("broken");
  };
  const ends = await Promise.allSettled(Array.from({ length: 20 }, () => gate.pass("a", work)));
  expect(ends.every(({ status }) => status === "rejected")).toBe(true);
  expect(most).toBe(4);
});

test("refusals halve the number, successes let it grow back, and one always passes", () => {
  const gate = makeFairGate(4);
  for (let n = 0; n < 10; n++) gate.report("was busy");
  expect(gate.limit()).toBe(1);
  for (let n = 0; n < 4; n++) gate.report("took it");
  expect(gate.limit()).toBe(2);
  for (let n = 0; n < 40; n++) gate.report("took it");
  expect(gate.limit()).toBe(4);
});
