import { expect, test } from "@jest/globals";
import { cacheKeyOf } from "@qrfactory/domain/design/cache-key";
import { type Design, readDesign } from "@qrfactory/domain/design/design";
import { ApiError } from "@qrfactory/domain/http/errors";
import { plans } from "@qrfactory/domain/plan/plans";
import fc from "fast-check";

const url = "https://example.com";
const read = (fields: object): Design => readDesign({ data: url, ...fields }, plans.enterprise).design;
const keyOf = (fields: object) => cacheKeyOf(read(fields), 1, "a workspace");

function refused(fields: object): Record<string, string[]> {
  try {
    readDesign({ data: url, ...fields }, plans.enterprise);
  } catch (error) {
    if (error instanceof ApiError && error.code === "validation_failed") return error.errors ?? {};
    throw error;
  }
  throw new Error("it was accepted");
}

const gradient = { gradient_from: "#7b2ff7", gradient_to: "#c2185b" };
const banner = { frame_style: "banner-top", frame_label: "Menu" };

test.each<[string, object, object]>([
  ["both parts of an eye", { eye_shape: "circle" }, { eye_border_shape: "circle", eye_center_shape: "circle" }],
  ["a framed eye", { eye_shape: "frame" }, { eye_border_shape: "frame", eye_center_shape: "square" }],
  [
    "a shape that both parts replace",
    { eye_shape: "circle", eye_border_shape: "square", eye_center_shape: "square" },
    {},
  ],
  ["one colour for both parts", { eye_color: "#a00" }, { eye_border_color: "#aa0000", eye_center_color: "#aa0000ff" }],
  ["eyes in the colour of the modules", { color: "#00f", eye_color: "#0000ff" }, { color: "#00f" }],
  ["a gradient type without a gradient", { gradient_type: "radial" }, {}],
  ["the usual gradient type", { ...gradient, gradient_type: "vertical" }, gradient],
  ["a gradient from a colour to itself", { gradient_from: "#123456", gradient_to: "#123456FF" }, { color: "#123456" }],
  ["a colour that a gradient covers", { ...gradient, color: "#f00" }, gradient],
  ["colours of a frame that is not there", { frame_color: "#f00", frame_label_color: "#0f0" }, {}],
  [
    "the colour of a label that is not there",
    { frame_style: "box", frame_label_color: "#0f0" },
    { frame_style: "box" },
  ],
  ["an empty label", { frame_style: "box", frame_label: "  " }, { frame_style: "box" }],
  ["a frame in the colour of the modules", { ...banner, frame_color: "black" }, banner],
  ["a label in the colour of the background", { ...banner, frame_label_color: "white" }, banner],
  [
    "a label in the colour of its box",
    { frame_style: "box", frame_label: "a", frame_label_color: "#000" },
    { frame_style: "box", frame_label: "a" },
  ],
  ["a label composed in another way", { ...banner, frame_label: "Cafe\u0301" }, { ...banner, frame_label: "Café" }],
])("%s is the same design", (_name, fields, same) => {
  expect(read(fields)).toEqual(read(same));
  expect(keyOf(fields)).toBe(keyOf(same));
});

test("every style field that changes the picture changes the key", () => {
  const changes = [
    {},
    { pattern: "dot" },
    gradient,
    { ...gradient, gradient_type: "radial" },
    { ...gradient, gradient_to: "#c2185c" },
    { ...gradient, eye_color: "#7b2ff7" },
    { eye_border_shape: "leaf-tl" },
    { eye_center_shape: "leaf-tl" },
    { eye_border_color: "#111" },
    { eye_center_color: "#111" },
    { frame_style: "box" },
    { frame_style: "ticket" },
    { frame_style: "box", frame_color: "#111" },
    { frame_style: "box", frame_label: "a" },
    { frame_style: "box", frame_label: "b" },
    { frame_style: "box", frame_label: "b", frame_label_color: "#111" },
    { format: "pdf" },
    { format: "eps" },
    { format: "jpeg" },
  ];
  expect(new Set(changes.map(keyOf)).size).toBe(changes.length);
});

test.each<[string, object, string]>([
  ["half a gradient", { gradient_from: "#000" }, "gradient_to"],
  ["the other half", { gradient_to: "#000" }, "gradient_from"],
  ["a gradient to nothing", { gradient_from: "#000", gradient_to: "transparent" }, "gradient_to"],
  ["an unknown gradient", { ...gradient, gradient_type: "conic" }, "gradient_type"],
  ["a leaf as the shape of both parts", { eye_shape: "leaf-tl" }, "eye_shape"],
  ["a star as a border", { eye_border_shape: "star" }, "eye_border_shape"],
  ["a frame as a centre", { eye_center_shape: "frame" }, "eye_center_shape"],
  ["a named eye colour", { eye_color: "red" }, "eye_color"],
  ["an unknown frame", { frame_style: "oval" }, "frame_style"],
  ["a label without a frame", { frame_label: "Menu" }, "frame_label"],
  ["41 characters", { ...banner, frame_label: "x".repeat(41) }, "frame_label"],
  ["41 ideographs", { ...banner, frame_label: "扫".repeat(41) }, "frame_label"],
  ["a megabyte", { ...banner, frame_label: "x".repeat(1_000_000) }, "frame_label"],
  ["a tower of marks", { ...banner, frame_label: `a${"\u0301".repeat(300)}` }, "frame_label"],
  ["two lines", { ...banner, frame_label: "a\nb" }, "frame_label"],
  ["a label like its banner", { ...banner, frame_label_color: "#222" }, "frame_label_color"],
  [
    "a label that shows its banner",
    { ...banner, frame_color: "#ffd60a", frame_label_color: "#fff0" },
    "frame_label_color",
  ],
  ["half a surrogate pair", { ...banner, frame_label: "\ud800" }, "frame_label"],
  ["a number", { ...banner, frame_label: 5 }, "frame_label"],
])("%s is refused by its field", (_name, fields, field) => {
  expect(Object.keys(refused(fields))).toEqual([field]);
});

test.each(["x".repeat(40), "扫".repeat(40), "שָׁ".repeat(40), "👩‍👩‍👧".repeat(20)])(
  "forty characters as readers count them are a label: %s",
  (label) => {
    expect(read({ ...banner, frame_label: label }).frame?.label).toBe(label.normalize("NFC"));
  },
);

test("a label on a banner is readable whatever the colours", () => {
  const hex = fc.stringMatching(/^#[0-9a-f]{6}$/);
  fc.assert(
    fc.property(hex, hex, (color, background) => {
      const { frame } = read({ ...banner, frame_color: color, background });
      expect(frame?.labelColor).toMatch(/^#[0-9a-f]{6}ff$/);
      expect(frame?.labelColor).not.toBe(`${color}ff`);
    }),
  );
});

test("paper has no pixels: a PDF is as large as the PNG of the same request in print", () => {
  expect(read({ format: "pdf" })).toMatchObject({ widthInches: 2, widthPx: 600, dpi: null });
  expect(read({ format: "eps", size: 600, dpi: 300 })).toMatchObject({ widthInches: 2, widthPx: 600 });
  expect(keyOf({ format: "pdf", size: 600, dpi: 300 })).toBe(keyOf({ format: "pdf", size_inches: 2 }));
  expect(keyOf({ format: "jpeg", size: 600, dpi: 300 })).toBe(keyOf({ format: "jpeg", size_inches: 2 }));
});
