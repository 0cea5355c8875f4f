// What is to be done so that codes are as they are wanted: compared field by field, as the service would keep each.
import type { Code, CodeChanges } from "qrfactory";
import type { DesiredCode } from "./desired.js";

export type Change = { field: string; before: unknown; after: unknown };

export type Step =
  | { act: "create"; shortId: string; fields: DesiredCode["fields"] }
  | { act: "update" | "restore"; shortId: string; version: number; changes: Change[] }
  | { act: "delete"; shortId: string; name: string };

const addressFields = ["destination_url", "fallback_url"];

/** An address in its normal form; what is none is left to the service to refuse. */
function addressOf(text: string): string {
  try {
    return new URL(text).href;
  } catch {
    return text;
  }
}

/** A value as it is compared: addresses and moments in one spelling, lists of rules without the ids that were given. */
function comparable(field: string, value: unknown, desired: unknown): unknown {
  if (typeof value === "string" && (addressFields.includes(field) || field === "destination_url"))
    return addressOf(value);
  if (field === "expires_at" && typeof value === "string") return new Date(value).getTime();
  if (field === "expires_at" && value instanceof Date) return value.getTime();
  if (field === "tags" && Array.isArray(value)) return [...new Set(value)];
  if (Array.isArray(value)) {
    return value.map((item, at) => comparable(field, item, Array.isArray(desired) ? desired[at] : undefined));
  }
  if (typeof value !== "object" || value === null) return value;
  const wanted = (typeof desired === "object" && desired !== null ? desired : {}) as Record<string, unknown>;
  const entries = Object.entries(value).filter(([name]) => name !== "id" || "id" in wanted);
  return Object.fromEntries(
    entries
      .map(([name, item]) => [name, comparable(name, item, wanted[name])])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
}

/** The fields that differ. */
export function changesOf(code: Code, fields: CodeChanges): Change[] {
  return Object.entries(fields).flatMap(([field, after]) => {
    const before = code[field as keyof Code];
    const same = JSON.stringify(comparable(field, before, after)) === JSON.stringify(comparable(field, after, after));
    return same ? [] : [{ field, before, after }];
  });
}

/**
 * The steps from what there is to what is wanted; none where both are the same. `deleted` are brought back rather than
 * made anew, since a short id is never given twice; `prunable` are deleted where the file does not name them.
 */
export function planOf(
  desired: DesiredCode[],
  there: Map<string, Code>,
  deleted: Map<string, Code>,
  prunable: Code[],
): Step[] {
  const steps: Step[] = desired.flatMap(({ shortId, fields }): Step[] => {
    const code = there.get(shortId);
    if (code) {
      const changes = changesOf(code, fields);
      return changes.length > 0 ? [{ act: "update", shortId, version: code.version, changes }] : [];
    }
    const gone = deleted.get(shortId);
    if (gone) return [{ act: "restore", shortId, version: gone.version, changes: changesOf(gone, fields) }];
    return [{ act: "create", shortId, fields }];
  });
  const named = new Set(desired.map(({ shortId }) => shortId));
  const left = prunable.filter(({ short_id }) => !named.has(short_id));
  return [...steps, ...left.map(({ short_id, name }): Step => ({ act: "delete", shortId: short_id, name }))];
}
