import { expect, test } from "@jest/globals";
import { drawEyeBorders, drawEyeCenters, eyeSide } from "./eyes.js";
import type { Path } from "./path.js";

const side = 25;

/** The points of the eye that begins at x, y, sorted, with either axis turned around. */
function pointsOf({ numbers }: Path, [x, y]: [number, number], [turnX, turnY]: [boolean, boolean]): string[] {
  const turned = (at: number, isTurned: boolean) => (isTurned ? eyeSide - at : at);
  const points: string[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    const [px, py] = [(numbers[i] as number) - x, (numbers[i + 1] as number) - y];
    if (px < -0.01 || px > eyeSide + 0.01 || py < -0.01 || py > eyeSide + 0.01) continue;
    // Minus zero is zero.
    points.push([turned(px, turnX), turned(py, turnY)].map((at) => (at + 0.0001).toFixed(2)).join());
  }
  return [...new Set(points)].sort();
}

test.each([
  ...(["leaf-tl", "leaf-tr", "leaf-br", "leaf-bl", "frame", "rounded"] as const).map(
    (shape) => [shape, drawEyeBorders(side, shape)] as const,
  ),
  ["leaf-tl in the middle", drawEyeCenters(side, "leaf-tl")] as const,
])("the eyes of %s are mirror images of the one at the top left", (_shape, path) => {
  const far = side - eyeSide;
  const first = pointsOf(path, [0, 0], [false, false]);
  expect(first.length).toBeGreaterThan(4);
  expect(pointsOf(path, [far, 0], [true, false])).toEqual(first);
  expect(pointsOf(path, [0, far], [false, true])).toEqual(first);
});
