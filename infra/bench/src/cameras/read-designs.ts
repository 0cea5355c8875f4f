// One design under the cameras: drawn by every maker, distorted in every way, read by every decoder.
import { type Design, readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import type { ScanTraits } from "@qrfactory/render/check/scan-score";
import { type DecoderName, decoderNames, readAll } from "./decoders.js";
import { type CameraDesign, randomDesign } from "./designs.js";
import { type Distortion, distort, distortionNames } from "./distortions.js";
import { type MakerName, makeAll } from "./makers.js";

/** Which decoders read the picture of one maker under each distortion. */
export type Readings = { maker: MakerName; traits?: ScanTraits; readBy: Record<Distortion, DecoderName[]> };

/**
 * A design, and what became of each picture of it; `refused` counts the designs drawn before it that were not
 * delivered.
 */
export type Measured = { design: CameraDesign; readings: Readings[]; refused: number };

/** Seeds that one design may try until the service delivers one. */
const attemptsMax = 20;

/** A design to measure: the first from a seed on, of ours alone or beside the peers. */
export type Task = { seed: number; alone: boolean };

/** Measures the first design from a seed on that is delivered. */
export async function measureDesign({ seed, alone }: Task): Promise<Measured> {
  for (let refused = 0; refused < attemptsMax; refused++) {
    const design = randomDesign(seed + refused);
    const made = await makeAll(design, { alone });
    if (!made) continue;
    const { text } = textOf(design);
    const pictures = [];
    for (const { pixels, modulePx } of made) {
      for (const name of distortionNames) pictures.push(await distort(pixels, name, { modulePx, seed }));
    }
    const texts = await readAll(pictures);
    const readings = made.map(({ maker, traits }, i): Readings => {
      const readBy = distortionNames.map((name, j) => {
        const read = texts[i * distortionNames.length + j] as (typeof texts)[number];
        return [name, decoderNames.filter((decoder) => read[decoder] === text)] as const;
      });
      return { maker, ...(traits ? { traits } : {}), readBy: Object.fromEntries(readBy) as Readings["readBy"] };
    });
    return { design, readings, refused };
  }
  throw new Error(`Of ${attemptsMax} designs from seed ${seed} on none was delivered.`);
}

const textOf = ({ fields }: CameraDesign): Pick<Design, "text"> => readDesign(fields, plans.enterprise).design;
