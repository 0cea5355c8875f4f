// Pictures on the pages of PDF and EPS: both take rows of colours as they are, each its own way of leaving some out.
import { deflateSync } from "node:zlib";
import { number } from "./page-path.js";
import type { Picture, Pictured } from "./picture.js";

/** The planes of a picture that PDF wants apart: three bytes of colour a pixel, and one of alpha. */
export function planesOf({ data }: Picture): { colors: Buffer; alphas: Buffer } {
  const count = data.length / 4;
  const colors = Buffer.alloc(count * 3);
  const alphas = Buffer.alloc(count);
  for (let i = 0; i < count; i++) {
    colors[i * 3] = data[i * 4] as number;
    colors[i * 3 + 1] = data[i * 4 + 1] as number;
    colors[i * 3 + 2] = data[i * 4 + 2] as number;
    alphas[i] = data[i * 4 + 3] as number;
  }
  return { colors, alphas };
}

/** From the unit square, whose first row is at the top, to a box of the scene, whose y axis points down. */
export function pictureMatrix({ x, y, width, height }: Pictured): string {
  return [width, 0, 0, -height, x, y + height].map(number).join(" ");
}

/**
 * The PostScript that paints a picture (language level 3, masked image with samples interleaved by pixel). PostScript has
 * no half-transparent pixels: those are mixed with `ground` (red, green, blue, 0 to 255), fully clear ones left out.
 */
export function postScriptPicture(pictured: Pictured, ground: readonly number[]): string[] {
  const { picture } = pictured;
  const { width, height, data } = picture;
  const samples = Buffer.alloc(width * height * 4);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = (data[i + 3] as number) / 255;
    // The mask comes first; 255 leaves the pixel out.
    samples[i] = alpha === 0 ? 255 : 0;
    for (let c = 0; c < 3; c++) {
      samples[i + 1 + c] = Math.round((data[i + c] as number) * alpha + (ground[c] as number) * (1 - alpha));
    }
  }
  const size = `/Width ${width}/Height ${height}/BitsPerComponent 8/ImageMatrix[${width} 0 0 -${height} 0 ${height}]`;
  return [
    `gsave [${pictureMatrix(pictured)}] concat /DeviceRGB setcolorspace`,
    "/pixels currentfile/ASCII85Decode filter/FlateDecode filter def",
    `<</ImageType 3/InterleaveType 1/DataDict<</ImageType 1${size}/Decode[0 1 0 1 0 1]/DataSource pixels>>` +
      `/MaskDict<</ImageType 1${size}/Decode[0 1]>>>>image`,
    ascii85(deflateSync(samples)),
    "grestore",
  ];
}

/** Bytes as text of 85 characters (PostScript Language Reference, 3.13.3), in lines that transports do not break. */
function ascii85(bytes: Buffer): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 4) {
    const count = Math.min(4, bytes.length - i);
    let value = 0;
    for (let k = 0; k < 4; k++) value = value * 256 + (k < count ? (bytes[i + k] as number) : 0);
    if (value === 0 && count === 4) {
      text += "z";
      continue;
    }
    let group = "";
    for (let k = 0; k < 5; k++, value = Math.floor(value / 85)) group = String.fromCharCode(33 + (value % 85)) + group;
    text += group.slice(0, count + 1);
  }
  // A line that begins with a percent sign could be taken for a comment of the document structure.
  return `${(text.match(/.{1,72}/g) ?? []).map((line) => (line.startsWith("%") ? ` ${line}` : line)).join("\n")}~>`;
}
