// The fonts that labels are drawn with: Noto Sans and Noto Emoji (SIL Open Font License 1.1), each family in small
// subsets. Only the subsets that a label needs are read, and the last ones used are kept. Files are handed in.
import type { Font } from "harfbuzzjs";

/** Bold: a label competes with a symbol that is half black. */
const weight = 700;

/** Unpacked subsets that are kept; each takes some 0.1 to 0.5 MB. */
const fontsKeptMax = 48;

/** Family → the package of Fontsource that brings it, in subsets of variable weight. */
export const fontPackages = {
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

/** Name of a font family. */
export type Family = keyof typeof fontPackages;

/** Where fonts come from. */
export type FontFiles = {
  /**
   * Subset → the code points that it was made for, as `U+20-7e,U+a0`: the `unicode.json` of a Fontsource package. Empty
   * for a family that is not there.
   */
  subsetsOf: (family: Family) => Readonly<Record<string, string>>;
  /** The TrueType or OpenType font of a subset, named as in `subsetsOf`. */
  read: (family: Family, subset: string) => Promise<Uint8Array>;
};

/** A subset of a family: the code points that it was made for. */
type Subset = { family: Family; name: string; ranges: [first: number, last: number][] };

/** A subset, ready to shape with. HarfBuzz counts in font units. */
export type LoadedFont = { family: Family; font: Font; unitsPerEm: number };

/** Fonts that are read when a label needs them. */
export type Fonts = {
  /** The first font of these families that has a glyph for a code point, or null. */
  find: (codePoint: number, inFamilies: readonly Family[]) => Promise<LoadedFont | null>;
};

/** Fonts out of files, the last ones used at hand. */
export function makeFonts(files: FontFiles): Fonts {
  const subsets = new Map<Family, Subset[]>();
  const loaded = new Map<Subset, Promise<LoadedFont>>();

  function subsetsOf(family: Family): Subset[] {
    let known = subsets.get(family);
    if (!known) {
      known = Object.entries(files.subsetsOf(family)).map(([name, list]) => ({
        family,
        name,
        ranges: list.split(",").map(parseRange),
      }));
      subsets.set(family, known);
    }
    return known;
  }

  function load(subset: Subset): Promise<LoadedFont> {
    const font = loaded.get(subset) ?? read(files, subset);
    // Put last again: the map is in the order of use.
    loaded.delete(subset);
    loaded.set(subset, font);
    for (const oldest of loaded.keys()) {
      if (loaded.size <= fontsKeptMax) break;
      loaded.delete(oldest);
    }
    return font;
  }

  return {
    async find(codePoint, inFamilies) {
      for (const family of inFamilies) {
        for (const subset of subsetsOf(family)) {
          if (!subset.ranges.some(([first, last]) => first <= codePoint && codePoint <= last)) continue;
          const font = await load(subset);
          // The ranges are those of the web page that the subset was made for; the font itself may hold fewer.
          if (hasGlyph(font, codePoint)) return font;
        }
      }
      return null;
    },
  };
}

/** `U+4e00-4eff` or `U+20`. */
function parseRange(text: string): [number, number] {
  const [first = "", last = first] = text.trim().slice(2).split("-");
  return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
}

/** Whether a font can draw a code point. */
export function hasGlyph({ font }: LoadedFont, codePoint: number): boolean {
  return (font.nominalGlyph(codePoint) ?? 0) !== 0;
}

/** Whether a font holds emoji, and other characters only as parts of them. */
export const isEmojiFont = ({ family }: LoadedFont): boolean => family === "emoji";

async function read(files: FontFiles, { family, name }: Subset): Promise<LoadedFont> {
  const { Blob, Face, Font, Variation } = await import("harfbuzzjs");
  const face = new Face(new Blob(await files.read(family, name)));
  const font = new Font(face);
  font.setVariations([new Variation("wght", weight)]);
  return { family, font, unitsPerEm: face.upem };
}
