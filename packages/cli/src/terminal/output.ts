// What a person or a program sees: text and tables, or JSON; colour and progress only where there is a terminal.

type Stream = NodeJS.WriteStream;
type Env = Record<string, string | undefined>;

export type Output = {
  isJson: boolean;
  isTerminal: boolean;
  /** A line of the result. */
  line(text: string): void;
  /** A document, where JSON is wanted; else what `show` writes. */
  result(document: unknown, show: () => void): void;
  /** A sentence beside the result: to standard error, and not at all where JSON is wanted. */
  note(text: string): void;
  bytes(bytes: Uint8Array): void;
  table(head: string[], rows: (string | number)[][]): void;
  bold(text: string): string;
  /** Shows how far something is; `done` removes it. */
  progress(done: number, total: number): void;
  endProgress(): void;
};

const barWidth = 30;

/** Control characters of what others wrote would steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
const clean = (text: string) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "�");

/** Makes the output of a run. Colour follows NO_COLOR (no-color.org), TERM and whether there is a terminal. */
export function makeOutput(stdout: Stream, stderr: Stream, env: Env, isJson: boolean): Output {
  const isTerminal = stdout.isTTY === true;
  const hasColour = isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
  const showsProgress = stderr.isTTY === true && !isJson && env.TERM !== "dumb";
  const bold = (text: string) => (hasColour ? `\u001b[1m${text}\u001b[22m` : text);
  const line = (text: string) => void stdout.write(`${text}\n`);

  function table(head: string[], rows: (string | number)[][]): void {
    const texts = rows.map((row) => row.map((cell) => clean(String(cell)).replaceAll("\n", " ")));
    const widths = head.map((name, at) => Math.max(name.length, ...texts.map((row) => (row[at] ?? "").length)));
    const lineOf = (row: string[]) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd();
    line(bold(lineOf(head)));
    for (const row of texts) line(lineOf(row));
  }

  function progress(done: number, total: number): void {
    if (!showsProgress) return;
    const filled = total === 0 ? barWidth : Math.round((done / total) * barWidth);
    stderr.write(`\r${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${done}/${total}\u001b[K`);
  }

  return {
    isJson,
    isTerminal,
    bold,
    line: (text) => line(clean(text)),
    table,
    progress,
    result: (document, show) => (isJson ? line(JSON.stringify(document)) : show()),
    note: (text) => void (!isJson && stderr.write(`${clean(text)}\n`)),
    bytes: (bytes) => void stdout.write(bytes),
    endProgress: () => void (showsProgress && stderr.write("\r\u001b[K")),
  };
}
