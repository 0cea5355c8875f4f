// Reports on scans, and single scans, as clients see them.
import { botClasses, servedKinds } from "@qrfactory/domain/events";
import { z } from "zod";
import { moment } from "./shared.js";

const count = z.int().min(0);
const keyCounts = z.array(z.strictObject({ key: z.string(), scans: count }));
const timeseries = z.array(z.strictObject({ start: moment, scans: count, unique_visitors: count }));
const share = z.number().nullable();

const totals = { total_scans: count, unique_visitors: count, bots: count };

/** A report on one code (contract, section 6); lists are in order of counts, `unknown` is what is not known. */
export const codeReport = z
  .strictObject({
    ...totals,
    bot_classes: keyCounts,
    fallbacks: count.describe("People who were led to a fallback, counted above or not."),
    last_scanned_at: moment.nullable(),
    complete_from: moment
      .nullable()
      .describe("Single scans before it may be gone, and with them what only they tell; null when none are asked for."),
    timeseries: timeseries.describe("Every bucket of the range, those without scans among them."),
    countries: keyCounts,
    regions: keyCounts,
    cities: keyCounts,
    districts: keyCounts,
    devices: keyCounts,
    os: keyCounts,
    browsers: keyCounts,
    languages: keyCounts,
    referrers: keyCounts,
    variants: keyCounts,
    serving_regions: keyCounts,
    served: keyCounts,
    rule_ids: keyCounts,
    variant_ids: keyCounts,
    previous: z.strictObject({ from: moment, to: moment, ...totals, timeseries }).optional(),
    changes: z
      .strictObject({ total_scans: share, unique_visitors: share, bots: share })
      .optional()
      .describe("0.25 is a quarter more than in `previous`; null where there was nothing."),
  })
  .meta({ id: "CodeReport" });

/** The same on a workspace. */
export const workspaceReport = codeReport
  .extend({ top_codes: z.array(z.strictObject({ short_id: z.string(), name: z.string(), scans: count })) })
  .meta({ id: "WorkspaceReport" });

/** One scan; never an address, nor the network. */
export const scan = z
  .strictObject({
    id: z.uuid(),
    short_id: z.string(),
    code_name: z.string(),
    scanned_at: moment,
    country: z.string().nullable(),
    region: z.string().nullable(),
    city: z.string().nullable(),
    district: z.string().nullable(),
    device: z.string().nullable(),
    os: z.string().nullable(),
    browser: z.string().nullable(),
    language: z.string().nullable(),
    referrer: z.string().nullable().describe("The host alone."),
    variant: count.nullable().describe("Index of the variant."),
    bot_class: z.enum(botClasses).nullable().describe("Null for people."),
    serving_region: z.string(),
    visitor: z.string().nullable().describe("The same for one visitor within a day in UTC."),
    served: z.enum(servedKinds),
    rule_id: z.string().nullable(),
    variant_id: z.string().nullable(),
  })
  .meta({ id: "Scan" });
