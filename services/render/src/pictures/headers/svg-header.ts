// An SVG of shapes alone (W3C, SVG 1.1 and 2), written anew with a size in pixels. It is drawn by librsvg in the
// decoder's process; elements that could lead out of the file, or would look different on another machine, are refused
// before.
import { headerDamaged, type ReadHeader, type Refuse } from "./header-reader.js";

/** A logo has some kilobytes; a larger file was traced from a photograph. */
const bytesMax = 500_000;
const elementsMax = 20_000;
/** Each may repeat what repeats something itself: thirty come to 59,000 at the most, ninety to a billion. */
const usesMax = 30;

/** Longest side of the picture that is drawn of it; the other is at least a pixel. */
const sidePx = 1_024;
/** Sides of a drawing that is a line rather than a picture. */
const ratioMax = 100;

/** Elements for which a decoder goes over the picture once more, as far as its cost is foreseen. */
const elementsAPass = 50;
const passesMax = 100;

type Fault = [pattern: RegExp, reason: string];

const faults: Fault[] = [
  [/<!ENTITY|<!DOCTYPE[^>]*\[/i, "Use an SVG without entities; save it anew as plain SVG."],
  [/<(?:[^\s<>/:]+:)?script\b/i, "Use an SVG without scripts; save it anew as plain SVG."],
  [
    /<(?:[^\s<>/:]+:)?(?:image|feImage|foreignObject|iframe|video|audio)\b/i,
    "Use an SVG of shapes alone; this one holds other pictures or documents. Send those as PNG or JPEG.",
  ],
  [
    /<(?:[^\s<>/:]+:)?text\b/i,
    "Convert the text of the SVG to outlines: what it looks like depends on the fonts of each machine.",
  ],
  [
    /\bhref\s*=\s*["']\s*(?!#)[^"'\s]|url\(\s*["']?\s*(?!#)[^"')\s]|@import/i,
    "The SVG refers to something outside of itself; embed all of it as shapes.",
  ],
];

/** Reads an SVG; throws for one that is not well kept, too long, or more than shapes. */
export function readSvg(bytes: Buffer, refuse: Refuse): ReadHeader {
  if (bytes.length > bytesMax) throw refuse(`Use an SVG of at most ${bytesMax / 1_000} kB, or send a PNG.`);
  const text = decode(bytes, refuse).replace(/<!--[\s\S]*?-->/g, "");
  const [, reason] = faults.find(([pattern]) => pattern.test(text)) ?? [];
  if (reason) throw refuse(reason);
  const root = /<svg\b([^>]*)>/i.exec(text);
  if (!root) throw refuse(headerDamaged);
  const elements = text.split("<").length - 1;
  if (elements > elementsMax) throw refuse(`Use an SVG of at most ${elementsMax} elements, or send a PNG.`);
  if ((text.match(/<(?:[^\s<>/:]+:)?use\b/gi) ?? []).length > usesMax) {
    throw refuse(`The SVG repeats shapes by more than ${usesMax} use elements; save it with each drawn by itself.`);
  }
  const { width, height, attributes } = sizedRoot(attributesOf(root[1] as string), refuse);
  const isEmpty = (root[1] as string).trimEnd().endsWith("/");
  // The declaration may name another encoding than the one that it is written in now.
  const body = text.slice(root.index + root[0].length);
  const written = `<svg ${attributes}${isEmpty ? "/" : ""}>${body}`;
  const passes = Math.min(passesMax, 1 + Math.floor(elements / elementsAPass));
  return { width, height, passes, parts: [Buffer.from(written)] };
}

function decode(bytes: Buffer, refuse: Refuse): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse("Save the SVG in UTF-8.");
  }
}

function attributesOf(text: string): Map<string, string> {
  const found = text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return new Map([...found].map(([, name = "", double, single]) => [name, double ?? single ?? ""]));
}

/** The root with a size in pixels, and a view box where it had none. */
function sizedRoot(root: Map<string, string>, refuse: Refuse) {
  const box = (root.get("viewBox") ?? "")
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const [boxWidth, boxHeight] = box.length === 4 ? [box[2] as number, box[3] as number] : [Number.NaN, Number.NaN];
  const [asked, askedHeight] = [lengthOf(root.get("width")), lengthOf(root.get("height"))];
  const own = asked && askedHeight ? { width: asked, height: askedHeight } : { width: boxWidth, height: boxHeight };
  const ratio = own.width / own.height;
  if (!(own.width > 0 && own.height > 0) || !(ratio < ratioMax && ratio > 1 / ratioMax)) {
    throw refuse("Give the SVG a viewBox, or a width and a height.");
  }
  const scale = sidePx / Math.max(own.width, own.height);
  const [width, height] = [own.width, own.height].map((side) => Math.max(1, Math.round(side * scale))) as [
    number,
    number,
  ];
  const named = new Map([
    ["xmlns", "http://www.w3.org/2000/svg"],
    ...root,
    ["width", String(width)],
    ["height", String(height)],
  ]);
  if (!(boxWidth > 0 && boxHeight > 0)) named.set("viewBox", `0 0 ${own.width} ${own.height}`);
  const attributes = [...named].map(([name, value]) => `${name}="${value.replaceAll('"', "&quot;")}"`).join(" ");
  return { width, height, attributes };
}

/** Pixels in a unit of CSS (CSS Values 4, 6.2). */
const units: Record<string, number> = {
  "": 1,
  px: 1,
  pt: 4 / 3,
  pc: 16,
  mm: 96 / 25.4,
  cm: 96 / 2.54,
  in: 96,
  q: 24 / 25.4,
};

/** Pixels of a length; null where there is none, or one that depends on what is around. */
function lengthOf(text: string | undefined): number | null {
  const [, number, unit = ""] = /^\s*\+?(\d*\.?\d+(?:e[+-]?\d+)?)\s*([a-z]*)\s*$/i.exec(text ?? "") ?? [];
  const pixels = Number(number) * (units[unit.toLowerCase()] ?? Number.NaN);
  return Number.isFinite(pixels) && pixels > 0 ? pixels : null;
}
