import { expect, test } from "@jest/globals";
import { makeShortMemory } from "@qrfactory/auth/short-memory";

/** A store that answers what it is told, or fails, or stays silent until told. */
function makeStore() {
  const store = {
    value: "first",
    loads: 0,
    isAway: false,
    isSilent: false,
    release: () => {},
    async load() {
      store.loads += 1;
      if (store.isSilent) await new Promise<void>((resolve) => (store.release = resolve));
      if (store.isAway) throw new Error("away");
      return store.value;
    },
  };
  return store;
}

test("an answer is shared by all who ask within a second, then asked for again", async () => {
  const store = makeStore();
  let now = 0;
  const find = makeShortMemory({ load: store.load, now: () => now });
  expect(await Promise.all([find("a"), find("a")])).toEqual(["first", "first"]);
  store.value = "second";
  now = 1_000;
  expect([await find("a"), store.loads]).toEqual(["first", 1]);
  now = 1_001;
  expect([await find("a"), store.loads]).toEqual(["second", 2]);
});

test("while the store fails the last answer serves, for as long as the grace and no longer", async () => {
  const store = makeStore();
  let now = 0;
  const find = makeShortMemory({ load: store.load, graceMs: 60_000, now: () => now });
  await find("a");
  store.isAway = true;
  for (now of [2_000, 30_000, 60_000]) expect(await find("a")).toBe("first");
  await expect(find("unknown")).rejects.toThrow("away");
  now = 61_001;
  await expect(find("a")).rejects.toThrow("away");
  store.isAway = false;
  now += 1_001;
  expect(await find("a")).toBe("first");
});

test("a store that is slow holds nobody up who was answered before, and its answer counts when it comes", async () => {
  const store = makeStore();
  let now = 0;
  const find = makeShortMemory({ load: store.load, now: () => now });
  await find("a");
  store.isSilent = true;
  store.value = "revoked";
  now = 2_000;
  // The store answers when it is released, which is after us.
  expect([await find("a"), store.loads]).toEqual(["first", 2]);
  store.release();
  await Promise.resolve();
  expect(await find("a")).toBe("revoked");
});
