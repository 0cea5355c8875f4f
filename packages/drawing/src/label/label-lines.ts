// How many lines a label has, by its letters alone: the room for it is measured before a font is loaded, and labels of
// a series are set alike.

/** Letters of about one em, between any two of which a line may end. */
const ideograph = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]$/u;

/** Em of other letters, on average. */
const narrow = 0.55;

/** Em that a line holds at its full size, and half as much again, by which it may shrink before it is broken. */
const lineEmMax = 16;

/** The lines of a label: none, one, or two as equal as its words allow where one would be small. */
export function linesOf(label: string): string[] {
  if (label === "") return [];
  const characters = [...label];
  const widths = characters.map((character) => (ideograph.test(character) ? 1 : narrow));
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (total <= lineEmMax) return [label];
  let before = 0;
  let [split, distance] = [-1, Number.POSITIVE_INFINITY];
  for (let at = 1; at < characters.length; at++) {
    before += widths[at - 1] as number;
    const [left, right] = [characters[at - 1] as string, characters[at] as string];
    const mayBreak = right === " " || (ideograph.test(left) && ideograph.test(right));
    if (mayBreak && Math.abs(total / 2 - before) < distance) [split, distance] = [at, Math.abs(total / 2 - before)];
  }
  const halves = [characters.slice(0, split).join("").trim(), characters.slice(split).join("").trim()];
  return split > 0 && halves.every((half) => half !== "") ? halves : [label];
}
