// From the records of a spool to the rows of the ledger: checked, their networks looked up, and put aside with a reason
// when they cannot be read.
import type { DeadLetter, StoredBatch, StoredBatches } from "@qrfactory/db/scans/ingest/ingest";
import type { CallRow, ScanRow } from "@qrfactory/db/scans/ingest/rows";
import {
  type CallEvent,
  callEvent,
  type EventKind,
  isScanEvent,
  type ScanEvent,
  scanEvent,
} from "@qrfactory/domain/events";
import { parseJson } from "@qrfactory/domain/http/json";
import type { EventBatch } from "@qrfactory/state/streams/event-stream";
import type { Place } from "@qrfactory/visitor/geolocation";
import { readOlderScan, withoutClientTexts } from "./older-scans.js";

/** Where the network of a scan is. */
export type Locate = (network: string) => Place;

/** Reads every record of some batches: what is an event becomes a row, anything else a dead letter. */
export function readBatches(kind: EventKind, batches: EventBatch[], locate: Locate): StoredBatches {
  if (kind === "scans") {
    const toRow = (event: ScanEvent, sequence: number) => scanRow(event, sequence, locate);
    return { kind, batches: batches.map((batch) => readBatch(batch, readScan, scanEvent, toRow)) };
  }
  return { kind, batches: batches.map((batch) => readBatch(batch, readCall, callEvent, callRow)) };
}

const readScan = (value: unknown) => (isScanEvent(value) ? value : readOlderScan(value));
const readCall = (value: unknown): CallEvent | null =>
  callEvent.safeParse(value).success ? (value as CallEvent) : null;

type Schema = { safeParse(value: unknown): { error?: { message: string } | undefined } };

function readBatch<Event, Row>(
  batch: EventBatch,
  read: (value: unknown) => Event | null,
  schema: Schema,
  toRow: (event: Event, sequence: number) => Row,
): StoredBatch<Row> {
  const { spool_id: spoolId, from_sequence: from, first_sequence: first, records } = batch;
  const rows: Row[] = [];
  const deadLetters: DeadLetter[] = [];
  records.forEach((record, index) => {
    const sequence = first + index;
    const value = parseJson(record);
    const event = read(value);
    if (event !== null) rows.push(toRow(event, sequence));
    else {
      const reason = schema.safeParse(value).error?.message ?? "not an event";
      deadLetters.push({ sequence, record: withoutClientTexts(record), reason });
    }
  });
  return { spoolId, from, until: first + records.length, rows, deadLetters };
}

function scanRow(event: ScanEvent, sequence: number, locate: Locate): ScanRow {
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
    device: event.device,
    os: event.os,
    browser: event.browser,
    language: event.language,
    referrer_host: event.referrer_host || null,
    country: place.country,
    region_name: place.region,
    city: place.city,
    district: place.district ?? "",
    bot_class: event.bot_class,
    variant: event.variant ?? null,
    rule: event.rule ?? null,
    rule_id: null,
    variant_id: null,
    served: event.served ?? (event.variant === undefined ? "destination" : "variant"),
  };
}

function callRow({ at, ...event }: CallEvent, sequence: number): CallRow {
  return { ...event, sequence, called_at: new Date(at) };
}
