import { expect, test } from "@jest/globals";
import { eyeBorderShapes, eyeCenterShapes } from "@qrfactory/domain/design/style";
import { drawEyeBorders, drawEyeCenters, eyeSide } from "@qrfactory/drawing/modules/eyes";
import type { Path } from "@qrfactory/drawing/scene/path";
import { paintPaths } from "./star-logo.fixture.js";

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

const pixelsPerModule = 20;

const directions = Array.from({ length: 8 }, (_, i) => (i * Math.PI) / 4);

/**
 * How far from the middle of the first eye a path turns dark or light, in modules, nearest first: along each direction.
 */
function changesOf(path: Path): number[][] {
  const units = { ops: path.ops, numbers: path.numbers.map((at) => at * pixelsPerModule) };
  const width = side * pixelsPerModule;
  const { data } = paintPaths(width, [["#000000", units]]).context.getImageData(0, 0, width, width);
  return directions.map((angle) => {
    const isDark = (distance: number) => {
      const at = (along: number) => Math.floor((eyeSide / 2 + distance * along) * pixelsPerModule);
      const [x, y] = [at(Math.cos(angle)), at(Math.sin(angle))];
      return x >= 0 && y >= 0 && (data[4 * (y * width + x) + 3] as number) > 127;
    };
    const steps = Array.from({ length: 5.2 * pixelsPerModule }, (_, i) => i / pixelsPerModule);
    return steps.filter((distance, i) => i > 0 && isDark(distance) !== isDark(steps[i - 1] as number));
  });
}

test.each(eyeBorderShapes)("a ring of shape %s is a module thick all around", (shape) => {
  for (const [from = 0, to = 0] of changesOf(drawEyeBorders(side, shape))) {
    expect(from).toBeGreaterThanOrEqual(2.4);
    expect(to - from).toBeGreaterThan(0.9);
    // The corner of a square ring.
    expect(to - from).toBeLessThan(1.5);
  }
});

test.each(eyeBorderShapes.flatMap((ring) => eyeCenterShapes.map((center) => [center, ring] as const)))(
  "a middle of shape %s fills its place in a ring of shape %s, and leaves a gap around",
  (center, ring) => {
    const holes = changesOf(drawEyeBorders(side, ring));
    for (const [i, [reach = 0]] of changesOf(drawEyeCenters(side, center, ring)).entries()) {
      expect(reach).toBeGreaterThan(1.2);
      expect((holes[i]?.[0] ?? 0) - reach).toBeGreaterThan(0.5);
    }
  },
);
