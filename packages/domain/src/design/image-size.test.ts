import { expect, test } from "@jest/globals";
import { readDesign } from "@qrfactory/domain/design/design";
import { imageFormats, widthMmOf } from "@qrfactory/domain/design/image-size";
import { plans } from "@qrfactory/domain/plan/plans";
import fc from "fast-check";

const data = "https://example.com";
const read = (fields: object, plan = plans.enterprise) => readDesign({ data, ...fields }, plan).design;

test("a request is as wide on paper in every format", () => {
  const size = fc.oneof(
    fc.record(
      { size: fc.integer({ min: 100, max: 2_000 }), dpi: fc.integer({ min: 72, max: 600 }) },
      { requiredKeys: [] },
    ),
    // Inches that are whole pixels at every one of these resolutions.
    fc.record({ size_inches: fc.integer({ min: 1, max: 10 }), dpi: fc.constantFrom(72, 150, 300, 600) }),
  );
  fc.assert(
    fc.property(size, (fields) => {
      const { size: px = 600, size_inches: inches, dpi = 300 } = fields as Record<string, number>;
      const widthMm = (inches ?? px / dpi) * 25.4;
      for (const format of imageFormats) expect(widthMmOf(read({ ...fields, format }))).toBeCloseTo(widthMm, 6);
    }),
  );
});

test("size are the pixels of a raster at every resolution, and those of a vector at 300 dpi", () => {
  for (const format of imageFormats) expect(read({ format }).widthPx).toBe(600);
  for (const format of ["png", "jpeg"]) expect(read({ format, size: 450, dpi: 72 }).widthPx).toBe(450);
});

test("a PNG or SVG says its resolution where that was asked, a JPEG always", () => {
  expect(read({ format: "png" })).toMatchObject({ widthInches: null, dpi: null });
  expect(read({ format: "svg" })).toMatchObject({ widthInches: null, dpi: null });
  expect(read({ format: "png", dpi: 600 })).toMatchObject({ widthInches: null, dpi: 600 });
  expect(read({ format: "svg", dpi: 600 })).toMatchObject({ widthInches: 1, dpi: null });
  expect(read({ format: "jpeg" })).toMatchObject({ widthInches: null, dpi: 300 });
});

test.each(["svg", "pdf", "eps"])("a %s has no resolution that could be too high", (format) => {
  const large = { size_inches: 15, dpi: 600 };
  expect(read({ ...large, format })).toMatchObject({ widthInches: 15, widthPx: 4_500 });
  expect(() => read({ ...large, format: "png" })).toThrow(expect.objectContaining({ code: "validation_failed" }));
  const { dpiMax } = plans.free;
  expect(read({ dpi: dpiMax + 1, format }, plans.free).widthInches).toBeCloseTo(600 / (dpiMax + 1), 9);
  expect(() => read({ dpi: dpiMax + 1 }, plans.free)).toThrow(expect.objectContaining({ code: "plan_limit" }));
});
