import { expect, test } from "@jest/globals";
import { readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import type { Picture } from "@qrfactory/drawing/scene/shapes";
import { drawDesign, judgeDesign } from "./draw-design.js";

/** A picture of one colour above and another in its lowest fifth, where labels stand. */
function pictureOf(above: number, below: number): Picture {
  const side = 100;
  const data = new Uint8Array(4 * side * side).fill(255);
  for (let i = 0; i < side * side; i++) data.fill(i < 0.8 * side * side ? above : below, 4 * i, 4 * i + 3);
  return { width: side, height: side, data };
}

const designWith = (fields: object) =>
  readDesign({ data: "https://example.com", frame_style: "box", frame_label: "Menu", ...fields }, plans.enterprise, {
    background: "0".repeat(64),
  }).design;

test.each<[string, object, Picture, RegExp]>([
  [
    "light grey on a picture that is faded to it",
    { frame_label_color: "#b4b4b4" },
    pictureOf(255, 0),
    /^A label of #b4b4b4 \(frame_label_color\) vanishes in background_image, which there is like #a6a6a6 \(contrast 1\.2 to 1\); give a frame_label_color with a contrast of at least 3 to 1, #000000 for example\.$/,
  ],
  ["white on a picture that is white there", { frame_label_color: "white" }, pictureOf(0, 255), /like #ffffff/],
  ["a frame's colour", { frame_color: "#b0b0b0" }, pictureOf(255, 0), /^A label of #b0b0b0 \(frame_color\)/],
  [
    "on a see-through banner",
    { frame_style: "banner-bottom", frame_color: "#ffffff40", frame_label_color: "#c0c0c0" },
    pictureOf(255, 0),
    /vanishes in its banner and background_image/,
  ],
])(
  "a label that vanishes in the picture behind it is refused, drawn or only judged: %s",
  async (_name, fields, background, sentence) => {
    for (const act of [drawDesign, judgeDesign]) {
      const drawing = act(designWith(fields), { checked: true, pictures: { background } });
      await expect(drawing).rejects.toMatchObject({
        code: "validation_failed",
        message: expect.stringMatching(sentence),
      });
    }
  },
);

test.each<[string, object, Picture]>([
  ["white where the picture is dark", { frame_label_color: "white" }, pictureOf(255, 0)],
  ["the colour of the ink", {}, pictureOf(255, 0)],
  [
    "a label above all on an opaque banner",
    { frame_style: "banner-bottom", frame_label_color: "#b4b4b4" },
    pictureOf(255, 0),
  ],
])("a label that is seen in the picture behind it is drawn: %s", async (_name, fields, background) => {
  const { scan } = await drawDesign(designWith(fields), { checked: true, pictures: { background } });
  expect(scan?.isReadable).toBe(true);
});
