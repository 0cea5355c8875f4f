import { expect, test } from "@jest/globals";
import { composite, contrastRatio, rgbaOf } from "@qrfactory/domain/design/color";
import { readDesign } from "@qrfactory/domain/design/design";
import { groundOf, isBanner } from "@qrfactory/domain/design/label-contrast";
import { frameStyles } from "@qrfactory/domain/design/style";
import { ApiError } from "@qrfactory/domain/http/errors";
import { plans } from "@qrfactory/domain/plan/plans";
import fc from "fast-check";

const common = { data: "https://example.com", frame_label: "Menu" };
const background = "0".repeat(64);

/** The errors that a design is refused with; null where it is accepted. */
function refused(fields: object, pictures = {}): Record<string, string[]> | null {
  try {
    readDesign({ ...common, ...fields }, plans.enterprise, pictures);
    return null;
  } catch (error) {
    if (error instanceof ApiError && error.code === "validation_failed") return error.errors ?? {};
    throw error;
  }
}

const gradient = { gradient_from: "#0b3d2e", gradient_to: "#e07a00" };

test.each<[string, object, string, RegExp]>([
  [
    "white on white",
    { frame_style: "box", frame_label_color: "white" },
    "frame_label_color",
    /^A frame_label_color of #ffffff vanishes on a background of #ffffff \(contrast 1\.0 to 1\); give a frame_label_color with a contrast of at least 3 to 1, #000000 for example\.$/,
  ],
  [
    "like its frame, which is like the ground",
    { frame_style: "rounded", frame_color: "#fefefe" },
    "frame_color",
    /like its frame, and frame_color #fefefe vanishes/,
  ],
  ["a veil", { frame_style: "ticket", frame_label_color: "#00000018" }, "frame_label_color", /contrast 1\.2 to 1/],
  [
    "black on a dark ground",
    { frame_style: "box", color: "white", background: "#101010", frame_label_color: "#000" },
    "frame_label_color",
    /#ffffff for example/,
  ],
  [
    "white on what is taken to be white paper",
    { frame_style: "box", background: "transparent", frame_label_color: "white" },
    "frame_label_color",
    /#00000000, which lets through what it lies on/,
  ],
  [
    "the far end of a banner's gradient",
    { frame_style: "banner-bottom", ...gradient, frame_label_color: "#d97706" },
    "frame_label_color",
    /a banner of #e07a00, its gradient_to/,
  ],
  [
    "one end of a gradient across a banner",
    { frame_style: "banner-top", ...gradient, gradient_type: "horizontal", frame_label_color: "#0b3d2e" },
    "frame_label_color",
    /its gradient_from/,
  ],
  [
    "a see-through banner on a dark ground",
    {
      frame_style: "banner-top",
      color: "white",
      background: "black",
      frame_color: "#ffffff20",
      frame_label_color: "#000",
    },
    "frame_label_color",
    /leave frame_label_color out, or give/,
  ],
])("a label that vanishes is refused with what would be right: %s", (_name, fields, field, sentence) => {
  const errors = refused(fields);
  expect(Object.keys(errors ?? {})).toEqual([field]);
  expect(errors?.[field]).toEqual([expect.stringMatching(sentence)]);
});

test.each<[string, object]>([
  ["the near end of a banner's gradient", { frame_style: "banner-top", ...gradient, frame_label_color: "#d97706" }],
  ["a quiet one", { frame_style: "box", frame_label_color: "#c8c8c8" }],
  [
    "light on what is taken to be dark",
    { frame_style: "box", color: "white", background: "transparent", frame_label_color: "#fffbe6" },
  ],
  ["a frame like its ground around no label", { frame_style: "box", frame_color: "white", frame_label: "" }],
])("a label that is seen is accepted: %s", (_name, fields) => {
  expect(refused(fields)).toBeNull();
});

test("on a picture, its pixels decide and not the background", () => {
  const fields = { frame_style: "box", frame_label_color: "white" };
  expect(refused(fields)).not.toBeNull();
  expect(refused(fields, { background })).toBeNull();
});

test("a label whose colour is chosen for it is read with ease, whatever the colours", () => {
  const hex = fc.stringMatching(/^#[0-9a-f]{8}$/);
  fc.assert(
    fc.property(hex, hex, hex, fc.constantFrom(...frameStyles.filter(isBanner)), (color, ground, frame, style) => {
      const fields = { ...common, color, background: ground, frame_style: style, frame_color: frame };
      const design = readDesign(fields, plans.enterprise).design;
      const banner = rgbaOf(design.frame?.color ?? design.color);
      const filled = composite(banner, groundOf({ color: design.color, background: design.background }));
      expect(contrastRatio(rgbaOf(design.frame?.labelColor ?? ""), filled)).toBeGreaterThanOrEqual(3);
    }),
  );
});
