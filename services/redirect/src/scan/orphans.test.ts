import { expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { makeOrphans } from "./orphans.js";

test("ids are counted and handed over, each scan once", async () => {
  const seen = new Map<string, number>();
  const add = async (counts: ReadonlyMap<string, number>) => {
    for (const [id, scans] of counts) seen.set(id, (seen.get(id) ?? 0) + scans);
  };
  const orphans = makeOrphans({ add, intervalMs: 5 });
  for (let i = 0; i < 3; i++) orphans.note("MISPRINT");
  await until(() => seen.size > 0);
  orphans.note("MISPRINT");
  orphans.note("OTHER");
  await orphans.stop();
  expect(Object.fromEntries(seen)).toEqual({ MISPRINT: 4, OTHER: 1 });
});

test("a flood of random ids hides no misprint and is mostly forgotten", async () => {
  let handed = new Map<string, number>();
  const orphans = makeOrphans({
    add: async (counts) => {
      handed = new Map(counts);
    },
    intervalMs: 60_000,
  });
  for (let i = 0; i < 200_000; i++) {
    orphans.note(`RANDOM-${i}`);
    if (i % 50 === 0) orphans.note("MISPRINT");
  }
  await orphans.stop();
  expect(handed.size).toBeLessThanOrEqual(200);
  const [[first, scans] = ["", 0]] = handed;
  expect(first).toBe("MISPRINT");
  // At most one in a thousand of all is missing from a count.
  expect(scans).toBeGreaterThan(4_000 - 204);
  expect(scans).toBeLessThanOrEqual(4_000);
});

test("what could not be handed over is handed over later", async () => {
  const seen: [string, number][] = [];
  let isAway = true;
  const orphans = makeOrphans({
    add: async (counts) => {
      if (isAway) throw new Error("away");
      seen.push(...counts);
    },
    intervalMs: 5,
  });
  orphans.note("MISPRINT");
  orphans.note("MISPRINT");
  await new Promise((resolve) => setTimeout(resolve, 20));
  isAway = false;
  await until(() => seen.length > 0);
  await orphans.stop();
  expect(seen).toEqual([["MISPRINT", 2]]);
});
