// Every key in Redis, of both kinds, in one table: what it holds, who writes and reads it, how long it lasts. All keys
// are made here; a test finds keys elsewhere. packages/docs/reference/redis-keys.md shows the table.

/** Parts that a pattern has to be filled with, in their order. */
type Parts<Pattern extends string> = Pattern extends `${string}{${string}}${infer Rest}`
  ? [part: string, ...Parts<Rest>]
  : [];

/** Facts about the keys of one kind. */
export type AboutKeys = {
  /** `bullmq`: the structures of that library. */
  type: "string" | "hash" | "stream" | "bullmq";
  holds: string;
  writers: string;
  readers: string;
  lasts: string;
};

/** Keys of one kind. */
export type KeyFamily = AboutKeys & {
  /** `qrf:credits:{workspace}:{month}`: a part has no colon, but for one at the end. */
  pattern: string;
  /** The key of these parts. */
  of: (...parts: never[]) => string;
};

function family<Pattern extends string>(
  pattern: Pattern,
  about: AboutKeys,
): Omit<KeyFamily, "of"> & { of: (...parts: Parts<Pattern>) => string } {
  const [start = "", ...texts] = pattern.split(/\{\w+\}/);
  return { pattern, ...about, of: (...parts) => texts.reduce((key, text, at) => key + parts[at] + text, start) };
}

/** Prefix of BullMQ's keys; the name of a queue and parts of its own follow. */
export const queuePrefix = "qrf";
/** The queues of BullMQ. */
export const queueNames = { bulk: "bulk", maintenance: "maintenance", summaries: "summaries" } as const;
/** Name of a queue of background work. */
export type QueueName = keyof typeof queueNames;

const publishers = "management";
const always = "always";
const bullmqJobs = { type: "bullmq", writers: "management", readers: "management, operators" } as const;

/** Keys of the state Redis. */
export const stateKeys = {
  codes: family("qrf:codes", {
    type: "hash",
    holds: "short id → JSON of the published code, tombstones included",
    writers: publishers,
    readers: "redirect",
    lasts: always,
  }),
  changes: family("qrf:codes:changes", {
    type: "stream",
    holds: "rows that changed, in the order of their publication",
    writers: publishers,
    readers: "redirect",
    lasts: "the last 100,000",
  }),
  changesOrdinal: family("qrf:codes:changes:ordinal", {
    type: "string",
    holds: "number of entries of that stream, so that a reader notices when it missed some",
    writers: publishers,
    readers: "redirect, management",
    lasts: always,
  }),
  mark: family("qrf:codes:mark", {
    type: "string",
    holds: "JSON: the hash of codes holds everything; absent in a Redis that was emptied",
    writers: "management (worker)",
    readers: "redirect, management (worker)",
    lasts: always,
  }),
  heartbeat: family("qrf:codes:heartbeat", {
    type: "string",
    holds: "milliseconds since 1970 by the clock of its writer, each second: a reader looks whether it moves on",
    writers: "management (worker)",
    readers: "redirect",
    lasts: always,
  }),
  regions: family("qrf:regions", {
    type: "hash",
    holds: "process of redirect → number of the last change that it has taken, and when it said so",
    writers: "redirect",
    readers: "management",
    lasts: "a field: until its process stops, or an hour after its last word",
  }),
  codeOwners: family("qrf:code-owners", {
    type: "hash",
    holds: "workspace id → JSON of what the pages at the end of its codes say of their owner",
    writers: publishers,
    readers: "redirect",
    lasts: always,
  }),
  codeOwnersChanged: family("qrf:code-owners:changed", {
    type: "string",
    holds: "when that hash changed last, by the clock of its server to the microsecond",
    writers: publishers,
    readers: "redirect",
    lasts: always,
  }),
  publications: family("qrf:publications", {
    type: "string",
    holds: "number of publications of codes, API keys and owners",
    writers: publishers,
    readers: "management, render",
    lasts: always,
  }),
  epoch: family("qrf:epoch", {
    type: "string",
    holds: "`run_id` of the server process to which everything was published",
    writers: "management (worker)",
    readers: "management, render",
    lasts: always,
  }),
  apiKey: family("qrf:key:{hash}", {
    type: "string",
    holds: "JSON of what services know of an API key, by its SHA-256",
    writers: "management, render",
    readers: "management, render",
    lasts: "24 h without use",
  }),
  rate: family("qrf:rate:{policy}:{subject}", {
    type: "string",
    holds: "requests counted in a window; addresses of people as a keyed hash",
    writers: "management, render",
    readers: "management, render",
    lasts: "the window",
  }),
  credits: family("qrf:credits:{workspace}:{month}", {
    type: "string",
    holds: "credits taken in a calendar month",
    writers: "render, management",
    readers: "render, management",
    lasts: "the month and 7 days",
  }),
  charges: family("qrf:credits:charges", {
    type: "hash",
    holds: "id of a call or order → its charge: as many as images being drawn",
    writers: "render, management",
    readers: "render, management",
    lasts: "a field: until it is settled",
  }),
  events: family("qrf:events:{kind}", {
    type: "stream",
    holds: "batches of scans or delivered calls on their way to the ledger",
    writers: "redirect, render",
    readers: "management (worker)",
    lasts: "an entry: until it is committed; 2,000 at most",
  }),
  acks: family("qrf:acks", {
    type: "hash",
    holds: "spool id → number up to which its records are committed",
    writers: "management (worker)",
    readers: "redirect, render",
    lasts: always,
  }),
  orphans: family("qrf:orphans:{day}", {
    type: "hash",
    holds: "short id that leads nowhere → its scans of a day (UTC)",
    writers: "redirect",
    readers: "management, operators",
    lasts: "62 days",
  }),
  bulkQueue: family(`${queuePrefix}:${queueNames.bulk}:{entry}`, {
    ...bullmqJobs,
    holds: "the bell of bulk orders",
    lasts: "until it rang",
  }),
  maintenanceQueue: family(`${queuePrefix}:${queueNames.maintenance}:{entry}`, {
    ...bullmqJobs,
    holds: "jobs on a schedule: retention, publication and what else is kept in order",
    lasts: "the last 100 jobs",
  }),
  summariesQueue: family(`${queuePrefix}:${queueNames.summaries}:{entry}`, {
    ...bullmqJobs,
    holds: "jobs on a schedule: summaries of scans and their comparison with the rows",
    lasts: "the last 100 jobs",
  }),
};

/** Keys of the render cache. */
export const renderCacheKeys = {
  image: family("qrf:image:{digest}", {
    type: "hash",
    holds: "a drawn image, and the workspaces that may have it",
    writers: "render",
    readers: "render",
    lasts: "a day after it was drawn, or until it is evicted",
  }),
};

/** The family of a key of either Redis; undefined for a key that is none of ours. */
export function findFamily(key: string): KeyFamily | undefined {
  const families: KeyFamily[] = [...Object.values(stateKeys), ...Object.values(renderCacheKeys)];
  return families.find(({ pattern }) =>
    new RegExp(`^${pattern.replace(/\{\w+\}$/, ".+").replace(/\{\w+\}/g, "[^:]+")}$`).test(key),
  );
}
