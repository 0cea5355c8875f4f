import { expect, test } from "@jest/globals";
import { correlation, shareRead } from "./report.js";

test.each<[string, number[], number[], number]>([
  ["rise together", [1, 2, 3], [10, 20, 30], 1],
  ["rise where the other falls", [1, 2, 3], [3, 2, 1], -1],
  ["have nothing to do with each other", [1, 2, 1, 2], [1, 1, 2, 2], 0],
  ["never change", [5, 5, 5], [1, 2, 3], 0],
])("the correlation of lists that %s", (_name, a, b, coefficient) => {
  expect(correlation(a, b)).toBeCloseTo(coefficient);
});

test("the share counts every pair of decoder and distortion", () => {
  const none = { clean: [], turned: [], warped: [], jpeg: [], noisy: [], blurred: [] };
  expect(shareRead({ maker: "QRFactory", readBy: none })).toBe(0);
  const readBy = { ...none, clean: ["zxing" as const, "zbar" as const], turned: ["jsqr" as const] };
  expect(shareRead({ maker: "QRFactory", readBy })).toBeCloseTo(3 / 30);
});
