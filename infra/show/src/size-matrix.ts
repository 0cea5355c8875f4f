// Styles at every size and format, with texts of every kind: each ring of an eye at each of them, all else in turns, so
// that pairs of anything meet.

import { imageFormats } from "@qrfactory/domain/design/image-size";
import { eyeBorderShapes, eyeCenterShapes, patterns } from "@qrfactory/domain/design/style";
import { frames, gradients, matrixColors, type Part, type Style } from "./style-matrix.js";

/** Sides in pixels. */
export const sizes = [120, 150, 200, 256, 300, 400, 512, 600, 800, 1_000, 1_500, 2_000] as const;

/** Styles of each ring, size and format. */
const turns = 2;

const site = "https://example.com";

/** Contents of codes: links short and long, in capitals, with accents, and texts of each `data_type`. */
export const texts = [
  site,
  `${site}/menu`,
  `${site}/menu/summer`,
  `${site}/a?b=c#d`,
  `${site}/${"x".repeat(60)}`,
  `${site}/?utm_source=print&utm_medium=poster&utm_campaign=summer`,
  "HTTPS://EXAMPLE.COM/Q/7K2MWX9P",
  "HTTP://192.0.2.1/Q/A",
  "12345678901234567890",
  "SKU-000417/B",
  "Table 12",
  "Ausgang links, bitte leise!",
  "tel:+431234567",
  "mailto:hello@example.com?subject=Menu",
  "SMSTO:+431234567:Hello",
  "geo:48.2082,16.3738",
  "WIFI:T:WPA;S:Guests;P:correct horse;;",
  "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane;;;\r\nFN:Jane Doe\r\nEND:VCARD\r\n",
  `${site}/%C3%BC`,
  "otpauth://totp/Example?secret=JBSWY3DPEHPK3PXP",
] as const;

const nth = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

function styleOf(n: number, size: number, format: Part["format"]): Style {
  // Steps that have no common divisor with the length of their list go through all of it.
  const fields = {
    data_type: "text",
    data: nth(texts, n * 7),
    size,
    format,
    ...matrixColors,
    pattern: nth(patterns, n),
    eye_border_shape: nth(eyeBorderShapes, n),
    eye_center_shape: nth(eyeCenterShapes, n * 3 + Math.floor(n / 8)),
    ...nth(frames, n % 3 === 0 ? n : 0),
    ...nth(gradients, n % 4 === 0 ? n : 0),
  };
  return { fields, hasLogo: n % 5 === 0 };
}

/** Pieces of the matrix: a size in a format each. */
export const sizeParts: Part[] = sizes.flatMap((size, i) =>
  imageFormats.map((format, j) => {
    const count = eyeBorderShapes.length * turns;
    const first = (i * imageFormats.length + j) * count;
    const styles = Array.from({ length: count }, (_, k) => styleOf(first + k, size, format));
    return { name: `${size} px, ${format}`, format, groups: [styles] };
  }),
);
