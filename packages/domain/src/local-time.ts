// Wall-clock time in a time zone: the day of the week and the minute of the day, daylight saving
// included. `Intl` knows the offsets; asking it takes some microseconds, so each zone remembers its last answer.

import { LRUCache } from "lru-cache";
import { dayMs, minuteMs } from "./duration.js";

/** Tells the day (0 is Monday) and the minute of the day at a moment in milliseconds since the epoch. */
export type WallClock = (at: number) => { day: number; minute: number };

const daysInWeek = 7;
/** 1 January 1970 was a Thursday. */
const firstDay = 3;
/** In every zone of today offsets change at a quarter of an hour, if at all. */
const quarterMs = 15 * minuteMs;

/** Names of IANA's database; offsets such as `+01:00`, which `Intl` takes as well, are no zones. */
const zonePattern = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;

/** The usual spelling of a time zone of IANA's database that is given in any case; null when there is none. */
export function findZone(name: string): string | null {
  if (!zonePattern.test(name)) return null;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/** Zones that are remembered; there are some 600 names. */
const clocksMax = 1_000;
const clocks = new LRUCache<string, WallClock>({ max: clocksMax });

/** The clock of a zone that `findZone` knows; throws `RangeError` for any other. */
export function wallClockOf(zone: string): WallClock {
  let clock = clocks.get(zone);
  if (!clock) {
    clock = zone === "UTC" ? (at) => timeOf(at) : makeClock(zone);
    clocks.set(zone, clock);
  }
  return clock;
}

function makeClock(zone: string): WallClock {
  const offsetAt = makeOffset(zone);
  // Several rules of one scan ask for the same moment.
  let last = Number.NaN;
  let time = { day: 0, minute: 0 };
  return (at) => {
    if (at === last) return time;
    last = at;
    time = timeOf(at + offsetAt(at));
    return time;
  };
}

/** Makes the function that tells by how much a zone is ahead of UTC, in milliseconds; it remembers the last quarter. */
function makeOffset(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
  let quarter = Number.NaN;
  let offsetMs = 0;
  return (at) => {
    const asked = Math.floor(at / quarterMs);
    if (asked !== quarter) {
      quarter = asked;
      offsetMs = readOffset(format, asked * quarterMs);
    }
    return offsetMs;
  };
}

const twoDigits = (number: number) => String(number).padStart(2, "0");

/**
 * Makes the function that writes moments as the clocks of a zone show them, in RFC 3339:
 * `2026-11-05T13:00:00.123+01:00`, with a Z for UTC itself. For a zone that `findZone` knows.
 */
export function makeLocalMoment(zone: string): (at: Date) => string {
  if (zone === "UTC") return (at) => at.toISOString();
  const offsetAt = makeOffset(zone);
  return (at) => {
    const offsetMs = offsetAt(at.getTime());
    const minutes = Math.abs(Math.trunc(offsetMs / minuteMs));
    const offset = `${offsetMs < 0 ? "-" : "+"}${twoDigits(Math.trunc(minutes / 60))}:${twoDigits(minutes % 60)}`;
    return new Date(at.getTime() + offsetMs).toISOString().replace("Z", offset);
  };
}

/** `GMT+05:45`, or `GMT` alone for none; offsets of long ago have seconds. */
const offsetPattern = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

function readOffset(format: Intl.DateTimeFormat, at: number): number {
  const name = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign = "+", hours = "0", minutes = "0", seconds = "0"] = offsetPattern.exec(name) ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign === "-" ? -ms : ms;
}

function timeOf(localMs: number): { day: number; minute: number } {
  const days = Math.floor(localMs / dayMs);
  const day = (((days + firstDay) % daysInWeek) + daysInWeek) % daysInWeek;
  return { day, minute: Math.floor((localMs - days * dayMs) / minuteMs) };
}
