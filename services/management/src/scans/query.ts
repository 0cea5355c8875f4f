// Queries of scans: filters, ranges and zones, in the words of a query string.

import { timezoneField } from "@qrfactory/api/input/timezone";
import { fallbackKey, type ScanDimension, scanDimensions } from "@qrfactory/db/scans/dimensions";
import type { Interval } from "@qrfactory/db/scans/reports/count-over-time";
import type { DimensionFilter } from "@qrfactory/db/scans/scope";
import { storable } from "@qrfactory/domain/http/validate";
import { lengthsMax } from "@qrfactory/domain/limits";
import { z } from "zod";
import { complainOf, spellValue } from "./filter-values.js";

/** Hours of twelve weeks, days of five years; a chart shows a tenth of it. */
export const bucketsMax = 2_000;

/** Values in each list unless told, and at most. */
export const topDefault = 50;
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
    .optional();

const names = Object.keys(scanDimensions) as ScanDimension[];
const filterFields = Object.fromEntries(names.map((name) => [name, filterField(name)])) as Record<
  ScanDimension,
  ReturnType<typeof filterField>
>;

/** A range and the filters by what is known of a scan. */
export const scansQuery = z.strictObject({
  ...filterFields,
  from: momentOrDate.optional(),
  to: momentOrDate.optional(),
  timezone: timezoneField.default("UTC"),
});

const word = (lengthMax: number) => storable.min(1).max(lengthMax);

/** Filters that narrow a workspace down to some of its codes. */
const codeFields = { tag: word(500).optional(), folder: word(lengthsMax.folder).optional() };

/** The same of a workspace. */
export const workspaceScansQuery = scansQuery.extend(codeFields);

/** Of a report on one code. */
export const reportQuery = scansQuery.extend({
  interval: z.enum(["hour", "day", "week", "month"] satisfies Interval[]).default("day"),
  include_bots: flag.default(false),
  include_fallback: flag.default(false),
  compare: z.enum(["previous"]).optional(),
  top: z.coerce.number().int().min(1).max(topMax).optional(),
});

/** Of a report on a workspace. */
export const workspaceReportQuery = reportQuery.extend(codeFields);

/** Whether a report counts scans that were led to a fallback: where it is asked for them, in either way. */
export const asksFallback = (filters: DimensionFilter[], isIncluded: boolean): boolean =>
  isIncluded || filters.some(({ dimension, include }) => dimension === "served" && include.includes(fallbackKey));

/** The filters of a checked query. */
export function readFilters(query: z.output<typeof scansQuery>): DimensionFilter[] {
  return names.flatMap((dimension) => {
    const values = query[dimension];
    if (!values) return [];
    const valuesOf = (excluded: boolean) =>
      values.filter(({ isExcluded }) => isExcluded === excluded).map(({ value }) => spellValue(dimension, value));
    return [{ dimension, include: valuesOf(false), exclude: valuesOf(true) }];
  });
}
