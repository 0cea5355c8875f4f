// The fonts of tests, out of the installed packages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Family, type FontFiles, fontPackages } from "./label/fonts.js";

const require = createRequire(import.meta.url);
const decompressWoff2: (file: Uint8Array) => Promise<Uint8Array> = require("wawoff2/decompress.js");

/** Families of which tests have the packages. */
const installed: readonly Family[] = ["sans", "arabic", "hebrew", "thai", "emoji", "sc", "jp", "kr"];

const indexOf = (family: Family) => require.resolve(`@fontsource-variable/${fontPackages[family]}/unicode.json`);

/** Fonts in woff2, unpacked when they are asked for. */
export const fontFiles: FontFiles = {
  subsetsOf: (family) => (installed.includes(family) ? JSON.parse(readFileSync(indexOf(family), "utf8")) : {}),
  read: (family, subset) => {
    const file = `${fontPackages[family]}-${subset.replace(/[[\]]/g, "")}-wght-normal.woff2`;
    return decompressWoff2(readFileSync(join(dirname(indexOf(family)), "files", file)));
  },
};
