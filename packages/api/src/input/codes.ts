// Queries and bodies of operations on dynamic codes, beside those that follow from the table of fields.
import { updateCodeBody } from "@qrfactory/codes/fields/input";
import { devices, systems } from "@qrfactory/codes/routing/routing-input";
import { shortIdField } from "@qrfactory/codes/short-id";
import { bulkEditMax, codeStatuses } from "@qrfactory/codes/statuses";
import { isCountry } from "@qrfactory/domain/countries";
import { dayMs } from "@qrfactory/domain/duration";
import { traitLengthMax } from "@qrfactory/domain/events";
import { useOneOf } from "@qrfactory/domain/http/suggest";
import { listOf, pageQuery, storable } from "@qrfactory/domain/http/validate";
import { lengthsMax } from "@qrfactory/domain/limits";
import { momentField } from "@qrfactory/domain/moment";
import { z } from "zod";

/** Further ahead than this is a slip of the pen. */
const yearsAheadMax = 5;
const yearMs = 366 * dayMs;

/** The moment of a change that is to happen later. */
export const effectiveAtField = momentField
  .refine((at) => at.getTime() > Date.now(), "Use a moment that is still to come, or leave this out.")
  .refine((at) => at.getTime() < Date.now() + yearsAheadMax * yearMs, `Use a moment within ${yearsAheadMax} years.`);

const wordField = (lengthMax: number) => storable.max(lengthMax).optional();

/** A word of a few, in any case. */
const anyCase = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.preprocess((word) => (typeof word === "string" ? word.toLowerCase() : word), z.enum(words));

/** Filters of a list, in the words of a query. */
export const codeFilters = {
  search: wordField(200),
  /** One tag or several with commas between them, of which a code has one at least. */
  tag: wordField(500),
  status: anyCase(codeStatuses).optional(),
  folder: wordField(lengthsMax.folder),
  is_active: anyCase(["true", "false"]).optional(),
};

const sortable = ["created_at", "updated_at", "name", "scan_count", "last_scanned_at"] as const;

/** Orders of a list: a field, with a hyphen from the largest down. */
const codeOrders: readonly string[] = sortable.flatMap((name) => [name, `-${name}`]);

/** Query of a list of codes. */
export const listCodesQuery = pageQuery.extend({
  ...codeFilters,
  ordering: z
    .string()
    .default("-created_at")
    .transform((name) => name.toLowerCase())
    .refine((name) => codeOrders.includes(name), { error: ({ input }) => useOneOf(input, [...codeOrders]) }),
  deleted: z.enum(["true", "false"]).optional(),
  cursor: z.string().max(lengthsMax.cursor).optional(),
});

const isNotEmpty = (value: object) => Object.keys(value).length > 0;

/** Body of an edit of many codes. */
export const bulkEditBody = z
  .strictObject({
    short_ids: listOf(shortIdField, {
      min: 1,
      max: bulkEditMax,
      message: `Name at most ${bulkEditMax} codes.`,
    }).optional(),
    // An empty filter would be every code: nobody means that by leaving something out.
    filter: z
      .strictObject({ ...codeFilters, is_active: z.boolean().optional() })
      .refine(isNotEmpty, "Name at least one of tag, folder, search and is_active.")
      .optional(),
    changes: updateCodeBody.refine(isNotEmpty, "Name at least one field to change."),
  })
  .refine(({ short_ids, filter }) => (short_ids === undefined) !== (filter === undefined), {
    path: ["short_ids"],
    message: "Name the codes either by short_ids or by a filter.",
  });

/** The largest that a version may be: it is a PostgreSQL `integer`. */
const versionMax = 2_147_483_647;

/** Body of a rollback. */
export const rollbackBody = z.strictObject({ version: z.number().int().min(1).max(versionMax) });

/** As much as a scan record holds of a header. */
const headerLengthMax = 512;

/** One of some words in any case, as the list spells it. */
const wordOf = (words: readonly string[]) => {
  const spelt = new Map(words.map((word) => [word.toLowerCase(), word]));
  return z
    .string()
    .refine((word) => spelt.has(word.toLowerCase()), `Use one of: ${words.join(", ")}.`)
    .transform((word) => spelt.get(word.toLowerCase()) as string);
};

/** Body of a look ahead at a scan. */
export const resolveBody = z.strictObject({
  at: momentField.optional(),
  country: z
    .string()
    .transform((text) => text.toUpperCase())
    .refine(isCountry, "Use an ISO 3166-1 code of two letters such as AT or GB.")
    .optional(),
  user_agent: z.string().max(headerLengthMax, `Use at most ${headerLengthMax} characters.`).optional(),
  language: z.string().max(headerLengthMax, `Use at most ${headerLengthMax} characters.`).optional(),
  // In the words of rules and reports, in place of what the user agent says of each.
  device: wordOf(devices)
    .transform((name) => (name === "mobile" ? "phone" : name))
    .optional(),
  os: wordOf(systems).optional(),
  browser: z.string().min(1).max(traitLengthMax).optional(),
});
