// Nothing unscannable leaves: what was drawn is read back by independent decoders from the same pixels, as delivered
// and as a poor camera sees them, and judged by what makes codes fail outside a laboratory.
import { composite, contrastRatio, luminance, type Rgba } from "@qrfactory/domain/design/color";
import { isSquares } from "@qrfactory/drawing/paint/indexed-png";
import type { Scene } from "@qrfactory/drawing/scene/shapes";
import { surfaceOf } from "@qrfactory/drawing/scene/surface";
import { readBack, type Seen, seenModulePx } from "./read-back.js";
import { type ScanTraits, scanScore } from "./scan-score.js";

/**
 * Below this, cameras lose modules in ordinary light, whatever a decoder makes of perfect pixels: yellow on white has
 * 1.07, cyan 1.25, light grey (#ccc) 1.6, orange 1.975. Of 12,800 random designs that were delivered from 1.8 on, three
 * were read by one of three decoders only, all of them between 1.93 and 1.97.
 */
const contrastMin = 1.97;

/** From here on more contrast reads no better: it is what WCAG 2.2 asks of text. */
export const contrastEnough = 4.5;

/** The quiet zone that the standard asks for (ISO/IEC 18004:2015, 6.3.8). */
export const quietZoneModules = 4;

/** Verdict on a drawn image. */
export type ScanResult = {
  isReadable: boolean;
  /** 0 when it is not readable; else as `scanScore` says, 1 to 100. */
  score: number;
  /** Advice in a sentence; empty when it is readable. */
  advice: string;
};

/** A drawn image, before its surface is known. */
export type Drawn = Omit<Seen, "substrate">;

/** Reads a scene back, and judges it. */
export async function checkScan(scene: Scene, text: string, drawn: Drawn): Promise<ScanResult> {
  const traits = await traitsOf(scene, text, drawn);
  if (typeof traits === "string") return { isReadable: false, score: 0, advice: traits };
  return { isReadable: true, score: scanScore(traits), advice: "" };
}

/** Facts of the score, or advice where a scene is not readable. */
export async function traitsOf(scene: Scene, text: string, drawn: Drawn): Promise<ScanTraits | string> {
  const { contrast, isInverted, advice } = judgeColors(scene);
  if (advice !== "") return advice;
  const { substrate } = surfaceOf(scene);
  const reading = await readBack(scene, text, { ...drawn, substrate });
  if ("failure" in reading) return adviceFor(scene, drawn, reading.failure);
  const modulePx = Math.floor(drawn.widthPx / scene.side);
  const { side, quietZone } = scene;
  return { ...scene.style, ...reading, contrast, isInverted, side, modulePx, quietZone };
}

/** Verdict on the colours of a scene. */
export type ColorVerdict = {
  /** Of the ink that differs least from what it stands on, 1 to 21. */
  contrast: number;
  /** Light on dark. */
  isInverted: boolean;
  /** Advice in a sentence; empty when cameras can tell the colours apart. */
  advice: string;
};

/** Verdict on the colours alone. */
export function judgeColors(colors: Pick<Scene, "background" | "inks">): ColorVerdict {
  const { ground } = surfaceOf(colors);
  const inks = colors.inks.map(({ field, color }) => ({ field, ...comparedWith(ground, color) }));
  const weakest = inks.reduce((a, b) => (b.contrast < a.contrast ? b : a));
  const isInverted = inks[0]?.isLighter === true;
  const verdict = { contrast: weakest.contrast, isInverted };
  if (weakest.contrast < contrastMin) {
    const advice =
      `${weakest.field} and background differ too little (contrast ${weakest.contrast.toFixed(2)} to 1); ` +
      `choose at least ${contrastMin} to 1, better ${contrastEnough} to 1.`;
    return { ...verdict, advice };
  }
  const other = inks.find((ink) => ink.isLighter !== isInverted);
  if (!other) return { ...verdict, advice: "" };
  const [all, one] = isInverted ? ["lighter", "darker"] : ["darker", "lighter"];
  return {
    ...verdict,
    advice: `${other.field} is ${one} than background where the other colours are ${all}; make all of them ${all}.`,
  };
}

function comparedWith(ground: Rgba, color: Rgba): { contrast: number; isLighter: boolean } {
  const ink = composite(color, ground);
  return { contrast: contrastRatio(ink, ground), isLighter: luminance(ink) > luminance(ground) };
}

/** Says what happened and, of what would help, what this scene has not got already. */
function adviceFor(scene: Scene, { widthPx }: Drawn, happened: string): string {
  const changes = [
    ...(scene.quietZone < quietZoneModules ? [`a quiet_zone of ${quietZoneModules}`] : []),
    ...(widthPx < seenModulePx * scene.side
      ? [`a size of ${Math.ceil(seenModulePx * scene.side)} pixels or more`]
      : []),
    ...(isSquares(scene) ? [] : ["pattern squares or rounded", "plainer eyes"]),
    "a higher error_correction",
    "more contrast",
  ];
  return `the code ${happened}; try ${changes.slice(0, -1).join(", ")} or ${changes.at(-1)}.`;
}
