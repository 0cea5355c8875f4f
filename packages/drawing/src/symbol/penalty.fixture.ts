// The penalty rules of ISO/IEC 18004:2015, 7.8.3, word for word, module by module: what the fast ones are compared
// with.

/** A square of modules as rows; 1 is dark. */
export type Cells = number[][];

/** Rules 1 and 3 for one line of modules, a row or a column. */
export function linePenalty(line: number[]): number {
  const text = line.join("");
  const runs = (text.match(/0{5,}|1{5,}/g) ?? []).reduce((sum, run) => sum + 3 + run.length - 5, 0);
  // The quiet zone is light.
  const around = `0000${text}0000`;
  let finders = 0;
  for (let i = 0; i < text.length; i++) {
    if (around.slice(i + 4, i + 11) !== "1011101") continue;
    if (around.slice(i, i + 4) === "0000" || around.slice(i + 11, i + 15) === "0000") finders++;
  }
  return runs + 40 * finders;
}

/** Rules 2 and 4. */
export function blockPenalty(cells: Cells): number {
  let blocks = 0;
  let dark = 0;
  const at = (x: number, y: number) => cells[y]?.[x] as number;
  for (let y = 0; y < cells.length; y++) {
    for (let x = 0; x < cells.length; x++) {
      dark += at(x, y);
      const isInside = x + 1 < cells.length && y + 1 < cells.length;
      const sum = isInside ? at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1) : 1;
      if (sum === 0 || sum === 4) blocks++;
    }
  }
  const percent = (100 * dark) / cells.length ** 2;
  return 3 * blocks + 10 * Math.floor(Math.abs(percent - 50) / 5 + 1e-9);
}

/** The whole penalty of a symbol. */
export function literalPenalty(cells: Cells): number {
  const columns = cells.map((_, x) => cells.map((row) => row[x] as number));
  return [...cells, ...columns].reduce((sum, line) => sum + linePenalty(line), blockPenalty(cells));
}
