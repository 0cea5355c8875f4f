// Paints a scene as Encapsulated PostScript, language level 3: true size, true vectors, gradients as shadings. PostScript
// knows no transparency: half-transparent colours are mixed with the background, and that with white; a transparent
// background is left unpainted.
import { composite, type Rgba } from "@qrfactory/domain/color";
import { number, pageMatrix, pathOperators, pointsPerInch, rgb } from "./page-path.js";
import { postScriptPicture } from "./page-picture.js";
import { shading } from "./paint-pdf.js";
import type { Scene } from "./scene.js";

const white: Rgba = [255, 255, 255, 255];

/** The names that paths are written with, in a dictionary of our own so that nothing of the document around is changed. */
const prologue =
  "10 dict begin /m{moveto}bind def /l{lineto}bind def /c{curveto}bind def /h{closepath}bind def /f{fill}bind def";

/** The bytes of the EPS; `widthInches` is the side of its bounding box. */
export function paintEps(
  { side, background, backdrop, shapes, logo }: Scene,
  { widthInches }: { widthInches: number },
): Buffer {
  const width = widthInches * pointsPerInch;
  const ground = composite(background, white);
  const over = (color: Rgba) => composite(color, ground);
  const lines = [
    "%!PS-Adobe-3.0 EPSF-3.0",
    `%%BoundingBox: 0 0 ${Math.ceil(width)} ${Math.ceil(width)}`,
    `%%HiResBoundingBox: 0 0 ${number(width)} ${number(width)}`,
    "%%LanguageLevel: 3",
    "%%EndComments",
    `save ${prologue}`,
    `[${pageMatrix(side, width)}] concat`,
  ];
  if (background[3] > 0) lines.push(`${rgb(ground)} setrgbcolor 0 0 ${side} ${side} rectfill`);
  if (backdrop) lines.push(...postScriptPicture(backdrop, ground));
  for (const shape of shapes) {
    const { fill } = shape;
    if (fill.kind === "flat") lines.push(`${rgb(over(fill.color))} setrgbcolor`);
    else {
      const solid = { ...fill, from: over(fill.from), to: over(fill.to) };
      lines.push(`<</PatternType 2/Shading ${shading(solid, "/DeviceRGB", rgb)}>> matrix makepattern setpattern`);
    }
    lines.push(`newpath\n${pathOperators(shape)}f`);
  }
  if (logo) lines.push(...postScriptPicture(logo, ground));
  return Buffer.from(`${[...lines, "end restore", "%%EOF"].join("\n")}\n`, "latin1");
}
