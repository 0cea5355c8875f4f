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
