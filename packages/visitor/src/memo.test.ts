import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { memoise } from "./memo.js";

test("what is asked for often is computed once, however many others come between", () => {
  const computed: string[] = [];
  const lengthOf = memoise((key) => {
    computed.push(key);
    return key.length;
  }, 3);
  for (let i = 0; i < 100; i++) {
    expect(lengthOf("often")).toBe(5);
    expect(lengthOf(`rare ${i % 10}`)).toBe(6);
  }
  expect(computed.filter((key) => key === "often")).toEqual(["often"]);
});

test("no more is remembered than twice what fits: a key that was long not asked for is computed again", () => {
  let computed = 0;
  const answer = memoise(() => ++computed, 10);
  expect(answer("first")).toBe(1);
  for (let i = 0; i < 30; i++) answer(String(i));
  expect(answer("first")).toBe(32);
});

test("a text is remembered without the longer one that it was cut from", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const length = memoise((text) => text.length, 1_000);
  collect();
  const before = process.memoryUsage().heapUsed;
  // A hundred megabytes, of which half a megabyte is asked for, and all of that again from the older half.
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 1_000; n++) expect(length(`${n} ${"x".repeat(100_000)}`.slice(0, 500))).toBe(500);
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(30_000_000);
});

test("halves of surrogate pairs are keys of their own", () => {
  const code = memoise((text) => text.charCodeAt(0), 10);
  for (const text of ["\ud800", "\ufffd", "\udc00", "\ud83d\ude00"]) {
    expect([code(text), code(text)]).toEqual([text.charCodeAt(0), text.charCodeAt(0)]);
  }
});
