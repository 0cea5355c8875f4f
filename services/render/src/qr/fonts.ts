// The fonts that labels are drawn with: Noto Sans and Noto Emoji (SIL Open Font License 1.1), from npm packages that
// hold each family in small subsets. Only the subsets that a label needs are unpacked, and the last ones used are kept.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Font } from "harfbuzzjs";
import decompressWoff2 from "wawoff2/decompress.js";

/** Bold: a label competes with a symbol that is half black. */
const weight = 700;

/** Unpacked subsets that are kept; each takes some 0.1 to 0.5 MB. */
const fontsKeptMax = 48;

const families = {
  sans: "noto-sans",
  arabic: "noto-sans-arabic",
  hebrew: "noto-sans-hebrew",
  thai: "noto-sans-thai",
  bengali: "noto-sans-bengali",
  tamil: "noto-sans-tamil",
  georgian: "noto-sans-georgian",
  armenian: "noto-sans-armenian",
  emoji: "noto-emoji",
  sc: "noto-sans-sc",
  jp: "noto-sans-jp",
  kr: "noto-sans-kr",
} as const;
export type Family = keyof typeof families;

/** A subset of a family: the code points that it was made for, and where its file is. */
type Subset = { name: string; ranges: [first: number, last: number][]; file: string };

/** A subset, ready to shape with. HarfBuzz counts in font units. */
export type LoadedFont = { name: string; font: Font; unitsPerEm: number };

const subsets = new Map<Family, Subset[]>();
const loaded = new Map<string, Promise<LoadedFont>>();

function subsetsOf(family: Family): Subset[] {
  let known = subsets.get(family);
  if (!known) {
    const name = families[family];
    const index = createRequire(import.meta.url).resolve(`@fontsource-variable/${name}/unicode.json`);
    const ranges = JSON.parse(readFileSync(index, "utf8")) as Record<string, string>;
    known = Object.entries(ranges).map(([key, list]) => {
      const subset = key.replace(/[[\]]/g, "");
      const file = join(dirname(index), "files", `${name}-${subset}-wght-normal.woff2`);
      return { name: `${name}-${subset}`, ranges: list.split(",").map(parseRange), file };
    });
    subsets.set(family, known);
  }
  return known;
}

/** `U+4e00-4eff` or `U+20`. */
function parseRange(text: string): [number, number] {
  const [first = "", last = first] = text.trim().slice(2).split("-");
  return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
}

/** The first font of these families that has a glyph for a code point, or null. */
export async function findFont(codePoint: number, inFamilies: readonly Family[]): Promise<LoadedFont | null> {
  for (const family of inFamilies) {
    for (const subset of subsetsOf(family)) {
      if (!subset.ranges.some(([first, last]) => first <= codePoint && codePoint <= last)) continue;
      const font = await load(subset);
      // The ranges are those of the web page that the subset was made for; the font itself may hold fewer.
      if (hasGlyph(font, codePoint)) return font;
    }
  }
  return null;
}

/** Whether a font can draw a code point. */
export function hasGlyph({ font }: LoadedFont, codePoint: number): boolean {
  return (font.nominalGlyph(codePoint) ?? 0) !== 0;
}

/** Whether a font holds emoji, and other characters only as parts of them. */
export const isEmojiFont = ({ name }: LoadedFont): boolean => name.startsWith(families.emoji);

function load(subset: Subset): Promise<LoadedFont> {
  const font = loaded.get(subset.name) ?? read(subset);
  // Put last again: the map is in the order of use.
  loaded.delete(subset.name);
  loaded.set(subset.name, font);
  for (const oldest of loaded.keys()) {
    if (loaded.size <= fontsKeptMax) break;
    loaded.delete(oldest);
  }
  return font;
}

async function read({ name, file }: Subset): Promise<LoadedFont> {
  const { Blob, Face, Font, Variation } = await import("harfbuzzjs");
  const face = new Face(new Blob(await decompressWoff2(readFileSync(file))));
  const font = new Font(face);
  font.setVariations([new Variation("wght", weight)]);
  return { name, font, unitsPerEm: face.upem };
}
