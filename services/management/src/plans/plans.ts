// The plans over HTTP: what each includes, from the table that every limit is enforced by.
import type { Handlers } from "@qrfactory/api/bind";
import type { planOperations } from "@qrfactory/api/operations/plans";
import { type Plan, planNames, plans } from "@qrfactory/domain/plan/plans";

/** An hour: they change with a release. */
const keptSeconds = 3_600;

/** JSON has no number for unlimited. */
const finite = (limit: number) => (Number.isFinite(limit) ? limit : null);

/** A plan as clients see it. */
const planDocument = (plan: Plan) => ({
  name: plan.name,
  renders_per_month: finite(plan.rendersPerMonth),
  size_inches_max: plan.sizeInchesMax,
  dpi_max: plan.dpiMax,
  active_codes_max: finite(plan.activeCodesMax),
  bulk_rows_max: plan.bulkRowsMax,
  seats_max: finite(plan.seatsMax),
  advanced: plan.advanced,
  requests_per_minute: finite(plan.requestsPerMinute),
  sla_percent: plan.slaPercent,
  overage_usd: plan.overageUsd,
});

/** The handlers of plans. */
export function planHandlers(): Handlers<keyof typeof planOperations> {
  return {
    listPlans: (_req, res) => {
      res.set("Cache-Control", `public, max-age=${keptSeconds}`);
      res.json({ results: planNames.map((name) => planDocument(plans[name])) });
    },
  };
}
