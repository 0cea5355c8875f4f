// Others: requests of somebody who has nothing to do with the attack, sent at a steady pace whatever becomes of those
// before. They have a thread of their own, so that what the attack costs this process is not taken for their wait.
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Latency } from "../result.js";
import type { Ask } from "./client.js";

/** Requests of a bystander and their pace. */
export type VictimPlan = {
  base: string;
  /** Sent in turns. */
  asks: Ask[];
  everyMs: number;
  /** The status that each is owed. */
  expected: number;
};

/** Report of the thread on a phase. */
export type Phase = { tookMs: number[]; refused: Record<string, number> };

/** A running bystander. */
export type Victim = {
  /** Waits for what is under way and ends a phase. `refused` counts answers that were not owed, by status. */
  take(): Promise<Latency & { count: number; refused: Record<string, number> }>;
  stop(): Promise<void>;
};

/** Starts the steady requests. */
export function startVictim(plan: VictimPlan): Victim {
  const worker = new Worker(fileURLToPath(new URL("./victim-main.js", import.meta.url)), { workerData: plan });
  return {
    async take() {
      const { tookMs, refused } = await new Promise<Phase>((resolve, reject) => {
        worker.once("message", resolve).once("error", reject);
        worker.postMessage("take");
      });
      const sorted = tookMs.sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return { p50: at(0.5), p99: at(0.99), count: sorted.length, refused };
    },
    async stop() {
      await worker.terminate();
    },
  };
}
