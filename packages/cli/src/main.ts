#!/usr/bin/env node
// The command: reads its arguments, acts, and says by its exit code how it went.
import { type Command, CommanderError } from "commander";
import { contextOf, type Run } from "./context.js";
import { documentOf, exitCodeOf, exitCodes, sentencesOf } from "./failure.js";
import { makeProgram } from "./program.js";
import { version } from "./version.js";

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort("interrupted"));
process.once("SIGTERM", () => interrupted.abort("ended"));
// A reader such as head has enough: nothing is wrong.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? exitCodes.ok : exitCodes.refused),
);

const run: Run =
  (act) =>
  async (...all) => {
    const context = contextOf(all.at(-1) as Command, interrupted.signal);
    await act(context, ...(all.slice(0, -1) as never[]));
  };

const isJson = process.argv.includes("--json");

/** Every command reports its own mistakes in the command line by throwing. */
function throwMistakes(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: (text) => void (!isJson && process.stderr.write(text)) });
  for (const child of command.commands) throwMistakes(child);
}

const program = makeProgram(run, version, (text) => void process.stdout.write(text));
throwMistakes(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version end so, too.
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (isJson && error.exitCode !== 0) process.stderr.write(`${JSON.stringify(documentOf(error))}\n`);
  } else if (interrupted.signal.aborted) {
    process.exitCode = exitCodes.interrupted;
  } else {
    process.exitCode = exitCodeOf(error);
    const text = isJson ? JSON.stringify(documentOf(error)) : `qrfactory: ${sentencesOf(error).join("\n")}`;
    process.stderr.write(`${text}\n`);
  }
}
