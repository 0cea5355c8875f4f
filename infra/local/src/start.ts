// `npm start` after the set-up: reads the options, brings the stack up, stays until Ctrl-C, brings it down.
import { fileURLToPath } from "node:url";
import { onParentEnd } from "./parent.js";
import { makeStack } from "./stack/stack.js";
import { banner } from "./start/banner.js";
import { OptionsError, readOptions, usage } from "./start/options.js";
import { watchSources } from "./start/watch.js";

/** npm passes Ctrl-C on although the terminal has sent it to us already: two within this time are one. */
const sameSignalMs = 700;

const root = fileURLToPath(new URL("../../../", import.meta.url));
const startedAt = performance.now();

/** A line with the time of day; the launcher may run for weeks. */
function say(sentence: string): void {
  console.log(`${new Date().toTimeString().slice(0, 8)} ${sentence}`);
}

function optionsOrExit() {
  try {
    const options = readOptions(process.argv.slice(2), process.env, root);
    if (options !== "help") return options;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    console.error(`The options are not valid:\n${error.message}\n\n${usage}`);
    process.exit(1);
  }
}

// Files of this process and of all that it starts are for nobody else on the machine.
process.umask(0o077);

const options = optionsOrExit();
const stack = makeStack(options, say);
let firstSignalAt: number | undefined;

function onSignal(): void {
  const now = performance.now();
  if (firstSignalAt === undefined) {
    firstSignalAt = now;
    say("Stopping (Ctrl-C again to end everything at once)");
    void stack.stop().then(() => {
      say("Stopped; the data stays.");
      process.exit(0);
    }, failed);
  } else if (now - firstSignalAt > sameSignalMs) {
    say("Ending everything at once");
    void stack.kill().finally(() => process.exit(130));
  }
}

/** Cleans up after any failure: nothing of ours stays behind. */
function failed(error: unknown): void {
  if (firstSignalAt === undefined) console.error(`\n${error instanceof Error ? error.message : error}`);
  void stack.kill().finally(() => process.exit(1));
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
onParentEnd(onSignal);
process.on("uncaughtException", failed);
process.on("unhandledRejection", failed);
// A reader that goes away (`npm start | head`) is no reason to leave processes without their launcher.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

stack.start().then(
  (running) => {
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(banner(running, { dataDirectory: options.dataDirectory, seconds }));
    if (options.watch) watchSources({ root, restart: stack.restart, say });
  },
  (error) => {
    if (firstSignalAt === undefined) failed(error);
  },
);
