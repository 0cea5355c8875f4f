// Verdicts of render on an order's rows, asked before anything is charged: render judges them as it judges a
// single request, without drawing.

import {
  type CheckedPictures,
  type Verdict,
  verdictAnswer,
  verdictsMax,
  verdictsPath,
} from "@qrfactory/domain/design/image-batch";
import type { FieldErrors } from "@qrfactory/domain/http/field-errors";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import { type BulkRow, namesPicture, withoutPictures } from "../intake/judge-rows.js";

/** Batches that are judged at the same time: render has a thread for this, and others' requests. */
const batchesAtOnce = 2;
/** 5,000 rows take a second, with a logo some eight; rows not judged by then are judged when they are drawn. */
const judgeMsMax = 12_000;

/** Workspace and pictures that rows are judged for. */
export type VerdictContext = {
  workspaceId: string;
  plan: PlanName;
  /** The pictures that all rows share. */
  pictures: Pick<CheckedPictures, "digests" | "sizes">;
};

/** Row number → field → what is wrong; without the rows that could not be asked about, as while render is away. */
export type ReadVerdicts = (rows: readonly BulkRow[], context: VerdictContext) => Promise<Map<number, FieldErrors>>;

/** Makes the reader. */
export function makeReadVerdicts(options: { renderUrl: string; authorization: () => string }): ReadVerdicts {
  return async function readVerdicts(rows, context) {
    const signal = AbortSignal.timeout(judgeMsMax);
    const found = new Map<number, FieldErrors>();
    const batches = batchesOf(rows);
    async function judgeOn(): Promise<void> {
      for (let batch = batches.shift(); batch; batch = batches.shift()) {
        const verdicts = await ask(batch, context, { ...options, signal });
        for (const [at, verdict] of verdicts.entries()) {
          const row = batch[at]?.row;
          if (verdict && row !== undefined) found.set(row, verdict.errors);
        }
      }
    }
    await Promise.all(Array.from({ length: batchesAtOnce }, () => judgeOn().catch(() => undefined)));
    return found;
  };
}

/** Rows with pictures of their own stand apart: of them only the pictures are not judged. */
function batchesOf(rows: readonly BulkRow[]): BulkRow[][] {
  const isOwn = ({ request }: BulkRow) => namesPicture(request);
  const kinds = [rows.filter((row) => !isOwn(row)), rows.filter(isOwn)];
  return kinds.flatMap((kind) =>
    Array.from({ length: Math.ceil(kind.length / verdictsMax) }, (_, n) =>
      kind.slice(n * verdictsMax, (n + 1) * verdictsMax),
    ),
  );
}

async function ask(
  rows: BulkRow[],
  { workspaceId, plan, pictures }: VerdictContext,
  { renderUrl, authorization, signal }: { renderUrl: string; authorization: () => string; signal: AbortSignal },
): Promise<Verdict[]> {
  const own = rows.some(({ request }) => namesPicture(request));
  const response = await fetch(renderUrl + verdictsPath, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: authorization() },
    body: JSON.stringify({
      workspace_id: workspaceId,
      plan,
      pictures: own ? { digests: {} } : pictures,
      requests: rows.map(({ request }) => withoutPictures(request)),
    }),
    signal,
  });
  if (!response.ok) throw new Error(`render answered ${response.status}`);
  return verdictAnswer.parse(await response.json()).verdicts;
}
