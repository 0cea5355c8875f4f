// From the records of a spool to the rows of the ledger: checked, reduced to what may be kept (no user agent, no
// language list), and put aside with a reason when they cannot be read.
import type { CallRow, DeadLetter, ScanRow, StoredBatch } from "@qrfactory/db/ingest";
import { type CallEvent, callEvent, type EventKind, type ScanEvent, scanEvent } from "@qrfactory/domain/events";
import type { EventBatch } from "@qrfactory/replica/event-stream";

/** Reads every record of a batch: what is an event becomes a row, anything else a dead letter. */
export function readBatch(kind: EventKind, batch: EventBatch): StoredBatch {
  const { spool_id: spoolId, from_sequence: from, first_sequence: first, records } = batch;
  const range = { spoolId, from, until: first + records.length };
  if (kind === "scans") return { ...range, kind, ...readRecords(first, records, scanEvent, scanRow) };
  return { ...range, kind, ...readRecords(first, records, callEvent, callRow) };
}

type Parser<Event> = {
  safeParse(value: unknown): { success: true; data: Event } | { success: false; error: { message: string } };
};

function readRecords<Event, Row>(
  first: number,
  records: string[],
  parser: Parser<Event>,
  toRow: (event: Event, sequence: number) => Row,
): { rows: Row[]; deadLetters: DeadLetter[] } {
  const rows: Row[] = [];
  const deadLetters: DeadLetter[] = [];
  records.forEach((record, index) => {
    const sequence = first + index;
    const read = parser.safeParse(parseJson(record));
    if (read.success) rows.push(toRow(read.data, sequence));
    else deadLetters.push({ sequence, record: withoutPersonal(record), reason: read.error.message });
  });
  return { rows, deadLetters };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The user agent and everything after it are cut off: no text that a scanner's device sent reaches Postgres. */
function withoutPersonal(record: string): string {
  const at = record.indexOf('"user_agent"');
  return at < 0 ? record : `${record.slice(0, at)}…`;
}

function scanRow(event: ScanEvent, sequence: number): ScanRow {
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
    language: primaryLanguage(event.language),
    referrer_host: event.referrer_host || null,
  };
}

function callRow({ at, ...event }: CallEvent, sequence: number): CallRow {
  return { ...event, sequence, called_at: new Date(at) };
}

/** The primary subtag of the first language in an Accept-Language list (RFC 9110, 12.5.4): `de` of `de-AT,en;q=0.7`. */
function primaryLanguage(header: string): string | null {
  return /^\s*([a-z]{2,8})(?![a-z])/i.exec(header)?.[1]?.toLowerCase() ?? null;
}
