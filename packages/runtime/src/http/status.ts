// Health and status: health says that the process runs, status says what works behind it. Every probe has its own
// deadline, so the answer comes in time even when everything it asks is frozen.

import { withDeadline } from "../load/deadline.js";

/** State of a component, from good to bad. */
export type ComponentStatus = "ok" | "degraded" | "down";

/** A component in the status document, with details of its own. */
export type Component = { status: ComponentStatus; latency_ms: number; [detail: string]: unknown };

/** A check of one component. */
export type Probe = {
  name: string;
  /** Whether the product as a whole is `down` without this component; else it is `degraded`. */
  critical: boolean;
  /** Resolves when the component works, with more to show if there is more to say; rejects when it does not. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a probe without details simply returns
  check: (signal: AbortSignal) => Promise<{ status?: ComponentStatus; [detail: string]: unknown } | void>;
};

/** The document of `/api/status/`. */
export type StatusReport = {
  status: ComponentStatus;
  version: string;
  components: Record<string, Component>;
};

/** The contract allows 1 s for the whole answer; probes run side by side and leave room for the way there and back. */
const probeDeadlineMs = 600;

/** Answers are shared for this long, so that many askers cost what one does. */
const reuseMs = 100;

/** A function that runs all probes and reports; it never rejects and returns within the deadline. */
export function makeStatus(options: { version: string; probes: Probe[] }): () => Promise<StatusReport> {
  let current: { at: number; report: Promise<StatusReport> } | null = null;
  return () => {
    const now = Date.now();
    if (!current || now - current.at > probeDeadlineMs + reuseMs) current = { at: now, report: run() };
    return current.report;
  };

  async function run(): Promise<StatusReport> {
    const results = await Promise.all(options.probes.map(async (probe) => [probe, await runProbe(probe)] as const));
    const broken = results.filter(([, component]) => component.status === "down");
    const down = broken.some(([probe]) => probe.critical);
    const flawless = results.every(([, component]) => component.status === "ok");
    // Shared only from the moment it is known: an answer is never older than `reuseMs`.
    setTimeout(() => {
      current = null;
    }, reuseMs).unref();
    return {
      status: down ? "down" : flawless ? "ok" : "degraded",
      version: options.version,
      components: Object.fromEntries(results.map(([probe, component]) => [probe.name, component])),
    };
  }
}

async function runProbe(probe: Probe): Promise<Component> {
  const started = performance.now();
  const latency = () => Math.round((performance.now() - started) * 10) / 10;
  const signal = AbortSignal.timeout(probeDeadlineMs);
  try {
    const details = await withDeadline(probe.check(signal), probeDeadlineMs, () => {
      throw new Error("no answer in time");
    });
    return { status: "ok", latency_ms: latency(), ...details };
  } catch {
    return { status: "down", latency_ms: latency() };
  }
}

/** A probe that asks a peer's health endpoint over HTTP. */
export function probeHttp(baseUrl: string): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    const response = await fetch(new URL("/api/health/", baseUrl), { signal });
    if (!response.ok) throw new Error(`health answered ${response.status}`);
  };
}
