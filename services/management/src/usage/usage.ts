// Usage of a workspace this month, and the limits of its plan.
import type { Handlers } from "@qrfactory/api/bind";
import type { Caller } from "@qrfactory/auth/caller";
import { countActiveCodes } from "@qrfactory/db/accounts/standing";
import { getMonthlyBill, listDailyUsage, listKeyUsage } from "@qrfactory/db/calls/usage";
import type { Db } from "@qrfactory/db/client";
import { monthOf, nextMonthStart, overageCost, plans } from "@qrfactory/domain/plan/plans";
import type { Credits } from "@qrfactory/state/credits/credits";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";

/** Dependencies of the report on usage. */
export type UsageOptions = {
  db: Db;
  findCaller: FindCaller;
  /** Credits used in a month: the live counter, or the ledger when Redis is away. */
  readCredits: Credits["readCredits"];
  now?: () => number;
};

/** The handlers of usage. */
export function usageHandlers({
  db,
  findCaller,
  readCredits,
  now = Date.now,
}: UsageOptions): Handlers<"getUsage" | "getWorkspaceUsage"> {
  async function summary(caller: Caller) {
    const plan = plans[caller.plan];
    const at = new Date(now());
    const month = monthOf(at);
    const [active, used] = await Promise.all([
      countActiveCodes(db, caller.workspaceId),
      readCredits({ workspaceId: caller.workspaceId, month }),
    ]);
    return {
      plan: plan.name,
      monthly_quota: finite(plan.rendersPerMonth),
      used_this_month: used,
      remaining: finite(Math.max(0, plan.rendersPerMonth - used)),
      max_size_inches: plan.sizeInchesMax,
      max_dpi: plan.dpiMax,
      max_active_dynamic_qrs: finite(plan.activeCodesMax),
      active_dynamic_qrs: active,
      max_bulk_items: plan.bulkRowsMax,
      resets_at: nextMonthStart(at).toISOString(),
    };
  }

  async function ofKey(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    res.json({ key_prefix: caller.keyPrefix, ...(await summary(caller)) });
  }

  async function ofWorkspace(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const month = monthOf(new Date(now()));
    const [usage, bill, byKey, daily] = await Promise.all([
      summary(caller),
      getMonthlyBill(db, caller.workspaceId, month),
      listKeyUsage(db, caller.workspaceId, month),
      listDailyUsage(db, caller.workspaceId, month),
    ]);
    const by_key = byKey.map(({ keyId, keyPrefix, name, renders }) => ({
      id: keyId,
      key_prefix: keyPrefix,
      name: name ?? "Dashboard",
      renders,
    }));
    const { overage, thresholds } = bill;
    res.json({
      ...usage,
      overage: {
        enabled: overage.enabled,
        renders_max: overage.rendersMax,
        renders: overage.renders,
        usd: overageCost(plans[caller.plan], overage.renders),
      },
      thresholds: thresholds.map(({ type, reachedAt }) => ({ type, reached_at: reachedAt.toISOString() })),
      by_key,
      daily,
    });
  }

  return { getUsage: ofKey, getWorkspaceUsage: ofWorkspace };
}

/** JSON has no infinity: unlimited is null. */
const finite = (value: number) => (Number.isFinite(value) ? value : null);
