// Epochs of the state Redis. A server that was restarted may lack the last second of its append-only file, one that was
// promoted what had not reached it, one that was restored whatever came after its file: in each case it is another
// process, with a `run_id` of its own, or it has counted fewer publications. Until everything is published to it again
// its word on revoked keys is not taken.
import type { Redis } from "ioredis";
import { epochKey, publicationsKey } from "./keys.js";

/** One server process, and how many publications it has counted. */
export type Epoch = { runId: string; publications: number };

/** How often a connection that is in doubt asks again; a full publication takes a second or more. */
const pollMsDefault = 250;

/** The epoch of the server that answers now. */
export type FoundEpoch = Epoch & {
  /** Whether everything was published to this very process. */
  isWhole: boolean;
};

/** Asks the server which process it is and what it knows of its epoch. */
export async function readEpoch(redis: Redis): Promise<FoundEpoch> {
  const [info, [whole, publications]] = await Promise.all([
    redis.info("server"),
    redis.mget(epochKey, publicationsKey) as Promise<[string | null, string | null]>,
  ]);
  const runId = /^run_id:(\w+)/m.exec(info)?.[1];
  if (runId === undefined) throw new Error("This Redis does not tell its run_id.");
  return { runId, publications: Number(publications ?? 0), isWhole: whole === runId };
}

/** Whether a server may lack something that is believed to be published to it. */
export function isInDoubt(found: FoundEpoch, believed: Epoch | null): boolean {
  return !found.isWhole || believed?.runId !== found.runId || found.publications < believed.publications;
}

/** Counts a publication that is no row of the table of codes: those are counted by their own script. */
export async function countPublication(redis: Redis): Promise<void> {
  await redis.incr(publicationsKey);
}

/** KEYS: epoch, publications. ARGV: run_id, least number of publications. */
const markScript = `
redis.call('SET', KEYS[1], ARGV[1])
if tonumber(redis.call('GET', KEYS[2]) or 0) < tonumber(ARGV[2]) then redis.call('SET', KEYS[2], ARGV[2]) end`;

/**
 * Says that everything was published to the process `runId`, and that this makes up for so many publications. Said to
 * another process by mistake, it is not believed.
 */
export async function markWhole(redis: Redis, { runId, publications }: Epoch): Promise<void> {
  await redis.eval(markScript, 2, epochKey, publicationsKey, runId, publications);
}

/** Watch over the epoch of a connection's server. */
export type EpochWatch = {
  /** Whether the server behind the connection holds everything; false while it is away or not known. */
  isSure(): boolean;
  stop(): void;
};

/** Watches a connection: after each new one the server is asked, again and again until it holds everything. */
export function watchEpoch(redis: Redis, pollMs: number = pollMsDefault): EpochWatch {
  let isSure = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function ask(): Promise<void> {
    clearTimeout(timer);
    const found = await readEpoch(redis).catch(() => null);
    isSure = found?.isWhole === true && redis.status === "ready";
    if (!isSure && !isStopped && redis.status === "ready") timer = setTimeout(ask, pollMs).unref();
  }
  const onReady = () => void ask();
  const onClose = () => {
    isSure = false;
  };
  redis.on("ready", onReady).on("close", onClose);
  if (redis.status === "ready") onReady();

  return {
    isSure: () => isSure,
    stop() {
      isStopped = true;
      clearTimeout(timer);
      redis.off("ready", onReady).off("close", onClose);
    },
  };
}
