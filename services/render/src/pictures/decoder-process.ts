// A decoding process as its parent sees it: started with limits of memory and without the service's environment, asked
// for one picture at a time, ended when it takes too long or was given a broken one.
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import type { Picture } from "@qrfactory/drawing/scene/shapes";
import type { DecodeRequest, ProcessMessage } from "./decode-service.js";

/** Program and limits of a decoding process. */
export type DecoderProcessOptions = {
  file: string;
  /** Longest time for one picture, the start of the process included. */
  decodeMsMax: number;
  /** Memory that the process may write to, of all kinds together. */
  memoryBytesMax: number;
  /** Whether its decoder is WebAssembly, which is compiled code. */
  isCompiled?: boolean;
};

/**
 * `damaged`: the decoder says so. `exhausted`: it crashed or came to its limits. `starved`: the machine had no time for
 * it, or did not start it, which is no fault of the picture.
 */
export type DecodeFailure = "damaged" | "exhausted" | "starved";

/** A decoded picture with the milliseconds that it took, or the reason it failed. */
export type DecodeOutcome = { picture: Picture; spentMs: number } | { failed: DecodeFailure };

/** A running decoding process. */
export type DecoderProcess = {
  /** Decodes one picture; the next may be asked for only after this one. A process that failed is ended. */
  ask: (request: Omit<DecodeRequest, "id">) => Promise<DecodeOutcome>;
  isAlive: () => boolean;
  end: () => void;
};

/**
 * Where programs and libraries are found; everything else of the environment, secrets first, stays with the service.
 */
const environmentKept = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];

const nodeMajor = Number.parseInt(process.versions.node, 10);

/** Node 20 and 22 warn at each start when only one of the two is given; Node 24 knows no other way than without. */
const withoutWasm = nodeMajor < 24 ? ["--no-expose-wasm"] : [];

/** Memory for compiled code, that can be written to and run, which Node 24 takes at its start. */
const codeBytes = nodeMajor < 24 ? 0 : 512 * 1024 * 1024;

/** JavaScript of the process is a few messages; pixels lie outside of its heap. */
const nodeOptions = ["--max-old-space-size=64", "--expose-gc"];

/** Without compiled code there is no memory that can be written to and run. */
const interpreted = ["--jitless", ...withoutWasm];

const shell = "/bin/sh";

/** Share of its time that a picture had a processor for, from which on it is too costly; with less it was starved. */
const busyShareMin = 0.5;

/** Unit of processor time under /proc, the same on every Linux (proc(5), USER_HZ). */
const msPerTick = 10;

/**
 * Options that start node under a limit of its memory. Of the limits that POSIX shells know, the data segment
 * (RLIMIT_DATA) is the one that node bears: on Linux it counts what a process may write to, 60 to 92 MB after a small
 * picture in Node 20 to 24, while the address space is 0.6 to 0.9 GB. macOS takes the limit and does not keep it;
 * without a shell there is none. There the limits of a picture's header bound what decoding takes.
 */
function underLimits(options: DecoderProcessOptions): Pick<ForkOptions, "execPath" | "execArgv"> {
  const { isCompiled = false } = options;
  const memoryBytesMax = options.memoryBytesMax + (isCompiled ? codeBytes : 0);
  const flags = isCompiled ? nodeOptions : [...nodeOptions, ...interpreted];
  if (!existsSync(shell)) return { execArgv: flags };
  // No core dumps: they would hold strangers' pictures. A lower limit of the system stays.
  const limits = `ulimit -c 0; ulimit -d ${Math.floor(memoryBytesMax / 1024)}`;
  const script = `{ ${limits}; } 2>/dev/null; exec "$0" "$@"`;
  return { execPath: shell, execArgv: ["-c", script, process.execPath, ...flags] };
}

function startChild(options: DecoderProcessOptions): ChildProcess {
  const env = Object.fromEntries(environmentKept.map((name) => [name, process.env[name]]));
  const child = fork(options.file, [], {
    ...underLimits(options),
    env,
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  lowerPriority(child.pid);
  // The channel must not keep a process alive that has nothing else to do.
  child.unref();
  child.channel?.unref();
  return child;
}

/** Below the HTTP thread, so that requests are taken at once, and above drawings, which wait for their pictures. */
function lowerPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already.
  }
}

/** Processor time that a process has had; null where the system does not tell. */
function processorMsOf(pid: number | undefined): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
    // Fields 14 and 15 of all, utime and stime; the first two are before the name's end.
    return msPerTick * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return null;
  }
}

/** Starts a process; it is ready when it says so. */
export function startDecoderProcess(options: DecoderProcessOptions): DecoderProcess {
  const { decodeMsMax } = options;
  const child = startChild(options);
  let lastId = 0;
  let isReady = false;
  let isAlive = true;
  child.once("message", () => {
    isReady = true;
  });
  child.once("exit", end).on("error", end);

  function ask(request: Omit<DecodeRequest, "id">): Promise<DecodeOutcome> {
    const id = ++lastId;
    const hadMs = isReady ? processorMsOf(child.pid) : 0;
    return new Promise((resolve) => {
      const finish = (outcome: DecodeOutcome) => {
        clearTimeout(timer);
        child.off("message", onMessage).off("exit", onEnd).off("error", onEnd);
        child.channel?.unref();
        if ("failed" in outcome) end();
        resolve(outcome);
      };
      const onMessage = (message: ProcessMessage) => {
        if (!("id" in message) || message.id !== id) return;
        if ("failed" in message) finish({ failed: "damaged" });
        else finish(isSound(message.picture, request.sideMax) ? message : { failed: "exhausted" });
      };
      const onEnd = () => finish({ failed: isReady ? "exhausted" : "starved" });
      const onLate = () => {
        const nowMs = processorMsOf(child.pid);
        const spentMs = nowMs === null || hadMs === null ? decodeMsMax : nowMs - hadMs;
        finish({ failed: spentMs >= busyShareMin * decodeMsMax ? "exhausted" : "starved" });
      };
      const timer = setTimeout(onLate, decodeMsMax);
      child.on("message", onMessage).once("exit", onEnd).once("error", onEnd);
      child.channel?.ref();
      child.send({ ...request, id } satisfies DecodeRequest, (error) => error && onEnd());
    });
  }

  function end(): void {
    isAlive = false;
    child.kill("SIGKILL");
  }

  return { ask, isAlive: () => isAlive, end };
}

/** Whether a reply is a picture that painters can rely on, whatever has become of the process that sent it. */
function isSound({ width, height, data }: Picture, sideMax: number): boolean {
  const isSide = (side: number) => Number.isInteger(side) && side >= 1 && side <= sideMax;
  return isSide(width) && isSide(height) && data instanceof Uint8Array && data.length === 4 * width * height;
}
