// The rules of a code: compiled once for each version, then asked for every scan of it. The facts about a visitor are
// functions, because looking up a country is work that only rules with a country need.

import { type WallClock, wallClockOf } from "@qrfactory/domain/local-time";
import { LRUCache } from "lru-cache";
import { minutesInDay, type PublishedRule } from "./routing.js";

/** Facts about the visitor; each function may be asked by every rule, so it should find out once. */
export type Visitor = {
  /** ISO 3166-1 alpha-2, or null when not known. */
  country(): string | null;
  /** As packages/visitor reads a user agent. */
  client(): { device: string; os: string | null; botClass: string | null };
  /** The client's system in lower case; empty when not known. */
  system(): string;
  /** Result of `preferredLanguage` for the header `Accept-Language`. */
  language(): string;
  /** 16 hex digits that stay the same for this visitor and this code as long as possible. */
  key(): string;
  /** The query of the scan without its `?`. */
  query: string;
};

/** Compiled conditions of a rule; null for a condition that it does not have. */
export type Conditions = {
  country: ReadonlySet<string> | null;
  language: readonly string[] | null;
  device: ReadonlySet<string> | null;
  os: ReadonlySet<string> | null;
  from: number | null;
  until: number | null;
  days: number | null;
  /** Minutes of the day, both or neither. */
  start: number | null;
  end: number | null;
  clock: WallClock | null;
};

/** The rules of a code in their order: what each asks, and where it leads. */
export type Rules = { asks: readonly Conditions[]; urls: readonly string[] };

/** The name of a condition, as clients write it. */
export type Condition = Exclude<keyof Conditions, "start" | "end" | "clock"> | "hours";

/**
 * Compiled conditions by their published text: codes made together share them, and those in the processor's cache
 * already are evaluated in half the time.
 */
const sharedMax = 2_000;
const shared = new LRUCache<string, readonly Conditions[]>({ max: sharedMax });

/** Makes published rules ready; `toUrl` adds what is always added to where they lead. */
export function compileRules(rules: readonly PublishedRule[], toUrl: (url: string) => string): Rules {
  const conditions = rules.map(({ url: _url, ...asked }) => asked);
  const text = JSON.stringify(conditions);
  let asks = shared.get(text);
  if (!asks) {
    asks = conditions.map(compileConditions);
    shared.set(text, asks);
  }
  return { asks, urls: rules.map(({ url }) => toUrl(url)) };
}

const setOf = (values: string[] | undefined) => (values ? new Set(values) : null);

function compileConditions(conditions: Omit<PublishedRule, "url">): Conditions {
  const { country, language = null, device, os, from = null, until = null, days = null, hours } = conditions;
  const isTimed = days !== null || hours !== undefined;
  return {
    country: setOf(country),
    language,
    device: setOf(device),
    os: setOf(os),
    from,
    until,
    days,
    start: hours?.[0] ?? null,
    end: hours?.[1] ?? null,
    clock: isTimed ? wallClockOf(conditions.zone ?? "UTC") : null,
  };
}

/** The first condition of a rule that does not hold; null when the rule matches. The cheap ones come first. */
export function failingCondition(when: Conditions, visitor: Visitor, at: number): Condition | null {
  if (when.from !== null && at < when.from) return "from";
  if (when.until !== null && at >= when.until) return "until";
  if (when.clock !== null) {
    const failing = failingTime(when, when.clock(at));
    if (failing) return failing;
  }
  if (when.language !== null && !speaks(when.language, visitor.language())) return "language";
  if (when.device !== null && !when.device.has(visitor.client().device)) return "device";
  if (when.os !== null && !when.os.has(visitor.system())) return "os";
  if (when.country !== null && !when.country.has(visitor.country() ?? "")) return "country";
  return null;
}

function failingTime({ days, start, end }: Conditions, { day, minute }: ReturnType<WallClock>): Condition | null {
  let begunOn = day;
  if (start !== null && end !== null) {
    const isOverMidnight = start >= end;
    const isInside = isOverMidnight ? minute >= start || minute < end : minute >= start && minute < end;
    if (!isInside) return "hours";
    // Friday's night goes on in the small hours of Saturday.
    if (isOverMidnight && minute < end) begunOn = (day + 6) % 7;
  }
  return days !== null && (days & (1 << begunOn)) === 0 ? "days" : null;
}

const hyphen = "-".charCodeAt(0);

/** Basic filtering (RFC 4647, 3.3.1): `de` is spoken by who prefers `de-AT`, `de-at` not by who prefers `de`. */
function speaks(ranges: readonly string[], preferred: string): boolean {
  for (const range of ranges) {
    if (!preferred.startsWith(range)) continue;
    if (preferred.length === range.length || preferred.charCodeAt(range.length) === hyphen) return true;
  }
  return false;
}

/** Minutes of `09:00` or `24:00`, or null. */
export function minuteOf(text: string): number | null {
  const [, hours, minutes] = /^(\d{2}):(\d{2})$/.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return hours !== undefined && Number(minutes) < 60 && minute <= minutesInDay ? minute : null;
}
