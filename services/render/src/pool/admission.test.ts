import { expect, test } from "@jest/globals";
import { makeAdmission } from "./admission.js";

/** Drawings that end when told, also those that begin later, each claiming to have kept a thread busy for `spentMs`. */
function drawings() {
  let endAll = () => {};
  const ended = new Promise<void>((resolve) => {
    endAll = resolve;
  });
  const draw = (spentMs: number) => () => ended.then(() => ({ spentMs }));
  return { draw, endAll };
}

const large = { workspaceId: "one", kind: "styled", megapixels: 4 };
const huge = { workspaceId: "one", kind: "styled", megapixels: 36 };

test("an idle pool takes anything, however large", async () => {
  const admission = makeAdmission({ threads: 2, waitMsMax: 10 });
  const { draw, endAll } = drawings();
  const running = [admission.run(huge, draw(500)), admission.run(huge, draw(500))];
  endAll();
  await Promise.all(running);
  expect(admission.backlogMs()).toBe(0);
});

test("what would wait too long is refused at once with the time to come back", async () => {
  const admission = makeAdmission({ threads: 2, waitMsMax: 300 });
  const { draw, endAll } = drawings();
  // 4 megapixels at 15 ms each: 60 ms a drawing, so 300 ms are full after 10 or 11 on two threads.
  const outcomes = Array.from({ length: 50 }, () =>
    admission.run(large, draw(60)).then(
      () => "drawn",
      (error) => error,
    ),
  );
  endAll();
  const settled = await Promise.all(outcomes);
  const refused = settled.filter((outcome) => outcome !== "drawn");
  expect(settled.length - refused.length).toBe(11);
  for (const error of refused) expect(error).toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
  expect(admission.backlogMs()).toBe(0);
});

test("what drawings really cost is learned, for each kind by itself", async () => {
  const admission = makeAdmission({ threads: 1, waitMsMax: 300 });
  for (let i = 0; i < 40; i++) await admission.run(large, async () => ({ spentMs: 400 }));
  const { draw, endAll } = drawings();
  const first = admission.run(large, draw(400));
  expect(admission.backlogMs()).toBeGreaterThan(390);
  await expect(admission.run(large, draw(400))).rejects.toMatchObject({ code: "overloaded" });
  endAll();
  await first;
  const other = admission.run({ ...large, kind: "plain" }, draw(1));
  expect(admission.backlogMs()).toBe(60);
  endAll();
  await other;
});

test("a drawing that fails makes room like any other", async () => {
  const admission = makeAdmission({ threads: 1, waitMsMax: 0 });
  await expect(admission.run(large, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(admission.backlogMs()).toBe(0);
});

test("no more drawings run at once than there are threads, in the order in which they came", async () => {
  const admission = makeAdmission({ threads: 2, waitMsMax: 10_000 });
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = Array.from({ length: 5 }, (_, i) =>
    admission.run(large, () => {
      begun.push(i);
      return new Promise<{ spentMs: number }>((resolve) => ends.push(() => resolve({ spentMs: 1 })));
    }),
  );
  for (const expected of [
    [0, 1],
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
  ]) {
    await new Promise(setImmediate);
    expect(begun).toEqual(expected);
    ends.shift()?.();
  }
  ends.shift()?.();
  await Promise.all(all);
  expect(admission.backlogMs()).toBe(0);
});

test("whatever one workspace has waiting, another is let in and is next", async () => {
  const admission = makeAdmission({ threads: 1, waitMsMax: 150 });
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const run = (workspaceId: string) =>
    admission.run({ ...large, workspaceId }, () => {
      begun.push(workspaceId);
      return new Promise<{ spentMs: number }>((resolve) => ends.push(() => resolve({ spentMs: 60 })));
    });
  const all = [run("one"), run("one"), run("one")];
  await expect(run("one")).rejects.toMatchObject({ code: "overloaded" });
  all.push(run("other"));
  for (let i = 0; i < 4; i++) {
    await new Promise(setImmediate);
    ends.shift()?.();
  }
  await Promise.all(all);
  expect(begun).toEqual(["one", "other", "one", "one"]);
});

test("what one drawing claims to have cost raises predictions no further than the limit", async () => {
  const admission = makeAdmission({ threads: 1, msPerMegapixelMax: 20 });
  for (let i = 0; i < 100; i++) await admission.run(large, async () => ({ spentMs: 1e6 }));
  const { draw, endAll } = drawings();
  const last = admission.run(large, draw(1));
  expect(admission.backlogMs()).toBeLessThanOrEqual(80);
  endAll();
  await last;
});
