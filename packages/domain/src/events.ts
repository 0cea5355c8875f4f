// Events, written down before anyone is answered: a scan by redirect, a delivered call by render.
// Both travel spool → Redis stream → ingest worker → Postgres; `id` makes a second delivery harmless.
import { z } from "zod";
import { lengthsMax } from "./limits.js";
import { isUuid } from "./uuid.js";

/** Rules of one code. */
export const rulesMax = 50;
/** Most variants of a code; the index of a scan's variant is below it. */
export const variantsMax = 10;

/** Highest index of a variant, and of a rule. */
const variantIndexMax = variantsMax - 1;
const ruleIndexMax = rulesMax - 1;

/** Longest name of a device, a family or a language. */
export const traitLengthMax = 64;

/** Kinds of clients that are not counted as people; packages/visitor tells them apart. */
export const botClasses = ["bot", "preview", "prefetch"] as const;
/** Kind of a client that is not counted as a person. */
export type BotClass = (typeof botClasses)[number];

/**
 * The answer to a scan: the destination of the code or of a rule, that of a variant, an app, or the fallback
 * of a code that is paused, expired or used up. Pages (password, preview, the end of a code) lead nowhere and are no
 * scans.
 */
export const servedKinds = ["destination", "variant", "app", "fallback"] as const;
/** Kind of address that a scan was answered with. */
export type Served = (typeof servedKinds)[number];

/**
 * One answered scan. It rests on disks and in streams, so it holds nothing personal: before it exists, the address is
 * cut to its network, and the user agent and the languages are reduced to the columns of a row.
 */
export const scanEvent = z.object({
  id: z.uuid(),
  /** Milliseconds since the epoch, by the clock of the gateway or of the redirect process. */
  at: z.int().positive(),
  code_id: z.uuid(),
  workspace_id: z.uuid(),
  /** Version of the code that was served. */
  version: z.int().positive(),
  /** Name of the redirect region that answered. */
  region: z.string().max(64),
  /** The scanner's network, /24 or /48, e.g. `203.0.113.0/24`. */
  network: z.string().max(64),
  /** Keyed hash of network address and user agent, salted by day; 16 hex digits. */
  visitor: z.string().regex(/^[0-9a-f]{16}$/),
  /** `phone`, `tablet`, `desktop` and so on. */
  device: z.string().max(traitLengthMax),
  /** Families without versions; null when not recognised. */
  os: z.string().max(traitLengthMax).nullable(),
  browser: z.string().max(traitLengthMax).nullable(),
  /** The language wanted most without its region, e.g. `de`; null when none is named. */
  language: z.string().max(traitLengthMax).nullable(),
  referrer_host: z.string().max(lengthsMax.host),
  /** Null for people; `prefetch` is a browser that asks ahead of its user. */
  bot_class: z.enum(botClasses).nullable(),
  /** Absent in records of before, all of which were counted. */
  served: z.enum(servedKinds).optional(),
  /** Index of the variant that was drawn; absent where there are none. */
  variant: z.int().min(0).max(variantIndexMax).optional(),
  /** Index of the rule that matched; absent where none did, and in records of before. */
  rule: z.int().min(0).max(ruleIndexMax).optional(),
});

/** A scan after its check. */
export type ScanEvent = z.infer<typeof scanEvent>;

/** A scan as its record holds it: what `JSON.stringify` writes, in half the time, on the path of every scan. */
export function scanRecord(scan: ScanEvent): string {
  return (
    `{"id":"${scan.id}","at":${scan.at},"code_id":"${scan.code_id}","workspace_id":"${scan.workspace_id}",` +
    `"version":${scan.version},"region":${quote(scan.region)},"network":"${scan.network}","visitor":"${scan.visitor}",` +
    `"device":${quote(scan.device)},"os":${quote(scan.os)},"browser":${quote(scan.browser)},` +
    `"language":${quote(scan.language)},"referrer_host":${quote(scan.referrer_host)},` +
    `"bot_class":${quote(scan.bot_class)}${scan.served === undefined ? "" : `,"served":"${scan.served}"`}` +
    `${scan.variant === undefined ? "" : `,"variant":${scan.variant}`}` +
    `${scan.rule === undefined ? "}" : `,"rule":${scan.rule}}`}`
  );
}

/** Characters that JSON has to escape, and those that `JSON.stringify` does: halves of surrogate pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them
const escaped = /["\\\u0000-\u001f\ud800-\udfff]/;

const quote = (text: string | null): string =>
  text === null || escaped.test(text) ? JSON.stringify(text) : `"${text}"`;

const visitorPattern = /^[0-9a-f]{16}$/;

/** Whether `scanEvent` would take a value, decided in a third of its time: ingest asks for every scan. */
export function isScanEvent(value: unknown): value is ScanEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const event = value as Record<keyof ScanEvent, unknown>;
  return (
    isUuid(event.id) &&
    isUuid(event.code_id) &&
    isUuid(event.workspace_id) &&
    isPositiveInteger(event.at) &&
    isPositiveInteger(event.version) &&
    typeof event.visitor === "string" &&
    visitorPattern.test(event.visitor) &&
    isText(event.region, 64) &&
    isText(event.network, 64) &&
    isText(event.device, traitLengthMax) &&
    isTrait(event.os) &&
    isTrait(event.browser) &&
    isTrait(event.language) &&
    isText(event.referrer_host, lengthsMax.host) &&
    (event.bot_class === null || (botClasses as readonly unknown[]).includes(event.bot_class)) &&
    (event.served === undefined || (servedKinds as readonly unknown[]).includes(event.served)) &&
    (event.variant === undefined || isIndex(event.variant, variantIndexMax)) &&
    (event.rule === undefined || isIndex(event.rule, ruleIndexMax))
  );
}

const isPositiveInteger = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
const isIndex = (value: unknown, max: number) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
const isText = (value: unknown, lengthMax: number) => typeof value === "string" && value.length <= lengthMax;
const isTrait = (value: unknown) => value === null || isText(value, traitLengthMax);

/** One delivered (200) call of the generate endpoint: the ledger from which credits are rebuilt. */
export const callEvent = z.object({
  id: z.uuid(),
  /** Milliseconds since the epoch, when the credit was taken: decides the month that pays. */
  at: z.int().positive(),
  workspace_id: z.uuid(),
  key_id: z.uuid(),
  request_id: z.string().max(128),
  endpoint: z.string().max(64),
  status: z.int(),
  cache: z.enum(["HIT", "MISS", "BYPASS"]),
  cache_key: z.string().regex(/^[0-9a-f]{64}$/),
  format: z.string().max(8),
  duration_ms: z.number().nonnegative(),
  credits: z.int().nonnegative(),
});

/** A delivered call after its check. */
export type CallEvent = z.infer<typeof callEvent>;

/** The event kinds that a spool can carry; also the names of their streams. */
export const eventKinds = ["scans", "calls"] as const;
/** Kind of event; each has a stream of its own. */
export type EventKind = (typeof eventKinds)[number];
