// What may be asked of scans, in the words of a query.
import type { Interval } from "@qrfactory/db/analytics-times";
import { type ScanDimension, scanDimensions } from "@qrfactory/db/scan-dimensions";
import type { DimensionFilter } from "@qrfactory/db/scan-scope";
import { z } from "zod";

/** Hours of twelve weeks, days of five years; a chart shows a tenth of it. */
export const bucketsMax = 2_000;

/** Values in each list unless told, and at most. */
const topDefault = 50;
const topMax = 500;

const filterValuesMax = 100;
const filterLengthMax = 200;

const momentOrDate = z.union(
  [z.iso.datetime({ offset: true }), z.iso.date()],
  "Use an RFC 3339 moment such as 2026-11-01T00:00:00Z, or a date such as 2026-11-01.",
);

const flag = z.enum(["true", "false"]).transform((text) => text === "true");

/** Names that look like those of the IANA database and that the runtime knows, too. */
const timezoneField = z
  .string()
  .max(64)
  .refine(isTimezone, "Use a name of the IANA time zone database, such as Europe/Vienna.");

function isTimezone(name: string): boolean {
  if (!/^[A-Za-z][\w+-]*(\/[\w+-]+)*$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** `FR,BE` are the values to have, `-US` one not to have. */
const filterField = z
  .string()
  .max(filterValuesMax * filterLengthMax)
  .refine((text) => !text.includes("\0"), "Remove the character NUL.")
  .transform((text) => text.split(",").map((value) => value.trim()))
  .refine((values) => values.every((value) => value !== "" && value !== "-"), "Separate values by single commas.")
  .refine((values) => values.length <= filterValuesMax, `Use at most ${filterValuesMax} values.`)
  .optional();

const names = Object.keys(scanDimensions) as ScanDimension[];
const filterFields = Object.fromEntries(names.map((name) => [name, filterField])) as Record<
  ScanDimension,
  typeof filterField
>;

/** A range and the filters by what is known of a scan. */
export const scansQuery = z.strictObject({
  ...filterFields,
  from: momentOrDate.optional(),
  to: momentOrDate.optional(),
  timezone: timezoneField.default("UTC"),
});

/** Of a report on one code. */
export const reportQuery = scansQuery.extend({
  interval: z.enum(["hour", "day", "week", "month"] satisfies Interval[]).default("day"),
  include_bots: flag.default(false),
  compare: z.enum(["previous"]).optional(),
  top: z.coerce.number().int().min(1).max(topMax).default(topDefault),
});

const word = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .refine((text) => !text.includes("\0"), "Remove the character NUL.");

/** What narrows a workspace down to some of its codes. */
const codeFields = { tag: word(50).optional(), folder: word(100).optional() };

/** Of a report on a workspace. */
export const workspaceReportQuery = reportQuery.extend(codeFields);

/** The filters of a checked query. */
export function readFilters(query: z.output<typeof scansQuery>): DimensionFilter[] {
  return names.flatMap((dimension) => {
    const values = query[dimension];
    if (!values) return [];
    const exclude = values.filter((value) => value.startsWith("-")).map((value) => value.slice(1));
    return [{ dimension, include: values.filter((value) => !value.startsWith("-")), exclude }];
  });
}
