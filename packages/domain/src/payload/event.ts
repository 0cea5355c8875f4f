// An event for the calendar, as iCalendar (RFC 5545): a whole object with all that the standard requires, so that
// strict readers take it too. Nothing in it depends on when it was made: the same request is the same code.

import { createHash } from "node:crypto";
import { z } from "zod";
import { dayMs } from "../duration.js";
import { contentLines, escapeText } from "./content-lines.js";
import { link } from "./uri.js";
import { line, lines, requiredOr } from "./words.js";

/** Years that calendars show; also keeps a typo in the century from being printed. */
const yearMin = 1900;
const yearMax = 2999;

type Moment = { kind: "day" | "instant"; at: Date };

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;

const moment = z.string(requiredOr("Give a date or a moment.")).transform((text, context): Moment => {
  const isDay = dayPattern.test(text);
  const isValid = (isDay ? z.iso.date() : z.iso.datetime({ offset: true })).safeParse(text).success;
  const at = new Date(text);
  const year = at.getUTCFullYear();
  if (!isValid || !(year >= yearMin && year <= yearMax)) {
    const message =
      "Give a moment with its zone such as 2026-06-01T18:30:00+02:00, or a date such as 2026-06-01, " +
      `from ${yearMin} to ${yearMax}.`;
    context.addIssue({ code: "custom", message });
  }
  return { kind: isDay ? "day" : "instant", at };
});

const fields = z.strictObject({
  title: line(300),
  start: moment,
  end: moment.optional(),
  location: line(300).optional(),
  description: lines(1_500).optional(),
  url: link.optional(),
});

/** The payload of `data_type: "event"`, as the text of its code. Of an event of whole days, `end` is its last day. */
export const event = fields
  .superRefine(({ start, end }, context) => {
    const refuse = (message: string) => context.addIssue({ code: "custom", path: ["end"], message });
    if (end && end.kind !== start.kind) refuse("Give start and end both as dates, or both as moments.");
    else if (end && end.at < start.at) refuse("The end must not be before the start.");
  })
  .transform(eventText);

function eventText({ title, start, end, location, description, url }: z.output<typeof fields>): string {
  const what = [
    `DTSTART${stamp(start)}`,
    ...(end ? endLine(start, end) : []),
    `SUMMARY:${escapeText(title)}`,
    ...(location === undefined ? [] : [`LOCATION:${escapeText(location)}`]),
    ...(description === undefined ? [] : [`DESCRIPTION:${escapeText(description)}`]),
    ...(url === undefined ? [] : [`URL:${url}`]),
  ];
  return contentLines([
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//QRFactory//EN",
    "BEGIN:VEVENT",
    `UID:${uidOf(what)}`,
    `DTSTAMP:${utc(start.at)}`,
    ...what,
    "END:VEVENT",
    "END:VCALENDAR",
  ]);
}

/** DTEND is the first moment after the event (3.6.1) and later than its start; without it a moment is its own end. */
function endLine(start: Moment, end: Moment): string[] {
  if (end.kind === "day") return [`DTEND${stamp({ kind: "day", at: new Date(end.at.getTime() + dayMs) })}`];
  return utc(end.at) === utc(start.at) ? [] : [`DTEND${stamp(end)}`];
}

function stamp({ kind, at }: Moment): string {
  return kind === "day" ? `;VALUE=DATE:${utc(at).slice(0, 8)}` : `:${utc(at)}`;
}

/** `20260601T163000Z`; fractions of a second are dropped. */
function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** 64 bits of SHA-256: one event scanned twice is one event. Digits and capitals cost the symbol least. */
function uidOf(what: readonly string[]): string {
  return createHash("sha256").update(what.join("\n")).digest("hex").slice(0, 16).toUpperCase();
}
