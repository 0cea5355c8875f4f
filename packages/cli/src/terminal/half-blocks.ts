// A symbol in a terminal: two modules to a character, one above the other, so that they come out square.
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";

/** Modules around the symbol: less than the standard's four, as much as readers need on a screen. */
const quietZone = 2;

/** Light on top, light below → character; light modules are drawn, since most terminals are dark. */
const blocks = { "11": "█", "10": "▀", "01": "▄", "00": " " } as const;

/**
 * The lines of a symbol with this text. Light modules are painted white and dark ones black with `colour`, so that it
 * scans on any theme. Throws a RangeError for a text that is empty or does not fit.
 */
export function drawInTerminal(text: string, colour: boolean): string[] {
  const { side, cells } = makeSymbol(text, "L").modules;
  const isLight = (x: number, y: number) => {
    const isInside = x >= 0 && y >= 0 && x < side && y < side;
    return isInside && cells[y * side + x] === 1 ? "0" : "1";
  };
  const lines: string[] = [];
  for (let y = -quietZone; y < side + quietZone; y += 2) {
    let line = "";
    for (let x = -quietZone; x < side + quietZone; x++) {
      line += blocks[`${isLight(x, y)}${isLight(x, y + 1)}` as keyof typeof blocks];
    }
    lines.push(colour ? `\u001b[97;40m${line}\u001b[0m` : line);
  }
  return lines;
}
