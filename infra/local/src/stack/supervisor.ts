// Keeps processes running: one that ends on its own is started again, at once the first time and with growing pauses
// when it keeps ending. Knows nothing of what the processes are; each brings the function that starts it.

import type { ProcessExit } from "@qrfactory/processes/process";
import { backoffCeilingMs } from "@qrfactory/runtime/load/backoff";

/** Role of a process in a stack. */
export type Role = "management" | "worker" | "render" | "redirect" | "gateway" | "postgres" | "redis";

/** Roles that a process of a stack may have. */
export const roles: Role[] = ["management", "worker", "render", "redirect", "gateway", "postgres", "redis"];

/** A process that runs now. */
export type Running = {
  pid: number;
  exited: Promise<ProcessExit>;
  lastLines(count?: number): string[];
  /** Lets it finish what is under way; resolves when it is gone. */
  stop(): Promise<unknown>;
  /** Ends it and its children at once. */
  kill(): unknown;
};

/** A process to be kept running. */
export type ProcessSpec = {
  /** For people, e.g. `redirect region-1`. */
  name: string;
  role: Role;
  /** Pause before it is started again after it had run well. */
  restartDelayMs: number;
  start(): Promise<Running>;
};

/** Keeper of processes. */
export type Supervisor = {
  /** Starts a process and keeps it running from then on; rejects when the first start fails, or after a stop. */
  run(spec: ProcessSpec): Promise<void>;
  /** Ids of the processes that run now, by role. */
  pids(): Record<Role, number[]>;
  /** Stops every process of these roles, side by side; each is started again. */
  restart(roles: Role[]): Promise<void>;
  /** Stops every process of these roles, side by side, and starts none of them again. */
  stop(roles: Role[]): Promise<void>;
  /** Ends everything at once and starts nothing again. */
  killAll(): Promise<void>;
};

/** A process that lived this long had started well: its end is an accident, not a loop of failed starts. */
const steadyMs = 1_000;

/** Pause before the second restart in a row; doubles with each further one. */
const backoff = { minMs: 250, maxMs: 5_000 };

/** Ends in a row after which a process is not expected to come up by itself. */
const loopFailures = 3;

/** Lines of a dead process's output that are shown, and how much of each. */
const lastWordsMax = 6;
const lineLengthMax = 400;

/** Lines looked at to find those worth showing: a stack trace hides the one that says what happened. */
const linesReadMax = 40;
const isNoise = (line: string) => /^\s+at |^Node\.js v|^\s*[{}^]\s*$/.test(line);

/** Pause before restart number `failures` in a row (1 = it had run well before). */
export function restartPauseMs(failures: number, restartDelayMs: number): number {
  if (failures <= 1) return restartDelayMs;
  return Math.min(backoff.maxMs, restartDelayMs + backoffCeilingMs(failures - 1, backoff));
}

type Kept = {
  spec: ProcessSpec;
  running: Running | null;
  starting: Promise<unknown> | null;
  wanted: boolean;
  /** Told to end only so that it starts anew. */
  isRestarting: boolean;
  wake: () => void;
};

/** Listeners of a supervisor. */
export type SupervisorOptions = {
  /** Told of every end and start in a sentence. */
  say: (sentence: string) => void;
  /** A process id changed. */
  onChange: () => void;
  /** A process keeps ending; it is started again nevertheless. */
  onLoop: (why: Error) => void;
};

