// Colours as the API spells them, as the product keeps them, and how well two of them can be told apart. One colour has
// one normal form, so that equal designs are equal in every spelling.

/** Red, green, blue and alpha, 0 to 255 each, not premultiplied. */
export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

const named: Record<string, string> = { black: "#000000ff", white: "#ffffffff" };

/** All fully transparent colours are one: their red, green and blue change no pixel. */
const transparent = "#00000000";

const hexPattern = /^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$/;

/**
 * The normal form `#rrggbbaa` of `black`, `white`, `transparent`, `#RGB`, `#RRGGBB` or `#RRGGBBAA`, else null.
 * Every colour with alpha 0 is `#00000000`.
 */
export function normalizeColor(text: string): string | null {
  if (text === "transparent") return transparent;
  if (Object.hasOwn(named, text)) return named[text] ?? null;
  if (!hexPattern.test(text)) return null;
  const digits = text.slice(1).toLowerCase();
  const long = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const normal = `#${long.padEnd(8, "f")}`;
  return normal.endsWith("00") ? transparent : normal;
}

/** The components of a colour in normal form. */
export function rgbaOf(normal: string): Rgba {
  const value = Number.parseInt(normal.slice(1), 16);
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** `over` painted on `under` (the "over" operator of Porter and Duff, 1984); components are rounded. */
export function composite(over: Rgba, under: Rgba): Rgba {
  const [overAlpha, underAlpha] = [over[3] / 255, under[3] / 255];
  const alpha = overAlpha + underAlpha * (1 - overAlpha);
  if (alpha === 0) return [0, 0, 0, 0];
  const mix = (a: number, b: number) => Math.round((a * overAlpha + b * underAlpha * (1 - overAlpha)) / alpha);
  return [mix(over[0], under[0]), mix(over[1], under[1]), mix(over[2], under[2]), Math.round(alpha * 255)];
}

/** Relative luminance of an opaque colour, 0 (black) to 1 (white), as WCAG 2.2 defines it. Alpha is ignored. */
export function luminance([red, green, blue]: Rgba): number {
  const linear = (component: number) => {
    const share = component / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** Contrast ratio of two opaque colours, 1 (the same) to 21 (black on white), as WCAG 2.2 defines it. */
export function contrastRatio(a: Rgba, b: Rgba): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/**
 * The surface under a see-through ground: white under dark ink, black under light; its user has such a surface in
 * mind.
 */
export function substrateUnder(ink: Rgba): Rgba {
  return luminance(ink) > 0.5 ? [0, 0, 0, 255] : [255, 255, 255, 255];
}
