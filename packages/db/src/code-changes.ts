// What of an edit is a change: fields that say what a code says already make no version.
import type { CodeFields } from "@qrfactory/domain/code-input";
import { canonicalJson } from "@qrfactory/domain/json";
import type { DynamicCode } from "./generated/client.js";

/** The fields that differ from the row. A password counts as different: its hash tells nothing of what it was. */
export function changesOf(row: DynamicCode, fields: CodeFields): CodeFields {
  const stored = row as unknown as Record<string, unknown>;
  const entries = Object.entries(fields).filter(([name, value]) => spell(stored[name]) !== spell(value));
  return Object.fromEntries(entries) as CodeFields;
}

/** One text for each value: the database keeps the members of an object in an order of its own. */
const spell = (value: unknown): string => canonicalJson(JSON.parse(JSON.stringify(value ?? null)));
