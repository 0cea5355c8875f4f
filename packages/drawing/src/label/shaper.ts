// From the text of a label to outlines: bidirectional order (Unicode Standard Annex 9), fonts by what they cover,
// shaping by HarfBuzz. Only fonts that are handed in are used, so a label looks the same in every format and on every
// machine.
import { type ApiError, invalidField } from "@qrfactory/domain/http/errors";
import bidiFactory from "bidi-js";
import { closePath, curveTo, lineTo, moveTo, newPath, type Path } from "../scene/path.js";
import { type Family, type FontFiles, type Fonts, hasGlyph, isEmojiFont, type LoadedFont, makeFonts } from "./fonts.js";

/** A line of text in em: the baseline at y = 0, y downwards, the first glyph at x = 0. */
export type LabelOutline = {
  path: Path;
  /** Of the advances of all glyphs. */
  width: number;
  /** Of the ink; `top` is above `bottom`, so less. */
  top: number;
  bottom: number;
};

// The package's types describe its ES module, whose export is the function; Node.js loads the other one, which is it.
const bidi = (bidiFactory as unknown as typeof bidiFactory.default)();

type Run = { text: string; font: LoadedFont; level: number };

/** Shapes a line. Throws `validation_failed` naming the characters that no font draws, and where nothing shows. */
export type ShapeLine = (text: string) => Promise<LabelOutline>;

/** Shapes lines with the fonts in these files. */
export function makeShapeLine(files: FontFiles): ShapeLine {
  const fonts = makeFonts(files);
  return async function shapeLine(text) {
    const runs = inVisualOrder(await splitRuns(text, fonts));
    const path = newPath();
    let width = 0;
    for (const run of runs) width += await shapeRun(path, run, width);
    if (path.ops.length === 0) {
      throw invalidField("frame_label", "The label shows nothing: it needs at least one visible character.");
    }
    return { path, width, ...extentOf(path) };
  };
}

/** Ideographs are drawn as the language of the label writes them, as far as its other letters tell. */
function familiesFor(text: string): Family[] {
  const han: Family[] = /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)
    ? ["jp", "sc", "kr"]
    : /\p{Script=Hangul}/u.test(text)
      ? ["kr", "sc", "jp"]
      : ["sc", "jp", "kr"];
  return ["sans", "arabic", "hebrew", "thai", "bengali", "tamil", "georgian", "armenian", "emoji", ...han];
}

/** Splits into runs of one font and one bidirectional level, in logical order. */
async function splitRuns(text: string, fonts: Fonts): Promise<Run[]> {
  const { levels } = bidi.getEmbeddingLevels(text);
  const families = familiesFor(text);
  const missing = new Set<string>();
  const runs: Run[] = [];
  let at = 0;
  for (const character of text) {
    const level = levels[at] as number;
    at += character.length;
    const last = runs.at(-1);
    const font = await fontFor(character, { previous: last?.font ?? null, families, fonts });
    if (!font) missing.add(character);
    else if (last?.font === font && last.level === level) last.text += character;
    else runs.push({ text: character, font, level });
  }
  if (missing.size > 0) throw notCovered([...missing]);
  return runs;
}

/** Joiners, marks and selectors shape what they stand beside; a font need not have glyphs for them. */
const invisible = /^[\p{Default_Ignorable_Code_Point}]$/u;
/** Characters common to all scripts stay in the font of those before them. */
const shared = /^[\p{Script=Common}\p{Script=Inherited}]$/u;

/** Characters that continue a run of emoji: digits and spaces of an emoji font are those of keycaps. */
const pictograph = /^[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]$/u;

type FontChoice = { previous: LoadedFont | null; families: readonly Family[]; fonts: Fonts };

async function fontFor(character: string, { previous, families, fonts }: FontChoice): Promise<LoadedFont | null> {
  const codePoint = character.codePointAt(0) as number;
  const stays = previous && isEmojiFont(previous) ? pictograph : shared;
  if (previous && (invisible.test(character) || (stays.test(character) && hasGlyph(previous, codePoint)))) {
    return previous;
  }
  return fonts.find(codePoint, families);
}

function notCovered(characters: string[]): ApiError {
  const named = characters.slice(0, 10).map((character) => {
    const codePoint = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
    return `${character} (U+${codePoint})`;
  });
  const message =
    `No bundled font draws ${named.join(", ")}. There are Latin, Greek, Cyrillic, Devanagari, Arabic, Hebrew, ` +
    "Thai, Bengali, Tamil, Georgian, Armenian, Chinese, Japanese, Korean, and emoji.";
  return invalidField("frame_label", message);
}

/** Rule L2: from the highest level down to the lowest odd one, sequences of runs are turned around. */
function inVisualOrder(runs: Run[]): Run[] {
  const out = [...runs];
  const highest = Math.max(...out.map((run) => run.level));
  for (let level = highest; level >= 1; level--) {
    for (let from = 0; from < out.length; from++) {
      let to = from;
      while (to < out.length && (out[to] as Run).level >= level) to++;
      if (to > from) out.splice(from, to - from, ...out.slice(from, to).reverse());
      from = to;
    }
  }
  return out;
}

/** Adds the outlines of a run that begins at `startX`; returns how far it goes on. */
async function shapeRun(path: Path, { text, font, level }: Run, startX: number): Promise<number> {
  const { Buffer, Direction, shape } = await import("harfbuzzjs");
  const buffer = new Buffer();
  buffer.addText(text);
  buffer.guessSegmentProperties();
  buffer.setDirection(level % 2 === 1 ? Direction.RTL : Direction.LTR);
  shape(font.font, buffer);
  const em = font.unitsPerEm;
  let x = 0;
  for (const glyph of buffer.getGlyphInfosAndPositions()) {
    const dx = startX + (x + (glyph.xOffset ?? 0)) / em;
    drawGlyph(path, font, { glyph: glyph.codepoint, dx, dy: -(glyph.yOffset ?? 0) / em });
    x += glyph.xAdvance ?? 0;
  }
  return x / em;
}

/** Adds the outline of one glyph; fonts count upwards. */
function drawGlyph(path: Path, { font, unitsPerEm }: LoadedFont, of: { glyph: number; dx: number; dy: number }): void {
  let [penX, penY] = [0, 0];
  for (const { type, values } of font.glyphToJson(of.glyph)) {
    const at = values.map((value, i) => (i % 2 === 0 ? value / unitsPerEm + of.dx : -value / unitsPerEm + of.dy));
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = at;
    if (type === "M") moveTo(path, a, b);
    else if (type === "L") lineTo(path, a, b);
    else if (type === "C") curveTo(path, a, b, c, d, e, f);
    else if (type === "Q") {
      // A quadratic curve is the cubic one whose control points lie two thirds towards its own.
      const third = (end: number, control: number) => end + ((control - end) * 2) / 3;
      curveTo(path, third(penX, a), third(penY, b), third(c, a), third(d, b), c, d);
    } else closePath(path);
    if (at.length >= 2) [penX, penY] = at.slice(-2) as [number, number];
  }
}

/** The highest and lowest points, control points included. */
function extentOf({ numbers }: Path): { top: number; bottom: number } {
  let [top, bottom] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 1; i < numbers.length; i += 2) {
    top = Math.min(top, numbers[i] as number);
    bottom = Math.max(bottom, numbers[i] as number);
  }
  return { top, bottom };
}
