import { expect, test } from "@jest/globals";
import { eyeBorderShapes, eyeCenterShapes, frameStyles, gradientTypes, patterns } from "@qrfactory/domain/design/style";
import { pngPixels, readers } from "@qrfactory/testing/decode";
import fc from "fast-check";
import { designOf, styledText } from "../canvas/styles.fixture.js";
import { distanceOfReading } from "../check/read-at-distances.fixture.js";
import { drawDesign } from "./draw-design.js";

/** The same forty at every run; others on demand: RANDOM_DESIGNS=10000 takes some twenty minutes on one core. */
const runs = Number(process.env.RANDOM_DESIGNS ?? 40);
const seed = process.env.RANDOM_DESIGNS ? Date.now() : 2026;

const color = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("#000", "#0b3d2e", "#1d3557", "#7b2ff7", "#9d0208", "#5a189a", "#003049") },
  { weight: 1, arbitrary: fc.stringMatching(/^#[0-9a-f]{6}$/) },
);
const background = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("white", "transparent", "#fdf6e3", "#e0f2fe") },
  { weight: 1, arbitrary: fc.stringMatching(/^#[0-9a-f]{6}$/) },
);
const label = fc.constantFrom(
  "",
  "Scan me",
  "Отсканируй меня",
  "امسح الرمز",
  "סרקו אותי",
  "扫描二维码",
  "스캔하세요",
  "x".repeat(40),
);

const fields = fc
  .record(
    {
      data: fc.constantFrom(
        styledText,
        "https://example.com",
        `https://example.com/${"x".repeat(180)}`,
        "HTTPS://EXAMPLE.COM/Q/7K2MWX9P",
      ),
      size: fc.integer({ min: 100, max: 460 }),
      error_correction: fc.constantFrom("L", "M", "Q", "H"),
      quiet_zone: fc.oneof({ weight: 4, arbitrary: fc.constant(4) }, fc.integer({ min: 0, max: 8 })),
      color,
      background,
      pattern: fc.constantFrom(...patterns),
      gradient: fc.option(
        fc.record({ gradient_from: color, gradient_to: color, gradient_type: fc.constantFrom(...gradientTypes) }),
      ),
      eye_border_shape: fc.constantFrom(...eyeBorderShapes),
      eye_center_shape: fc.constantFrom(...eyeCenterShapes),
      eye_color: color,
      frame: fc.option(fc.record({ frame_style: fc.constantFrom(...frameStyles), frame_label: label })),
    },
    { requiredKeys: ["data", "size", "pattern"] },
  )
  .map(({ gradient, frame, ...rest }) => ({ ...rest, ...gradient, ...frame }));

/** The part of a refusal that names its cause, without its figures. */
const causeOf = (advice: string) => (advice.split(/[;(,.]/)[0] as string).replace(/\d+/g, "N").trim();

/** The first two decoders that read the text, each at which distance: 0 as delivered. */
async function readTwice(png: Buffer, text: string, shade: number): Promise<Record<string, number>> {
  const pixels = pngPixels(png, { substrate: [shade, shade, shade] });
  const distances: Record<string, number> = {};
  for (const [name, read] of Object.entries(readers)) {
    const distance = await distanceOfReading(pixels, text, read);
    if (distance !== null) distances[name] = distance;
    if (Object.keys(distances).length === 2) break;
  }
  return distances;
}

test("whatever the design, two decoders read the image, or the refusal says what to change", async () => {
  const counted = { readable: 0, asDelivered: 0, refused: {} as Record<string, number> };
  await fc.assert(
    fc.asyncProperty(fields, async (given) => {
      const design = designOf(given);
      const drawing = await drawDesign(design, { checked: true }).catch((error: Error) => error);
      const advice = drawing instanceof Error ? drawing.message : (drawing.scan?.advice ?? "");
      if (drawing instanceof Error || !drawing.scan?.isReadable) {
        const cause = causeOf(advice);
        counted.refused[cause] = (counted.refused[cause] ?? 0) + 1;
        expect(advice).toMatch(/choose|make all|try|[Rr]aise size/);
        return;
      }
      counted.readable += 1;
      // Light ink on nothing is meant for dark surfaces.
      const onWhite = await readTwice(drawing.bytes, design.text, 255);
      const isRead = Object.keys(onWhite).length === 2;
      const distances = isRead ? onWhite : await readTwice(drawing.bytes, design.text, 0);
      expect(Object.keys(distances)).toHaveLength(2);
      if (Object.values(distances).every((distance) => distance === 0)) counted.asDelivered += 1;
    }),
    { numRuns: runs, seed },
  );
  if (process.env.RANDOM_DESIGNS) process.stdout.write(`seed ${seed}: ${JSON.stringify(counted)}\n`);
  expect(counted.readable).toBeGreaterThan(runs / 4);
}, 3_600_000);
