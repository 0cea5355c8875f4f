// How far the regions have come: each process of redirect notes the last change that it has taken, so that whoever has
// published a code can wait until every region that can be reached leads on. Costs a scan nothing: it is told after
// changes, and once a second.
import { hourMs } from "@qrfactory/domain/duration";
import type { Redis } from "ioredis";
import { changesOrdinalKey, regionsKey } from "../../keys.js";

/** How often a process that has nothing new says that it is there. */
const beatMs = 1_000;
/** One that was not heard for so long counts as out of reach, and nobody waits for it. */
const reachableMs = 3_000;
/** One that was not heard for so long is forgotten. */
const forgottenMs = hourMs;
/** Pauses between two looks: 2, 4, 8 … ms. */
const lookMsMin = 2;
const lookMsMax = 32;
/** Time that an answer may wait for its regions, one command's deadline apart. */
const waitMsDefault = 250;

/** KEYS: regions. ARGV: process, ordinal. The time is that of Redis, so that clocks need not agree. */
const reportScript = `
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. now[1] .. string.format('%03d', math.floor(now[2] / 1000)))`;

/** Report of one redirect process on the changes that it has taken. */
export type ProgressReport = {
  /** There may be something new. */
  report(): void;
  /** Takes the process off the list. */
  stop(): Promise<void>;
};

/**
 * Starts telling the state Redis how far a process has come; `ordinal` is the number of the last change in a table that
 * misses nothing before it, 0 while it may. A failure is made up for by the next report.
 */
export function reportProgress(options: { redis: Redis; process: string; ordinal: () => number }): ProgressReport {
  const { redis, process, ordinal } = options;
  let told = -1;
  let telling: Promise<void> | null = null;
  let isStopped = false;

  async function tell(): Promise<void> {
    const current = ordinal();
    const isTold = await redis.eval(reportScript, 1, regionsKey, process, current).then(
      () => true,
      () => false,
    );
    if (isTold) told = current;
    telling = null;
    // Changes that came meanwhile; after a failure the beat is soon enough.
    if (isTold && ordinal() !== told && !isStopped) begin();
  }

  function begin(): void {
    telling ??= tell();
  }

  const timer = setInterval(begin, beatMs).unref();
  return {
    report() {
      if (ordinal() !== told) begin();
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await telling;
      await redis.hdel(regionsKey, process).catch(() => {});
    },
  };
}

/**
 * Whether every region that can be reached has taken all that was published before the call; waits for it. False when
 * one of them needs longer than `waitMs`, or Redis does not answer.
 */
export async function haveRegions(redis: Redis, waitMs = waitMsDefault): Promise<boolean> {
  const endsAt = performance.now() + waitMs;
  let target: number | null = null;
  try {
    for (let pauseMs = lookMsMin; ; pauseMs = Math.min(2 * pauseMs, lookMsMax)) {
      const answers = await redis.multi().time().get(changesOrdinalKey).hgetall(regionsKey).exec();
      const [time, ordinal, regions] = (answers ?? []).map(([error, value]) => {
        if (error) throw error;
        return value;
      }) as [[string, string], string | null, Record<string, string>];
      target ??= Number(ordinal ?? 0);
      const nowMs = Number(time[0]) * 1_000 + Number(time[1]) / 1_000;
      if (await areAll(redis, regions, target, nowMs)) return true;
      if (performance.now() + pauseMs >= endsAt) return false;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  } catch {
    return false;
  }
}

/** Whether those that were heard lately have come as far as `target`; forgets those that are gone. */
async function areAll(redis: Redis, regions: Record<string, string>, target: number, nowMs: number): Promise<boolean> {
  let areThere = true;
  for (const [process, text] of Object.entries(regions)) {
    const [ordinal, at] = text.split(" ").map(Number) as [number, number];
    if (!(nowMs - at < forgottenMs)) await redis.hdel(regionsKey, process);
    else if (nowMs - at < reachableMs && ordinal < target) areThere = false;
  }
  return areThere;
}
