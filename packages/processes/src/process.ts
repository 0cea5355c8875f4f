// Child processes with a known end: started from a program and arguments, watched by line or log file, and killed by
// their own id at the latest when this process ends. Relies on nothing but node.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { atExit } from "./at-exit.js";

/** End of a process: its exit code, or the signal that ended it. */
export type ProcessExit = { code: number | null; signal: NodeJS.Signals | null };

/** Program, user and output of a child process. */
export type ProcessOptions = {
  /** A path or a name to be found in PATH. */
  command: string;
  args: string[];
  /** The whole environment of the child; this process's own unless told. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** User and group to run as; only root may set them. */
  uid?: number;
  gid?: number;
  /** Output is appended to this file by the child itself, so it outlives us; else it is read here line by line. */
  logFile?: string;
  /** Told of every line of output; only without `logFile`. */
  onLine?: (line: string) => void;
  /**
   * The kernel ends the child when this process dies, even by SIGKILL. On for tests, off for what may outlive us.
   * SIGKILL unless another signal is named, for a child that has children of its own to end.
   */
  leashed?: boolean | NodeJS.Signals;
};

/** A child process from its start to its end. */
export type StartedProcess = {
  pid: number;
  /** Settles when the process is gone; never rejects. */
  exited: Promise<ProcessExit>;
  /** Whether it has not exited yet. */
  isAlive(): boolean;
  /** The last lines of output, oldest first. */
  lastLines(count?: number): string[];
  /** The first line from now on, or already printed, that matches; rejects when time is up or the process ends. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
  /** Sends a signal, SIGKILL unless told. A process that is gone is left in peace. */
  kill(signal?: NodeJS.Signals): void;
  /** Asks it to end (SIGTERM unless told), insists with SIGKILL after `graceMs`, and waits until it is gone. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<ProcessExit>;
};

/** Lines kept in memory of a child without a log file. */
const linesKeptMax = 200;

/** Bytes read from the end of a log file to find its last lines. */
const tailBytes = 16_384;

const waitTimeoutMsDefault = 10_000;
const stopGraceMsDefault = 5_000;
const linesShown = 10;

/** How long the end of a process is held back for its last lines to arrive. */
const lastOutputMsMax = 200;

/** Starts a program; rejects when it cannot be started at all. */
export async function startProcess(options: ProcessOptions): Promise<StartedProcess> {
  const logFile = options.logFile;
  let logFd: number | undefined;
  if (logFile !== undefined) {
    mkdirSync(dirname(logFile), { recursive: true });
    logFd = openSync(logFile, "a", 0o600);
  }
  // setpriv is part of Debian's base system; elsewhere the exit hook below has to do.
  const deathSignal = options.leashed === true ? "SIGKILL" : options.leashed;
  const leash =
    deathSignal && process.platform === "linux" ? ["setpriv", "--pdeathsig", deathSignal.slice(3), "--"] : [];
  const [command = options.command, ...args] = [...leash, options.command, ...options.args];
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
    stdio: ["ignore", logFd ?? "pipe", logFd ?? "pipe"],
    // A group of its own, so that Ctrl-C in the terminal reaches only us and we decide who stops when.
    detached: true,
  });
  if (logFd !== undefined) closeSync(logFd);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => reject(new Error(`${options.command} cannot be started: ${error.message}`)));
  });
  return watch(child, options);
}

/** Starts a node script (a `.js` or `.mjs` file) with this process's own node; on a leash unless told otherwise. */
export function startScript(
  script: string,
  options: Omit<ProcessOptions, "command" | "args"> & { args?: string[] } = {},
): Promise<StartedProcess> {
  const { args = [], ...rest } = options;
  return startProcess({ leashed: true, ...rest, command: process.execPath, args: [script, ...args] });
}

function watch(child: ChildProcess, options: ProcessOptions): StartedProcess {
  const pid = child.pid as number;
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  let alive = true;

  const keep = (line: string) => {
    lines.push(line);
    if (lines.length > linesKeptMax) lines.shift();
    options.onLine?.(line);
    for (const listener of listeners) listener(line);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on("line", keep);
  }

  const kill = (signal: NodeJS.Signals = "SIGKILL") => {
    if (alive) child.kill(signal);
  };
  const forget = atExit(() => {
    if (options.leashed) kill(options.leashed === true ? "SIGKILL" : options.leashed);
  });
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once("exit", (code, signal) => {
      alive = false;
      forget();
      // "close" comes once the last output is read, or never while a grandchild holds the pipe.
      child.once("close", () => resolve({ code, signal }));
      setTimeout(() => resolve({ code, signal }), lastOutputMsMax);
    });
  });
  const lastLines = (count = linesShown) =>
    options.logFile === undefined ? lines.slice(-count) : tailLines(options.logFile, count);

  return {
    pid,
    exited,
    isAlive: () => alive,
    lastLines,
    kill,
    waitForLine(pattern, timeoutMs = waitTimeoutMsDefault) {
      if (options.logFile !== undefined) throw new Error("waitForLine needs a process without a log file.");
      const early = lines.map((line) => line.match(pattern)).find((match) => match !== null);
      if (early) return Promise.resolve(early);
      return new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer);
          listeners.delete(listener);
          act();
        };
        const fail = (why: string) =>
          settle(() =>
            reject(new Error(`No line ${pattern} from ${options.command}: ${why}\n${lastLines().join("\n")}`)),
          );
        const listener = (line: string) => {
          const match = line.match(pattern);
          if (match) settle(() => resolve(match));
        };
        const timer = setTimeout(() => fail(`nothing within ${timeoutMs} ms`), timeoutMs);
        listeners.add(listener);
        void exited.then((exit) => fail(`it ended with ${exit.signal ?? exit.code}`));
      });
    },
    async stop(signal = "SIGTERM", graceMs = stopGraceMsDefault) {
      kill(signal);
      const timer = setTimeout(() => kill("SIGKILL"), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

/** The last lines of a file, oldest first; none when it cannot be read. */
function tailLines(file: string, count: number): string[] {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return [];
  }
  try {
    const size = fstatSync(fd).size;
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer
      .toString("utf8")
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-count);
  } finally {
    closeSync(fd);
  }
}
