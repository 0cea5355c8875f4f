// Queries of scans as reports read them.

import { spellValue } from "@qrfactory/api/input/filter-values";
import type { scansQuery } from "@qrfactory/api/input/scan-query";
import type { DimensionFilter } from "@qrfactory/db/scans/scope";
import { fallbackKey, scanDimensionNames } from "@qrfactory/domain/reports";
import type { z } from "zod";

/** Hours of twelve weeks, days of five years; a chart shows a tenth of it. */
export const bucketsMax = 2_000;

/** Values in each list unless told. */
export const topDefault = 50;

/** Whether a report counts scans that were led to a fallback: where it is asked for them, in either way. */
export const asksFallback = (filters: DimensionFilter[], isIncluded: boolean): boolean =>
  isIncluded || filters.some(({ dimension, include }) => dimension === "served" && include.includes(fallbackKey));

/** The filters of a checked query. */
export function readFilters(query: z.output<typeof scansQuery>): DimensionFilter[] {
  return scanDimensionNames.flatMap((dimension) => {
    const values = query[dimension];
    if (!values) return [];
    const valuesOf = (excluded: boolean) =>
      values.filter(({ isExcluded }) => isExcluded === excluded).map(({ value }) => spellValue(dimension, value));
    return [{ dimension, include: valuesOf(false), exclude: valuesOf(true) }];
  });
}
