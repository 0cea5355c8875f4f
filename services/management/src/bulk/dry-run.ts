// Dry runs of orders: the images and their cost, without making or charging anything.
import type { Caller } from "@qrfactory/auth/caller";
import { monthOf, plans, rendersAllowed } from "@qrfactory/domain/plan/plans";
import type { Credits } from "@qrfactory/state/credits/credits";
import type { BulkRow, Judged } from "./intake/judge-rows.js";
import type { SharedPictures } from "./intake/shared-pictures.js";
import type { FindRefusals } from "./render/find-refusals.js";

/** Rows shown of what would be made. */
const shownMax = 10;
/** Refused rows that are named. */
const refusalsMax = 1_000;

/** Dependencies of dry runs. */
export type ForeseeOptions = {
  credits: Pick<Credits, "readCredits">;
  findRefusals: FindRefusals;
  now: () => Date;
};

const drawnAnew = "Short ids that rows do not name are drawn anew when the order is made.";

/** Makes the function that foresees an order whose rows are all good. */
export function makeForesee({ credits, findRefusals, now }: ForeseeOptions) {
  return async function foresee(
    { workspaceId, plan, overage }: Caller,
    { rows, warnings, pictures }: Judged & { pictures: SharedPictures },
  ) {
    const { refusals, unjudged } = await findRefusals(rows, { workspaceId, plan, pictures });
    const allowed = rendersAllowed(plans[plan], overage);
    const used = await credits.readCredits({ workspaceId, month: monthOf(now()) });
    const remaining = Math.max(0, allowed - used);
    const left = Number.isFinite(remaining) ? remaining : null;
    const notes = rows.some(({ code }) => code) ? [drawnAnew, ...warnings] : warnings;
    return {
      dry_run: true,
      total: rows.length,
      credits: rows.length - refusals.size,
      credits_remaining: left,
      warnings: rows.length > remaining ? [`This needs ${rows.length} credits; ${left} are left.`, ...notes] : notes,
      rows: rows.slice(0, shownMax).map(foreseenRow),
      refused: refusals.size,
      unjudged,
      errors: Object.fromEntries(
        [...refusals]
          .sort(([a], [b]) => a - b)
          .slice(0, refusalsMax)
          .map(([row, sentence]) => [row, { row: [sentence] }]),
      ),
    };
  };
}

const foreseenRow = ({ row, filename, data, code }: BulkRow) => ({
  row,
  filename,
  data,
  ...(code && { short_id: code.shortId, name: code.name, destination_url: code.destinationUrl }),
});
