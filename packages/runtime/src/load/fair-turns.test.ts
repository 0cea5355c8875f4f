import { expect, test } from "@jest/globals";
import { type FairTurnsOptions, makeFairTurns, type TurnRequest } from "@qrfactory/runtime/load/fair-turns";

/** Turns that tell in which order they began; `endNext` ends the one that began first. */
function startTurns(options: Partial<FairTurnsOptions> = {}) {
  const turns = makeFairTurns({ places: 1, refusal: "Too many.", ...options });
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const take = (lane: string, more: Partial<TurnRequest> = {}) =>
    turns.take({ lane, cost: 1, ...more }).then((end) => {
      begun.push(lane);
      ends.push(end);
    });
  const endNext = async () => {
    await new Promise(setImmediate);
    ends.shift()?.();
    await new Promise(setImmediate);
  };
  return { turns, begun, take, endNext };
}

test("lanes take turns, however many of one wait", async () => {
  const { turns, begun, take, endNext } = startTurns();
  const all = [..."aaaaabbc"].map((lane) => take(lane));
  for (let i = 0; i < 8; i++) await endNext();
  await Promise.all(all);
  // The first was running when the others came.
  expect(begun.join("")).toBe("abcabaaa");
  expect(turns.outstanding()).toBe(0);
});

test("a lane that was idle waits for the turn under way and for no other of a busy lane", async () => {
  const { begun, take, endNext } = startTurns();
  const all = [..."aaaaaa"].map((lane) => take(lane));
  await endNext();
  await endNext();
  all.push(take("b"));
  for (let i = 0; i < 6; i++) await endNext();
  await Promise.all(all);
  expect(begun.join("")).toBe("aaabaaa");
});

test("a lane whose turns cost more has fewer of them", async () => {
  const { begun, take, endNext } = startTurns();
  const all = [..."aaa"].map((lane) => take(lane, { cost: 3 }));
  all.push(...[..."bbbbbb"].map((lane) => take(lane)));
  for (let i = 0; i < 9; i++) await endNext();
  await Promise.all(all);
  expect(begun.join("")).toBe("abbbabbba");
});

test("heavy turns leave a place to light ones", async () => {
  const { turns, begun, take, endNext } = startTurns({ places: 2 });
  const heavy = [..."hh"].map((lane) => take(lane, { isHeavy: true }));
  // The one that runs; the other that waits comes after the first of another lane.
  expect(turns.ahead({ lane: "b", isHeavy: true })).toBe(1);
  expect(turns.ahead({ lane: "b" })).toBe(0);
  const light = [take("b"), take("b")];
  for (let i = 0; i < 4; i++) await endNext();
  await Promise.all([...heavy, ...light]);
  expect(begun.join("")).toBe("hbhb");
});

test("a lane has no more turns at once, and no more that wait, than one may have", async () => {
  const { begun, take, endNext } = startTurns({ places: 4, placesOfOneMax: 2, waitingOfOneMax: 1 });
  const all = [take("a"), take("a"), take("a")];
  await expect(take("a")).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
  all.push(take("b"));
  await new Promise(setImmediate);
  expect(begun.join("")).toBe("aab");
  for (let i = 0; i < 4; i++) await endNext();
  await Promise.all(all);
  expect(begun.join("")).toBe("aaba");
});

test("a wait ends with a refusal when its time is over, or when its caller leaves, and makes room for others", async () => {
  const { turns, begun, take, endNext } = startTurns({ waitMsMax: 20 });
  const first = take("a");
  await first;
  await expect(take("b")).rejects.toMatchObject({ code: "overloaded" });
  const left = new AbortController();
  const leaving = take("c", { leaves: left.signal });
  left.abort(new Error("left"));
  await expect(leaving).rejects.toThrow("left");
  expect(turns.outstanding()).toBe(1);
  await endNext();
  await take("b");
  expect(begun.join("")).toBe("ab");
});

test("a turn that is ended twice makes room once", async () => {
  const turns = makeFairTurns({ places: 1, refusal: "Too many." });
  const end = await turns.take({ lane: "a", cost: 1 });
  end();
  const next = await turns.take({ lane: "a", cost: 1 });
  end();
  let hasBegun = false;
  const last = turns.take({ lane: "b", cost: 1 }).then((endLast) => {
    hasBegun = true;
    endLast();
  });
  await new Promise(setImmediate);
  expect(hasBegun).toBe(false);
  next();
  await last;
});
