// The plans, as data.
import { planNames } from "@qrfactory/domain/plan/plans";
import { z } from "zod";
import { operationsOf } from "../operation.js";

const limit = z.number().nullable().describe("Null: unlimited.");

const plan = z
  .strictObject({
    name: z.enum(planNames),
    renders_per_month: limit,
    size_inches_max: z.number(),
    dpi_max: z.int(),
    active_codes_max: limit,
    bulk_rows_max: z.int(),
    seats_max: limit,
    advanced: z.boolean().describe("Webhooks, rules and variants."),
    requests_per_minute: limit,
    sla_percent: z.strictObject({ render: z.number(), redirect: z.number() }).nullable(),
    overage_usd: z.number().nullable().describe("Price of a render beyond the quota, by opt-in; null: not offered."),
  })
  .meta({ id: "Plan" });

/** Operations on plans, by id. */
export const planOperations = operationsOf(
  { tag: "Plans" },
  {
    listPlans: {
      method: "GET",
      path: "/api/v1/plans/",
      summary: "List the plans",
      description: "From the same table that every limit is enforced by, the smallest first.",
      access: null,
      answers: { 200: { description: "All plans.", schema: z.strictObject({ results: z.array(plan) }) } },
      example: {},
    },
  },
);
