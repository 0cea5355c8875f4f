// The older form of a scan's record, with the texts that its client sent. Regions wrote it until 28 November 2026, and
// a spool that was written before an update holds it still. It goes once no such spool can be left.
import { type ScanEvent, scanEvent } from "@qrfactory/domain/events";
import { traitsOf } from "@qrfactory/visitor/traits";
import { z } from "zod";

/** The first member of the older form that holds such a text; those after it go with it. */
const firstText = "user_agent";

const olderScanEvent = scanEvent
  .omit({ device: true, os: true, browser: true, language: true, bot_class: true })
  .extend({ [firstText]: z.string().max(512), language: z.string().max(512), prefetch: z.boolean() });

/** A scan of the older form as it would be written today; null when the value is none. */
export function readOlderScan(value: unknown): ScanEvent | null {
  const { data } = olderScanEvent.safeParse(value);
  if (!data) return null;
  const { user_agent, language, prefetch, ...rest } = data;
  return { ...rest, ...traitsOf(user_agent, language, prefetch) };
}

/**
 * A record without the texts that a scanner's device sent, which must not reach Postgres even where nothing else does.
 */
export function withoutClientTexts(record: string): string {
  const at = record.indexOf(`"${firstText}"`);
  return at < 0 ? record : `${record.slice(0, at)}…`;
}
