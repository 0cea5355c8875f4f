import { expect, test } from "@jest/globals";
import { shortIdOfPath } from "@qrfactory/codes/short-id";

test.each([
  ["7k2mwx9p", "7K2MWX9P"],
  ["%37K2%4d-x9%70", "7K2M-X9P"],
  ["%41%5A%61%7a%30%39%2D", "AZAZ09-"],
  ["%2537K2", null],
  ["ABC%2F", null],
  ["ABC%40", null],
  ["ABC%60", null],
  ["ABC%7B", null],
  ["ABC%5B", null],
  ["ABC%3A", null],
  ["%C3%9FABC", null],
  ["AB", null],
])("the segment %s names %s", (segment, shortId) => {
  expect(shortIdOfPath(segment)).toBe(shortId);
});
