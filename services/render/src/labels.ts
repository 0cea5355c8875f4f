// The labels that the service draws, with the fonts of its packages: woff2 files, unpacked when they are needed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Family, type FontFiles, fontPackages } from "@qrfactory/drawing/label/fonts";
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

/** Loads the shaper and the font that most labels need, some 60 ms, so that no request waits for it. */
export async function loadShaper(): Promise<void> {
  await shapeLine("Scan");
}
