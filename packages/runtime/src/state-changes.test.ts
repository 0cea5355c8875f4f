import { expect, test } from "@jest/globals";
import { changeState } from "./state-changes.js";

const changes = { open: ["closed"], closed: [] } as const;

test.each([
  ["open", "open"],
  ["open", "closed"],
  ["closed", "closed"],
] as const)("%s may become %s", (from, to) => {
  expect(changeState<"open" | "closed">(changes, from, to)).toBe(to);
});

test("a change that is not in the table throws and names both states", () => {
  expect(() => changeState<"open" | "closed">(changes, "closed", "open")).toThrow("closed cannot become open.");
});
