// The one table of what each plan includes; every limit that the product enforces is read from here.
import { ApiError } from "../http/errors.js";

/** Plans from the smallest to the largest. */
export const planNames = ["free", "starter", "pro", "agency", "enterprise"] as const;
/** Name of a plan. */
export type PlanName = (typeof planNames)[number];

/** `Infinity` stands for unlimited; the wire says `"unlimited"` in headers and `null` in JSON. */
export type Plan = {
  name: PlanName;
  rendersPerMonth: number;
  sizeInchesMax: number;
  dpiMax: number;
  activeCodesMax: number;
  bulkRowsMax: number;
  /** Bulk orders of a workspace that are worked on at the same time; more wait. */
  bulkJobsAtOnce: number;
  seatsMax: number;
  /** Webhooks, rules and variants. */
  advanced: boolean;
  requestsPerMinute: number;
  /** Promised monthly availability in percent, or null where none is promised. */
  slaPercent: { render: number; redirect: number } | null;
  /** Price of one render beyond the quota when the workspace opted in, in US dollars, or null where not offered. */
  overageUsd: number | null;
};

const unlimited = Number.POSITIVE_INFINITY;

/** Limits and prices by plan. */
export const plans: Record<PlanName, Plan> = {
  free: {
    name: "free",
    rendersPerMonth: 50,
    sizeInchesMax: 3,
    dpiMax: 300,
    activeCodesMax: 3,
    bulkRowsMax: 10,
    bulkJobsAtOnce: 1,
    seatsMax: 1,
    advanced: false,
    requestsPerMinute: 120,
    slaPercent: null,
    overageUsd: null,
  },
  starter: {
    name: "starter",
    rendersPerMonth: 500,
    sizeInchesMax: 8,
    dpiMax: 300,
    activeCodesMax: 10,
    bulkRowsMax: 50,
    bulkJobsAtOnce: 1,
    seatsMax: 1,
    advanced: false,
    requestsPerMinute: 300,
    slaPercent: null,
    overageUsd: 0.04,
  },
  pro: {
    name: "pro",
    rendersPerMonth: 5_000,
    sizeInchesMax: 15,
    dpiMax: 600,
    activeCodesMax: 200,
    bulkRowsMax: 1_000,
    bulkJobsAtOnce: 2,
    seatsMax: 3,
    advanced: true,
    requestsPerMinute: 1_200,
    slaPercent: { render: 99.5, redirect: 99.5 },
    overageUsd: 0.02,
  },
  agency: {
    name: "agency",
    rendersPerMonth: 25_000,
    sizeInchesMax: 15,
    dpiMax: 600,
    activeCodesMax: 1_000,
    bulkRowsMax: 5_000,
    bulkJobsAtOnce: 4,
    seatsMax: 10,
    advanced: true,
    requestsPerMinute: 6_000,
    slaPercent: { render: 99.9, redirect: 99.9 },
    overageUsd: 0.01,
  },
  enterprise: {
    name: "enterprise",
    rendersPerMonth: unlimited,
    sizeInchesMax: 15,
    dpiMax: 600,
    activeCodesMax: unlimited,
    bulkRowsMax: 5_000,
    bulkJobsAtOnce: 8,
    seatsMax: unlimited,
    advanced: true,
    requestsPerMinute: unlimited,
    slaPercent: { render: 99.95, redirect: 99.95 },
    overageUsd: null,
  },
};

/** Event → percent of the month's quota that is used when it happens, once a month. */
export const quotaThresholds = { "quota.threshold_75": 75, "quota.threshold_100": 100 } as const;

/** Agreement to pay beyond the quota: at most so many renders a month, null for any number. */
export type Overage = { renders_max: number | null };

/** Renders that a plan delivers in a month: its quota, and where there is an overage what that adds. */
export function rendersAllowed({ rendersPerMonth }: Plan, overage: Overage | null): number {
  return rendersPerMonth + (overage ? (overage.renders_max ?? unlimited) : 0);
}

/**
 * The cost of renders beyond a quota: US dollars with two digits, `12.40`, as exact as the price, which is whole cents.
 */
export function overageCost({ overageUsd }: Plan, renders: number): string {
  const cents = Math.round((overageUsd ?? 0) * 100) * renders;
  return `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}

/** The first plan, from small to large, that satisfies a need; used to say which plan would allow it. */
export function smallestPlan(allows: (plan: Plan) => boolean): PlanName | null {
  return planNames.find((name) => allows(plans[name])) ?? null;
}

/** A calendar month in UTC as `2026-11`: the period over which credits are counted. */
export function monthOf(at: Date): string {
  return at.toISOString().slice(0, 7);
}

/** The first moment of the month after `at`, in UTC: when credits start again. */
export function nextMonthStart(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1));
}

/** The refusal of what a month's credits do not suffice for; `say` is given the day on which there are new ones. */
export function quotaProblem(at: Date, say: (day: string) => string): ApiError {
  const resetsAt = nextMonthStart(at);
  const retryAfterSeconds = Math.max(1, Math.ceil((resetsAt.getTime() - at.getTime()) / 1_000));
  return new ApiError("quota_exceeded", say(resetsAt.toISOString().slice(0, 10)), { retryAfterSeconds });
}
