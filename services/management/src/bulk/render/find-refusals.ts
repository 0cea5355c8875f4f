// Rows of an order that render would refuse to draw: the verdict is that of the image itself, decoders asked, without
// the file.
import { randomUUID } from "node:crypto";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import type { BulkRow } from "../intake/judge-rows.js";
import type { SharedPictures } from "../intake/shared-pictures.js";
import { askRender, batchesOf, nameOrderPictures } from "./draw-rows.js";

/** Batches at once: one for each of two drawing threads. */
const batchesAtOnce = 2;
/** The gateway waits 40 s for an answer. */
const judgeMsMax = 25_000;

/** Refusals that a scan check would end in. */
export type Refusals = {
  /** Row → the sentence that it would be refused with. */
  refusals: Map<number, string>;
  /** Rows that render had no time for, or that it could not be asked about. */
  unjudged: number;
};

/** Finds the refusals among rows of a workspace; never fails. */
export type FindRefusals = (
  rows: BulkRow[],
  order: { workspaceId: string; plan: PlanName; pictures: SharedPictures },
) => Promise<Refusals>;

/** Makes the finder. */
export function makeFindRefusals(render: { renderUrl: string; authorization: () => string }): FindRefusals {
  return async function findRefusals(rows, order) {
    const refusals = new Map<number, string>();
    const batches = batchesOf(rows);
    const pictures = nameOrderPictures(order.pictures);
    const signal = AbortSignal.timeout(judgeMsMax);
    let judged = 0;

    async function work(): Promise<void> {
      for (let batch = batches.shift(); batch && !signal.aborted; batch = batches.shift()) {
        const trial = { ...render, ...order, pictures, jobId: randomUUID(), isTrial: true, signal };
        // Rows that could not be asked about stay unjudged.
        for (const { row, answer } of await askRender(batch, trial).catch(() => [])) {
          if (answer.outcome === "later") continue;
          judged += 1;
          if (answer.outcome === "refused") refusals.set(row.row, answer.detail);
        }
      }
    }

    await Promise.all(Array.from({ length: batchesAtOnce }, work));
    return { refusals, unjudged: rows.length - judged };
  };
}