/** A supervisor that runs nothing yet. */
export function makeSupervisor({ say, onChange, onLoop }: SupervisorOptions): Supervisor {
  const all = new Set<Kept>();
  let closed = false;

  async function startOnce(kept: Kept): Promise<Running> {
    const starting = kept.spec.start();
    kept.starting = starting;
    try {
      const running = await starting;
      kept.running = running;
      return running;
    } finally {
      kept.starting = null;
    }
  }

  /** Waits for the end again and again, until the process is not wanted any more. */
  async function watch(kept: Kept, first: Running): Promise<void> {
    let running = first;
    let startedAt = performance.now();
    let failures = 0;
    for (;;) {
      const exit = await running.exited;
      kept.running = null;
      if (!kept.wanted) return;
      onChange();
      failures = kept.isRestarting || performance.now() - startedAt >= steadyMs ? 1 : failures + 1;
      if (!kept.isRestarting) say(obituary(kept.spec.name, running, exit));
      kept.isRestarting = false;
      if (failures >= loopFailures) onLoop(new Error(`${kept.spec.name} keeps ending.`));
      for (;;) {
        await pause(kept, restartPauseMs(failures, kept.spec.restartDelayMs));
        if (!kept.wanted) return;
        startedAt = performance.now();
        try {
          running = await startOnce(kept);
          break;
        } catch (error) {
          failures += 1;
          say(`${kept.spec.name} could not be started: ${(error as Error).message}`);
        }
      }
      say(`${kept.spec.name} was started again (process ${running.pid}).`);
      onChange();
    }
  }

  const chosen = (wanted: Role[]) => [...all].filter((kept) => wanted.includes(kept.spec.role));

  /** From now on none of these is started again; resolves when no start is under way. */
  async function giveUp(keeps: Kept[]): Promise<void> {
    closed = true;
    for (const kept of keeps) {
      kept.wanted = false;
      kept.wake();
    }
    await Promise.allSettled(keeps.map((kept) => kept.starting));
  }

  return {
    async run(spec) {
      if (closed) throw new Error("Stopping: nothing is started any more.");
      const kept: Kept = { spec, running: null, starting: null, wanted: true, isRestarting: false, wake: () => {} };
      all.add(kept);
      const running = await startOnce(kept);
      onChange();
      void watch(kept, running);
    },
    pids() {
      const byRole = Object.fromEntries(roles.map((role) => [role, [] as number[]])) as Record<Role, number[]>;
      for (const { spec, running } of all) if (running) byRole[spec.role].push(running.pid);
      return byRole;
    },
    async restart(wanted) {
      await Promise.all(
        chosen(wanted).map((kept) => {
          kept.isRestarting = kept.running !== null;
          // One that waits before its next try need not.
          kept.wake();
          return kept.running?.stop();
        }),
      );
    },
    async stop(wanted) {
      const keeps = chosen(wanted);
      await giveUp(keeps);
      await Promise.all(keeps.map((kept) => kept.running?.stop()));
    },
    async killAll() {
      const keeps = chosen(roles);
      for (const kept of keeps) kept.running?.kill();
      await giveUp(keeps);
      for (const kept of keeps) kept.running?.kill();
      await Promise.all(keeps.map((kept) => kept.running?.exited));
    },
  };
}

/** A line of a service's JSON log as a person would say it; any other line as it is. */
function readable(line: string): string {
  try {
    const { level, msg, err } = JSON.parse(line) as { level: string; msg: string; err?: { message?: string } };
    return `${level}: ${msg}${err?.message ? ` (${err.message})` : ""}`;
  } catch {
    return line.slice(0, lineLengthMax);
  }
}

/** Describes an ended process: its name, its code or signal, and its last output. */
function obituary(name: string, running: Running, exit: ProcessExit): string {
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended by itself with code ${exit.code}`;
  const lines = running.lastLines(linesReadMax).filter((line) => !isNoise(line));
  const words = lines.slice(-lastWordsMax).map(readable);
  const quoted = words.length > 0 ? ` Its last words:\n${words.map((line) => `    ${line}`).join("\n")}` : "";
  return `${name} (process ${running.pid}) ${how}; starting it again.${quoted}`;
}

/** Waits, or returns early when the process is not wanted any more. */
function pause(kept: Kept, ms: number): Promise<void> {
  if (ms === 0 || !kept.wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    kept.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
