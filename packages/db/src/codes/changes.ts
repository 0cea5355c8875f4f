// The changes of an edit: fields sent with the value that the code has already make no version.
import type { CodeFields } from "@qrfactory/codes/fields/fields";
import { keepIds, nameRouting } from "@qrfactory/codes/routing/routing-ids";
import { canonicalJson } from "@qrfactory/domain/http/json";
import type { DynamicCode } from "../generated/client.js";

/**
 * The fields that differ from the row, rules and variants with their ids. A password counts as different: its hash
 * tells nothing of what it was. Throws as `keepIds` does.
 */
export function changesOf(row: DynamicCode, fields: CodeFields, pathPrefix = ""): CodeFields {
  const stored: Record<string, unknown> = { ...row, ...nameRouting(row) };
  const entries = Object.entries({ ...fields, ...keepIds(fields, row, pathPrefix) }).filter(
    ([name, value]) => spell(stored[name]) !== spell(value),
  );
  return Object.fromEntries(entries) as CodeFields;
}

/** One text for each value: the database keeps the members of an object in an order of its own. */
const spell = (value: unknown): string => canonicalJson(JSON.parse(JSON.stringify(value ?? null)));
