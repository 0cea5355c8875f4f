// Paints a scene as Encapsulated PostScript, language level 3: true size, true vectors, gradients as shadings.
// PostScript knows no transparency: half-transparent colours are mixed with the background, and that with white;
// pictures also with a picture below them. A transparent background is left unpainted.
import { composite, type Rgba } from "@qrfactory/domain/design/color";
import type { Box } from "../scene/frames.js";
import type { Placed, Scene } from "../scene/shapes.js";
import { bytesOfText, hexOf } from "./bytes.js";
import type { Deflate } from "./deflate.js";
import { boxMatrix, colorOperator, number, pageMatrix, pathOperators, pointsPerInch } from "./page-path.js";
import { colorShading } from "./paint-pdf.js";

const colorOperators = { DeviceGray: "setgray", DeviceRGB: "setrgbcolor" } as const;

const white: Rgba = [255, 255, 255, 255];

/**
 * The names that paths are written with, in a dictionary of our own so that nothing of the document around is changed.
 */
const prologue =
  "10 dict begin /m{moveto}bind def /l{lineto}bind def /c{curveto}bind def /h{closepath}bind def /f{fill}bind def";

/** The bytes of the EPS; `widthInches` is the side of its bounding box. */
export function paintEps(
  { side, background, shapes }: Scene,
  { widthInches }: { widthInches: number },
  deflate: Deflate,
): Uint8Array {
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
  if (background[3] > 0) lines.push(`${colorOperator(ground, colorOperators)} 0 0 ${side} ${side} rectfill`);
  let below: Placed | null = null;
  for (const shape of shapes) {
    if (shape.kind === "picture") {
      lines.push(pictureOperators(flatten(shape, below, ground), deflate));
      below = shape;
      continue;
    }
    const { fill } = shape;
    if (fill.kind === "flat") lines.push(colorOperator(over(fill.color), colorOperators));
    else {
      const solid = { ...fill, from: over(fill.from), to: over(fill.to) };
      lines.push(`<</PatternType 2/Shading ${colorShading(solid)}>> matrix makepattern setpattern`);
    }
    lines.push(`newpath\n${pathOperators(shape)}f`);
  }
  return bytesOfText(`${[...lines, "end restore", "%%EOF"].join("\n")}\n`);
}

/** Hexadecimal digits in a line of a picture; readers of comments want lines of at most 255 characters. */
const hexDigitsALine = 120;

/** A picture without alpha: one byte a pixel where all are grey, else three. */
type Opaque = { box: Box; width: number; height: number; channels: 1 | 3; pixels: Uint8Array };

/** Mixes a picture with the one below it, and with the ground where there is none. */
function flatten({ picture, box }: Placed, below: Placed | null, ground: Rgba): Opaque {
  const { width, height, data } = picture;
  const rgb = new Uint8Array(width * height * 3);
  let isGrey = true;
  for (let i = 0; i < width * height; i++) {
    const x = box.x + ((i % width) + 0.5) * (box.width / width);
    const y = box.y + (Math.floor(i / width) + 0.5) * (box.height / height);
    const under = below ? composite(pixelAt(below, x, y), ground) : ground;
    const [red, green, blue] = composite(rgbaAt(data, i), under);
    rgb.set([red, green, blue], 3 * i);
    isGrey &&= red === green && green === blue;
  }
  if (!isGrey) return { box, width, height, channels: 3, pixels: rgb };
  return { box, width, height, channels: 1, pixels: rgb.filter((_, i) => i % 3 === 0) };
}

function rgbaAt(data: Uint8Array, i: number): Rgba {
  return [data[4 * i], data[4 * i + 1], data[4 * i + 2], data[4 * i + 3]] as [number, number, number, number];
}

/** The pixel of a picture at a point of the scene; nothing outside of it. */
function pixelAt({ picture, box }: Placed, x: number, y: number): Rgba {
  const column = Math.floor(((x - box.x) / box.width) * picture.width);
  const row = Math.floor(((y - box.y) / box.height) * picture.height);
  const isInside = column >= 0 && row >= 0 && column < picture.width && row < picture.height;
  return isInside ? rgbaAt(picture.data, row * picture.width + column) : [0, 0, 0, 0];
}

function pictureOperators({ box, width, height, channels, pixels: bytes }: Opaque, deflate: Deflate): string {
  const space = channels === 1 ? "DeviceGray" : "DeviceRGB";
  const hex = hexOf(deflate(bytes, "page"));
  const coded = hex.match(new RegExp(`.{1,${hexDigitsALine}}`, "g")) ?? [];
  const pixels =
    `/ImageType 1/Width ${width}/Height ${height}/BitsPerComponent 8` +
    `/Decode[${Array(channels).fill("0 1").join(" ")}]/Interpolate true`;
  const matrix = `/ImageMatrix[${width} 0 0 ${-height} 0 ${height}]`;
  // Run as one procedure, so that what follows it is data; bytes that the last filter left of it are read past.
  return [
    `gsave [${boxMatrix(box)}] concat /${space} setcolorspace {/d currentfile/ASCIIHexDecode filter def`,
    `<<${pixels}${matrix}/DataSource d/FlateDecode filter>> image d flushfile grestore} exec`,
    ...coded,
    ">",
  ].join("\n");
}
