// Queries of scans: filters, ranges and zones, in the words of a query string.
import { storable, streamQuery } from "@qrfactory/domain/http/validate";
import { lengthsMax } from "@qrfactory/domain/limits";
import { intervals, type ScanDimension, scanDimensionNames } from "@qrfactory/domain/reports";
import { z } from "zod";
import { complainOf } from "./filter-values.js";
import { timezoneField } from "./timezone.js";

/** Longest list of values that can be asked for. */
const topMax = 500;

const filterValuesMax = 100;
const filterLengthMax = 200;

const momentOrDate = z
  .union(
    [z.iso.datetime({ offset: true }), z.iso.date()],
    "Use an RFC 3339 moment such as 2026-11-01T00:00:00Z, or a date such as 2026-11-01; a + is written %2B here.",
  )
  // PostgreSQL knows no year 0, RFC 3339 none after 9999, where an offset or the end of the last day may lead.
  .refine((text) => !/^(0000|9999)-/.test(text), { error: "Use a year from 0001 to 9998.", abort: true });

const flag = z.enum(["true", "false"]).transform((text) => text === "true");

type FilterValue = { value: string; isExcluded: boolean };

/** One value of a filter, and what ends it. */
const filterValue = /\s*(-?)(?:"((?:[^"]|"")*)"\s*|([^,]*))(,|$)/y;

/**
 * `FR,BE` are the values to have, `-US` one not to have; in quotes, as in CSV, a value may hold commas. Ends with the
 * first value that is one too many.
 */
function splitValues(text: string): FilterValue[] {
  const values: FilterValue[] = [];
  filterValue.lastIndex = 0;
  for (let end = ","; end === "," && values.length <= filterValuesMax; ) {
    const [, minus, quoted, plain = "", mark = ""] = filterValue.exec(text) ?? [];
    values.push({ value: quoted?.replaceAll('""', '"') ?? plain.trim(), isExcluded: minus === "-" });
    end = mark;
  }
  return values;
}

const filterField = (dimension: ScanDimension) =>
  storable
    .max(filterValuesMax * filterLengthMax)
    .transform(splitValues)
    .refine((values) => values.every(({ value }) => value !== ""), "Separate values by single commas.")
    .refine((values) => values.length <= filterValuesMax, `Use at most ${filterValuesMax} values.`)
    .superRefine((values, context) => {
      const complaint = complainOf(
        dimension,
        values.map(({ value }) => value),
      );
      if (complaint) context.addIssue({ code: "custom", message: complaint });
    })
    .optional()
    .describe("Values with commas between them; one after a hyphen is left out. In quotes, as in CSV, with commas.");

const filterFields = Object.fromEntries(scanDimensionNames.map((name) => [name, filterField(name)])) as Record<
  ScanDimension,
  ReturnType<typeof filterField>
>;

/** A range and the filters by what is known of a scan. */
export const scansQuery = z.strictObject({
  ...filterFields,
  from: momentOrDate.optional(),
  to: momentOrDate.optional().describe("A moment ends the range before it, a date with its day."),
  timezone: timezoneField.default("UTC"),
});

const word = (lengthMax: number) => storable.min(1).max(lengthMax);

/** Filters that narrow a workspace down to some of its codes. */
const codeFields = {
  tag: word(500).optional().describe("One tag or several with commas between them, of which a code has one at least."),
  folder: word(lengthsMax.folder).optional(),
};

/** The same for a workspace. */
export const workspaceScansQuery = scansQuery.extend(codeFields);

/** Query of a report on one code. */
export const reportQuery = scansQuery.extend({
  interval: z.enum(intervals).default("day"),
  include_bots: flag.default(false),
  include_fallback: flag.default(false).describe("Counts scans that were led to a fallback, too."),
  compare: z.enum(["previous"]).optional().describe("Adds the range of the same length just before."),
  top: z.coerce.number().int().min(1).max(topMax).optional().describe("Longest list of values."),
});

/** Query of a report on a workspace. */
export const workspaceReportQuery = reportQuery.extend(codeFields);

const formatField = { format: z.enum(["csv", "ndjson"]).default("csv") };

/** Query of a list of the scans of a code. */
export const listScansQuery = scansQuery.extend(streamQuery.shape);

/** Query of a list of the scans of a workspace. */
export const listWorkspaceScansQuery = workspaceScansQuery.extend(streamQuery.shape);

/** Query of a file of the scans of a code. */
export const exportScansQuery = scansQuery.extend(formatField);

/** Query of a file of the scans of a workspace. */
export const exportWorkspaceScansQuery = workspaceScansQuery.extend(formatField);

/** Query of a live stream. */
export const liveQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).optional().describe("Ends the stream after so many events."),
});
