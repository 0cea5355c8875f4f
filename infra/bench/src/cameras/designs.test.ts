import { expect, test } from "@jest/globals";
import { eyeCenterShapes, patterns } from "@qrfactory/domain/design/style";
import { randomDesign } from "./designs.js";

test("a seed has one design, and many seeds have every pattern and centre", () => {
  expect(randomDesign(42)).toEqual(randomDesign(42));
  const designs = Array.from({ length: 400 }, (_, seed) => randomDesign(seed));
  expect(new Set(designs.map(({ fields }) => fields.pattern))).toEqual(new Set(patterns));
  expect(new Set(designs.flatMap(({ fields }) => fields.eye_center_shape ?? []))).toEqual(new Set(eyeCenterShapes));
  expect(designs.filter(({ isInverted }) => isInverted).length).toBeGreaterThan(5);
  expect(designs.filter(({ hasLogo }) => hasLogo).length).toBeGreaterThan(80);
});
