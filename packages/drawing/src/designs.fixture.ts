// Random designs, the same at every run, of everything that drawing draws.
import { type Design, readDesign } from "@qrfactory/domain/design/design";
import { eyeBorderShapes, eyeCenterShapes, frameStyles, gradientTypes, patterns } from "@qrfactory/domain/design/style";
import { plans } from "@qrfactory/domain/plan/plans";
import fc from "fast-check";

/** A picture by what makes it, so that each side makes it anew. */
export type PictureSeed = { width: number; height: number; seed: number; isRound: boolean };

export type DesignCase = { design: Design; logo: PictureSeed | null; background: PictureSeed | null };

/** One in each script that the fonts of tests draw. */
export const labels = [
  "Scan me",
  "Отсканируй меня",
  "Σάρωσέ με",
  "امسح الرمز",
  "סרקו אותי",
  "สแกน",
  "扫描二维码",
  "スキャン",
  "스캔하세요",
  "Menu 🎉",
];

const color = fc.constantFrom("#000", "#0b3d2e", "#1d3557", "#7b2ff7", "#9d0208", "#5a189acc", "#12345680");
const ground = fc.constantFrom("white", "transparent", "#fdf6e3", "#e0f2fe80");
const picture = fc.record({
  width: fc.integer({ min: 6, max: 120 }),
  height: fc.integer({ min: 6, max: 120 }),
  seed: fc.integer({ min: 1, max: 1_000 }),
  isRound: fc.boolean(),
});

const common = {
  data_type: fc.constant("text"),
  data: fc.constantFrom(
    "https://example.com",
    `https://example.com/${"x".repeat(180)}`,
    "HTTPS://EXAMPLE.COM/Q/7K2MWX9P",
    "日本語のテキスト",
    "Grüße aus Köln",
    "0123456789".repeat(8),
  ),
  size: fc.integer({ min: 250, max: 1_200 }),
  error_correction: fc.constantFrom("L", "M", "Q", "H"),
  text_encoding: fc.constantFrom("auto", "utf-8", "utf-8-eci"),
  quiet_zone: fc.integer({ min: 0, max: 8 }),
  color,
  background: ground,
};

/** Designs that a PNG without a canvas can show. */
const squares = fc.record({
  ...common,
  format: fc.constant("png"),
  eye_color: color,
  dpi: fc.constantFrom(undefined, 300),
});

const styled = fc
  .record({
    ...common,
    format: fc.constantFrom("svg", "pdf", "eps"),
    pattern: fc.constantFrom(...patterns),
    gradient: fc.option(
      fc.record({ gradient_from: color, gradient_to: color, gradient_type: fc.constantFrom(...gradientTypes) }),
    ),
    eye_border_shape: fc.constantFrom(...eyeBorderShapes),
    eye_center_shape: fc.constantFrom(...eyeCenterShapes),
    eye_color: color,
    frame: fc.option(
      fc.record({ frame_style: fc.constantFrom(...frameStyles), frame_label: fc.constantFrom(...labels) }),
    ),
    logo: fc.option(picture, { freq: 2 }),
    background_image: fc.option(picture, { freq: 2 }),
  })
  .map(({ gradient, frame, ...rest }) => ({ ...rest, ...gradient, ...frame }));

const someDigest = "0".repeat(64);

function caseOf(fields: object): DesignCase {
  const {
    logo = null,
    background_image: background = null,
    ...body
  } = fields as {
    logo?: PictureSeed | null;
    background_image?: PictureSeed | null;
  };
  const digests = { ...(logo && { logo: someDigest }), ...(background && { background: someDigest }) };
  return { design: readDesign(body, plans.enterprise, digests).design, logo, background };
}

/** So many designs that can be read, a quarter of them PNGs. */
export function sampleDesigns(count: number): DesignCase[] {
  const fields = fc.oneof({ weight: 1, arbitrary: squares }, { weight: 3, arbitrary: styled });
  const cases: DesignCase[] = [];
  // Some labels vanish on their ground, which is refused before anything is drawn.
  for (const body of fc.sample<object>(fields, { seed: 2026, numRuns: 2 * count })) {
    try {
      cases.push(caseOf(body));
    } catch {}
    if (cases.length === count) break;
  }
  return cases;
}
