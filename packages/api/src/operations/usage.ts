// Operations on usage: limits of the plan, credits used, and the ledger of calls.
import { streamQuery } from "@qrfactory/domain/http/validate";
import { momentField } from "@qrfactory/domain/moment";
import { planNames, quotaThresholds } from "@qrfactory/domain/plan/plans";
import { z } from "zod";
import { cursorPage, moment } from "../answers/shared.js";
import { operationsOf } from "../operation.js";

const count = z.int().min(0);
const limit = count.nullable();
const keyPrefix = z.string().describe("The first 12 characters of the key.");

const usage = z.strictObject({
  plan: z.enum(planNames),
  monthly_quota: limit.describe("Credits of a month; null: any number, as in all limits."),
  used_this_month: count.describe("Credits used since the month began in UTC."),
  remaining: limit,
  max_size_inches: z.number(),
  max_dpi: count,
  max_active_dynamic_qrs: limit,
  active_dynamic_qrs: count,
  max_bulk_items: count,
  resets_at: moment,
});

const workspaceUsage = usage
  .extend({
    overage: z.strictObject({
      enabled: z.boolean(),
      renders_max: limit,
      renders: count.describe("Renders beyond the quota so far."),
      usd: z
        .string()
        .regex(/^\d+\.\d\d$/)
        .describe("Their price, such as `12.40`."),
    }),
    thresholds: z.array(
      z.strictObject({
        type: z.enum(Object.keys(quotaThresholds) as (keyof typeof quotaThresholds)[]),
        reached_at: moment,
      }),
    ),
    by_key: z
      .array(
        z.strictObject({
          id: z.uuid().nullable().describe("Null for people at a dashboard."),
          key_prefix: keyPrefix.nullable(),
          name: z.string(),
          renders: z.int(),
        }),
      )
      .describe("The busiest first, revoked keys among them."),
    daily: z.array(z.strictObject({ day: z.iso.date(), renders: z.int() })).describe("Days without any are left out."),
  })
  .meta({ id: "WorkspaceUsage" });

const caches = ["HIT", "MISS", "BYPASS"] as const;

const call = z
  .strictObject({
    id: z.uuid(),
    at: moment,
    request_id: z.string(),
    key: z
      .strictObject({ id: z.uuid(), key_prefix: keyPrefix, name: z.string() })
      .nullable()
      .describe("Null for people at a dashboard."),
    endpoint: z.string(),
    status: z.int(),
    cache: z.enum([...caches, ""]).describe("Empty for orders."),
    cache_key: z.string(),
    format: z.string(),
    duration_ms: z.number().min(0),
    credits: z.int().describe("Below zero where an order gave some back."),
  })
  .meta({ id: "Call" });

const callsQuery = streamQuery.extend({
  key: z
    .union([z.uuid(), z.string().regex(/^smk_[A-Za-z0-9_-]{8}$/)], "Use the id of a key or its first 12 characters.")
    .optional(),
  status: z
    .string()
    .regex(/^[1-5]\d\d$/, "Use an HTTP status such as 200.")
    .transform(Number)
    .optional(),
  cache: z.enum(caches, `Use one of: ${caches.join(", ")}.`).optional(),
  from: momentField.optional(),
  to: momentField.optional(),
});

/** Operations on usage, by id. */
export const usageOperations = operationsOf(
  { tag: "Usage" },
  {
    getUsage: {
      method: "GET",
      path: "/api/v1/usage/",
      summary: "Read the usage and limits of a key's workspace",
      access: { keysOnly: true },
      answers: {
        200: {
          description: "Usage of this month.",
          schema: z.strictObject({ key_prefix: keyPrefix, ...usage.shape }).meta({ id: "Usage" }),
        },
      },
      example: {},
    },
    getWorkspaceUsage: {
      method: "GET",
      path: "/api/v1/usage/me/",
      summary: "Read the usage of the workspace by key and day",
      access: {},
      answers: { 200: { description: "Usage of this month.", schema: workspaceUsage } },
      example: {},
    },
    listCalls: {
      method: "GET",
      path: "/api/v1/calls/",
      summary: "List the images that were delivered",
      description: "What each of them cost, and what orders took and gave back.",
      access: { scope: "analytics" },
      query: callsQuery,
      answers: { 200: { description: "Calls, the newest first.", schema: cursorPage(call) } },
      example: { query: { cache: "MISS" } },
    },
  },
);
