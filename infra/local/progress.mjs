// Progress of installing and building: one line a step with the seconds since the start, a sign
// of life in long steps, and the last lines of a tool that failed. Plain node, because nothing is installed yet.
import { spawn } from "node:child_process";

const startedAt = performance.now();

/** A step that says nothing for this long is taken for dead by the person who waits. */
const signOfLifeMs = 10_000;

/** Lines of a failed tool that are worth showing. */
const failureLines = 40;

/** A mistake the person at the keyboard can mend; shown without a stack. */
export class SetupError extends Error {}

/** Prints a line with the seconds since the start. */
export function say(sentence) {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
  console.log(`[${seconds} s] ${sentence}`);
}

/** Says what begins, does it, and gives a sign of life while it takes long. */
export async function step(sentence, act) {
  say(sentence);
  const begunAt = performance.now();
  const timer = setInterval(() => {
    say(`  … still: ${sentence} (${Math.round((performance.now() - begunAt) / 1000)} s)`);
  }, signOfLifeMs);
  try {
    return await act();
  } finally {
    clearInterval(timer);
  }
}

/**
 * Runs a tool to its end and returns its output. Throws a `SetupError` with its last lines when it fails. `show` passes
 * the output through instead of keeping it; `interactive` lets it ask the person at the terminal (sudo's password).
 */
export function run(command, args, { cwd, env = process.env, show = false, interactive = false } = {}) {
  return new Promise((resolve, reject) => {
    const stdin = interactive ? "inherit" : "ignore";
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: show ? [stdin, "inherit", "inherit"] : [stdin, "pipe", "pipe"],
    });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-200_000);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.on("error", (error) => reject(new SetupError(`${command} cannot be run: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(output);
      const last = output.trimEnd().split("\n").slice(-failureLines).join("\n");
      reject(new SetupError(`${command} ${args.join(" ")} failed (${signal ?? code}).${last ? `\n${last}` : ""}`));
    });
  });
}

/** Runs `act` and ends the process with 1 and a readable message when it fails. */
export async function orExplain(act) {
  try {
    await act();
  } catch (error) {
    console.error(error instanceof SetupError ? `\n${error.message}` : error);
    process.exit(1);
  }
}
