// A workspace that stands still: printed codes go on, and so does reading, exporting, pausing and deleting; nothing is
// created, edited or drawn until the reason is gone.
import { ApiError } from "../http/errors.js";
import { type Overage, type PlanName, planNames, plans } from "./plans.js";

/** Why a workspace stands still; where several hold, the first is told. */
export const freezes = ["suspended", "lapsed", "over_limit"] as const;
/** Reason that a workspace stands still for. */
export type Freeze = (typeof freezes)[number];

/** Entitlements of a workspace, as every service must know them. */
export type Entitlements = {
  plan: PlanName;
  /** Why it stands still; null when it does not. */
  frozen: Freeze | null;
  /** Agreement to pay beyond its quota, or null. */
  overage: Overage | null;
};

const whatGoesOn = "Printed codes go on redirecting, and everything can be read, exported, paused and deleted.";

/**
 * The refusal that a frozen workspace answers: `forbidden` when it is suspended, else `plan_limit` that says what
 * helps.
 */
export function frozenProblem(freeze: Freeze, plan: PlanName): ApiError {
  if (freeze === "suspended") {
    return new ApiError("forbidden", `This workspace is suspended; ask those who run this service why. ${whatGoesOn}`);
  }
  if (freeze === "lapsed") {
    return new ApiError("plan_limit", `The plan ${plan} has lapsed; renew it to create, edit and draw. ${whatGoesOn}`);
  }
  return new ApiError(
    "plan_limit",
    `More dynamic codes are active than the ${plans[plan].activeCodesMax} that the plan ${plan} includes; ` +
      "pause or delete " +
      `some, or choose a plan that includes them: ${largerPlans(plan)}. ${whatGoesOn}`,
  );
}

/** `pro has 200, agency 1,000, enterprise any number`: those that include more active codes. */
function largerPlans(plan: PlanName): string {
  const larger = planNames.filter((name) => plans[name].activeCodesMax > plans[plan].activeCodesMax);
  const included = larger.map((name, at) => {
    const max = plans[name].activeCodesMax;
    const count = Number.isFinite(max) ? max.toLocaleString("en-US") : "any number";
    return at === 0 ? `${name} has ${count}` : `${name} ${count}`;
  });
  return included.join(", ");
}
