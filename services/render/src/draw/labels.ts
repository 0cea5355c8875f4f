// The labels that the service draws, with the fonts of its packages: woff2 files, unpacked when they are needed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Design } from "@qrfactory/domain/design/design";
import { shapeLabel } from "@qrfactory/drawing/drawing";
import { type Family, type FontFiles, fontPackages } from "@qrfactory/drawing/label/fonts";
import { type FrameLabel, requireLegible } from "@qrfactory/drawing/label/frame-label";
import { makeShapeLine } from "@qrfactory/drawing/label/shaper";
import decompressWoff2 from "wawoff2/decompress.js";

const { resolve } = createRequire(import.meta.url);

const indexOf = (family: Family) => resolve(`@fontsource-variable/${fontPackages[family]}/unicode.json`);

/** The fonts of the installed packages. */
const fontFiles: FontFiles = {
  subsetsOf: (family) => JSON.parse(readFileSync(indexOf(family), "utf8")),
  read: (family, subset) => {
    // Numbered subsets stand in brackets in the index, and without them in names of files.
    const file = `${fontPackages[family]}-${subset.replace(/[[\]]/g, "")}-wght-normal.woff2`;
    return decompressWoff2(readFileSync(join(dirname(indexOf(family)), "files", file)));
  },
};

/** Shapes a line of a label, as `makeShapeLine` says. */
export const shapeLine = makeShapeLine(fontFiles);

/**
 * The label of a design around a symbol of so many modules, or null where it has none. Throws `validation_failed` for
 * characters that no bundled font draws, and for more of them than can be read at the size of the image.
 */
export async function shapeLegible(
  design: Pick<Design, "frame" | "quietZone" | "widthPx">,
  symbolSide: number,
): Promise<FrameLabel | null> {
  const { frame, quietZone, widthPx } = design;
  const label = await shapeLabel(design, shapeLine);
  if (frame && label) requireLegible(label, { frame, symbolSide, quietZone, widthPx });
  return label;
}

/** Loads the shaper and the font that most labels need, some 60 ms, so that no request waits for it. */
export async function loadShaper(): Promise<void> {
  await shapeLine("Scan");
}
