// From the records of a spool to the rows of the ledger: checked, reduced to what may be kept (no user agent, no
// language list), and put aside with a reason when they cannot be read.
import type { CallRow, DeadLetter, ScanRow, StoredBatch, StoredBatches } from "@qrfactory/db/ingest";
import {
  type CallEvent,
  callEvent,
  type EventKind,
  isScanEvent,
  type ScanEvent,
  scanEvent,
} from "@qrfactory/domain/events";
import { parseJson } from "@qrfactory/domain/json";
import { preferredLanguage } from "@qrfactory/domain/preferred-language";
import type { EventBatch } from "@qrfactory/replica/event-stream";
import type { Place } from "@qrfactory/visitor/geolocation";
import { readUserAgent } from "@qrfactory/visitor/user-agent";

/** Where the network of a scan is. */
export type Locate = (network: string) => Place;

/** Reads every record of some batches: what is an event becomes a row, anything else a dead letter. */
export function readBatches(kind: EventKind, batches: EventBatch[], locate: Locate): StoredBatches {
  if (kind === "scans") {
    const toRow = (event: ScanEvent, sequence: number) => scanRow(event, sequence, locate);
    return { kind, batches: batches.map((batch) => readBatch(batch, isScanEvent, scanEvent, toRow)) };
  }
  const isCall = (value: unknown): value is CallEvent => callEvent.safeParse(value).success;
  return { kind, batches: batches.map((batch) => readBatch(batch, isCall, callEvent, callRow)) };
}

type Schema = { safeParse(value: unknown): { error?: { message: string } | undefined } };

function readBatch<Event, Row>(
  batch: EventBatch,
  isEvent: (value: unknown) => value is Event,
  schema: Schema,
  toRow: (event: Event, sequence: number) => Row,
): StoredBatch<Row> {
  const { spool_id: spoolId, from_sequence: from, first_sequence: first, records } = batch;
  const rows: Row[] = [];
  const deadLetters: DeadLetter[] = [];
  records.forEach((record, index) => {
    const sequence = first + index;
    const value = parseJson(record);
    if (isEvent(value)) rows.push(toRow(value, sequence));
    else {
      const reason = schema.safeParse(value).error?.message ?? "not an event";
      deadLetters.push({ sequence, record: withoutPersonal(record), reason });
    }
  });
  return { spoolId, from, until: first + records.length, rows, deadLetters };
}

/** The user agent and everything after it are cut off: no text that a scanner's device sent reaches Postgres. */
function withoutPersonal(record: string): string {
  const at = record.indexOf('"user_agent"');
  return at < 0 ? record : `${record.slice(0, at)}…`;
}

function scanRow(event: ScanEvent, sequence: number, locate: Locate): ScanRow {
  const client = readUserAgent(event.user_agent);
  const place = locate(event.network);
  return {
    sequence,
    id: event.id,
    scanned_at: new Date(event.at),
    code_id: event.code_id,
    workspace_id: event.workspace_id,
    code_version: event.version,
    region: event.region,
    network: event.network || null,
    visitor: event.visitor,
    device: client.device,
    os: client.os,
    browser: client.browser,
    // Without its region.
    language: preferredLanguage(event.language).split("-", 1)[0] || null,
    referrer_host: event.referrer_host || null,
    country: place.country,
    region_name: place.region,
    city: place.city,
    bot_class: client.botClass ?? (event.prefetch ? "prefetch" : null),
    variant: event.variant ?? null,
  };
}

function callRow({ at, ...event }: CallEvent, sequence: number): CallRow {
  return { ...event, sequence, called_at: new Date(at) };
}
