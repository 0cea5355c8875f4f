// One part of the matrix, in a thread of its own: draws each of its images as the service would, checked strictly, has
// them rasterised elsewhere, and reads them by independent decoders.
import { readDesign } from "@qrfactory/domain/design/design";
import type { ImageFormat } from "@qrfactory/domain/design/image-size";
import { plans } from "@qrfactory/domain/plan/plans";
import { starLogo } from "@qrfactory/render/canvas/star-logo.fixture";
import { distanceOfReading } from "@qrfactory/render/check/read-at-distances.fixture";
import { drawDesign } from "@qrfactory/render/draw/draw-design";
import { type Pixels, readers } from "@qrfactory/testing/decode";
import { rasterizeElsewhere } from "./rasterize-elsewhere.js";
import type { Part, Style } from "./style-matrix.js";

/**
 * Decoders that have to read every image. The third is asked where one of them cannot: is it weak, or the image bad?
 */
export const required = ["zxing-cpp", "qr"] as const;

/** A decoder's name → the distance at which it read the image, null where it never did. */
export type Distances = Record<(typeof required)[number], number | null> & { jsqr?: number | null };

/** Outcome of one image: the refusal, or the decoders that read it. */
export type Outcome = { style: Style } & ({ refusal: string } | { distances: Distances });

const logo = starLogo("#7b1e3b");

/** Draws and reads every style of one part, in a thread of the pool. */
export default async function readPart({ groups, format }: Part): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const group of groups) outcomes.push(...(await readGroup(group, format)));
  return outcomes;
}

async function readGroup(styles: Style[], format: ImageFormat): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const drawn: { style: Style; bytes: Buffer }[] = [];
  for (const style of styles) {
    const image = await drawStyle(style);
    if (typeof image === "string") outcomes.push({ style, refusal: image });
    else drawn.push({ style, bytes: image });
  }
  const pictures = await rasterizeElsewhere(
    drawn.map(({ bytes }) => bytes),
    format,
  );
  for (const [i, { style }] of drawn.entries()) {
    const pixels = pictures[i] as (typeof pictures)[number];
    outcomes.push({ style, distances: await distancesOf(pixels, style.fields.data) });
  }
  return outcomes;
}

async function distancesOf(pixels: Pixels, text: string): Promise<Distances> {
  const distanceFor = (name: keyof typeof readers) => distanceOfReading(pixels, text, readers[name]);
  const distances: Distances = { "zxing-cpp": await distanceFor("zxing-cpp"), qr: await distanceFor("qr") };
  if (required.some((name) => distances[name] === null)) distances.jsqr = await distanceFor("jsqr");
  return distances;
}

/** The bytes of the image, or why the service refuses it. */
async function drawStyle({ fields, hasLogo }: Style): Promise<Buffer | string> {
  const { design } = readDesign(fields, plans.enterprise, hasLogo ? { logo: "0".repeat(64) } : {});
  const { bytes, scan } = await drawDesign(design, { checked: true, pictures: hasLogo ? { logo } : {} });
  return scan?.isReadable ? bytes : (scan?.advice ?? "not checked");
}
