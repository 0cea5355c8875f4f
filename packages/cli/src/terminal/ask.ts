// Secrets from a person or a pipe: never echoed, never from the command line of others.
import { UsageError } from "../failure.js";

const interrupted = "\u0003";
const backspaces = ["\u007f", "\b"];

/** Reads a line from standard input; what is typed at a terminal is not shown. Throws `UsageError` for none. */
export async function askSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    let text = "";
    for await (const chunk of stdin.setEncoding("utf8")) text += chunk;
    const [line = ""] = text.split("\n");
    if (line.trim() === "") throw new UsageError(`${question} Give it on standard input.`);
    return line.trim();
  }
  stderr.write(`${question} `);
  stdin.setRawMode(true).setEncoding("utf8").resume();
  try {
    let text = "";
    for await (const typed of stdin) {
      for (const character of String(typed)) {
        if (character === interrupted) throw new UsageError("Interrupted.");
        if (character === "\r" || character === "\n") return text;
        text = backspaces.includes(character) ? text.slice(0, -1) : text + character;
      }
    }
    return text;
  } finally {
    stdin.setRawMode(false).pause();
    stderr.write("\n");
  }
}
