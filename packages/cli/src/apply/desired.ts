// The state that is wanted, as a YAML file says it: codes by their short id, each with the fields that the file rules.

import type { CodeChanges } from "qrfactory";
import { parseDocument } from "yaml";
import { UsageError } from "../failure.js";

export type DesiredCode = { shortId: string; fields: CodeChanges & { name: string; destination_url: string } };

/** Fields that a file may say; a password cannot be read back, so no file rules it, nor should one hold it. */
const known = [
  ...["name", "destination_url", "fallback_url", "is_active", "expires_at", "max_scans", "rules", "variants"],
  ...["forward_query", "utm", "app_links", "tags", "folder", "notes"],
];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a file with `codes:`, a list of codes. Throws `UsageError` that names every mistake. */
export function readDesired(text: string, file: string): DesiredCode[] {
  const document = parseDocument(text, { uniqueKeys: true, version: "1.2" });
  const mistakes = document.errors.map(({ message }) => message);
  const value: unknown = mistakes.length === 0 ? document.toJS({ maxAliasCount: 100 }) : null;
  const codes = isObject(value) ? value.codes : undefined;
  if (mistakes.length === 0 && !Array.isArray(codes)) mistakes.push("It has no list named codes.");
  if (isObject(value)) {
    for (const name of Object.keys(value)) if (name !== "codes") mistakes.push(`${name} is not known here; use codes.`);
  }
  const desired: DesiredCode[] = [];
  const seen = new Set<string>();
  for (const [index, code] of (Array.isArray(codes) ? codes : []).entries()) {
    const where = `codes[${index}]`;
    if (!isObject(code) || typeof code.short_id !== "string") {
      mistakes.push(`${where} needs a short_id: by it the code is known again.`);
      continue;
    }
    const { short_id, ...fields } = code;
    // As the service spells it.
    const shortId = short_id.toUpperCase();
    if (seen.has(shortId)) mistakes.push(`${where}: ${shortId} is there twice.`);
    seen.add(shortId);
    for (const name of ["name", "destination_url"]) {
      if (typeof fields[name] !== "string") mistakes.push(`${where} (${shortId}) needs a ${name}.`);
    }
    for (const name of Object.keys(fields)) {
      if (name === "password")
        mistakes.push(`${where} (${shortId}): set a password by hand; a file shows it to everybody.`);
      else if (!known.includes(name)) mistakes.push(`${where} (${shortId}): ${name} is not a field of a code.`);
    }
    desired.push({ shortId, fields: fields as DesiredCode["fields"] });
  }
  if (mistakes.length > 0) throw new UsageError([`${file}:`, ...mistakes].join("\n  "));
  return desired;
}
