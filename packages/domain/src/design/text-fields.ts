// Designs that come as text: form fields, query parameters and CSV cells say numbers, truths and objects in words.
// Turned into what JSON would have said, so that one schema judges all.
import { parseStrictJson } from "../http/json.js";

const numberFields = new Set(["size", "size_inches", "dpi", "quiet_zone", "logo_size_ratio", "logo_neon_alpha"]);
const truthFields = new Set(["logo_clear_zone"]);
const objectFields = new Set(["payload"]);

/** Decimal numbers as people write them; `1e3`, hex and spaces are left as text, which the schema then refuses. */
const numberPattern = /^-?\d{1,9}(\.\d{1,9})?$/;

/** The JSON value of text fields; one that cannot be read as its kind stays text, and the schema refuses it. */
export function fromTextFields(fields: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, fromText(name, text)]));
}

function fromText(name: string, text: string): unknown {
  if (numberFields.has(name) && numberPattern.test(text)) return Number(text);
  if (truthFields.has(name) && (text === "true" || text === "false")) return text === "true";
  if (objectFields.has(name)) return parseStrictJson(text);
  return text;
}
