// A dynamic code as PostgreSQL keeps it, and what follows from the table of fields for it: defaults of a new one,
// answers, names in the audit trail.
import type { z } from "zod";
import { type CodeFields, type CodeValues, fieldList, type PropertiesWith } from "./fields.js";

/** The JSON columns hold what the API has checked; the database does not know their shapes. */
type JsonProperty = PropertiesWith<{ column: "jsonb" }>;

/** A row of `dynamic_codes`. */
export type StoredCode = Omit<CodeValues, JsonProperty> & { [Property in JsonProperty]: unknown } & {
  id: string;
  workspaceId: string;
  shortId: string;
  /** Grows by one with every edit. */
  version: number;
  /** People's scans. */
  scanCount: bigint;
  deletedAt: Date | null;
};

/** The fields of a row, or of a version of it. */
export type StoredValues = Pick<StoredCode, keyof CodeValues>;

/** The values of a new code: those that were sent, and the default of every other field. */
export function withDefaults(sent: CodeFields): CodeValues {
  return Object.fromEntries(
    fieldList.map((row) => [row.property, sent[row.property] ?? row.default]),
  ) as unknown as CodeValues;
}

/** Fields that a rollback to a version restores; a secret is part of no version, so it stays as it is. */
export function valuesToRestore(was: StoredValues): CodeFields {
  const kept = fieldList.filter(({ isSecret }) => !isSecret);
  return Object.fromEntries(kept.map(({ property }) => [property, was[property]]));
}

/** Wire names of what answers say of the fields, in order. */
export const shownNames: readonly string[] = fieldList.map(({ shownAs }) => shownAs);

/** The fields of a code, or of a version of one, as answers say them. */
export function showFields(code: StoredValues): Record<string, unknown> {
  return Object.fromEntries(
    fieldList.map(({ shownAs, property, show }) => [shownAs, show ? show(code[property], code) : code[property]]),
  );
}

/** Schemas of `showFields`, by their names. */
export const shownShape: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  fieldList.map(({ shownAs, answer, schema }) => [shownAs, answer ?? schema]),
);

/** Changes as answers say them: of a secret only whether there will be one. */
export function showChanges(changes: CodeFields): Record<string, unknown> {
  const named = fieldList.filter(({ property }) => changes[property] !== undefined);
  return Object.fromEntries(
    named.map(({ shownAs, property, isSecret }) => [
      shownAs,
      isSecret ? changes[property] !== null : changes[property],
    ]),
  );
}

/** Names of edited fields for the audit trail: never the values, one of which may be a password. */
export function wireNames(changes: CodeFields): string[] {
  return fieldList.filter(({ property }) => changes[property] !== undefined).map(({ name }) => name);
}

/** Changes that were kept as JSON: moments are moments again. */
export function reviveChanges(kept: Record<string, unknown>): CodeFields {
  const moments = new Set<string>(
    fieldList.filter(({ column }) => column === "timestamptz").map((row) => row.property),
  );
  return Object.fromEntries(
    Object.entries(kept).map(([property, value]) => [
      property,
      moments.has(property) && typeof value === "string" ? new Date(value) : value,
    ]),
  );
}
