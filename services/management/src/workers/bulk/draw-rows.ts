// The images of an order, from render over HTTP, in batches and in the order of the rows. What render cannot take now is
// asked for again, so neither a busy moment nor a restart of it costs a row.
import {
  type BatchAnswer,
  batchSizeMax,
  type ImageBatch,
  imageBatchPath,
  unpackAnswers,
} from "@qrfactory/domain/image-batch";
import type { PlanName } from "@qrfactory/domain/plans";
import type { BulkRow } from "../../bulk/rows.js";
import { backOff, type FairGate } from "./fair-gate.js";

/** Rows of a batch: small enough that taking turns is fair, large enough that HTTP costs little. */
const batchSize = Math.min(25, batchSizeMax);
/** Batches of an order that are drawn or waiting to be packed; with its images they are what an order holds in memory. */
const batchesAhead = 4;
/** How long render may be away before an order fails. */
const awayMsMax = 10 * 60_000;
/** A batch of the largest images takes a minute on a busy machine. */
const batchTimeoutMs = 120_000;

/** A row with its image, or with why there is none. */
export type DrawnRow = {
  row: BulkRow;
  answer: Exclude<BatchAnswer, { outcome: "later" }>;
  image: Buffer | null;
};

export type DrawRowsOptions = {
  renderUrl: string;
  authorization: () => string;
  gate: FairGate;
  jobId: string;
  workspaceId: string;
  plan: PlanName;
  pictures: ImageBatch["pictures"];
  signal: AbortSignal;
};

/** The drawn rows in order. Throws when render is away for too long, or what `signal` is aborted with. */
export async function* drawRows(rows: BulkRow[], options: DrawRowsOptions): AsyncGenerator<DrawnRow> {
  const batches: BulkRow[][] = [];
  for (let at = 0; at < rows.length; at += batchSize) batches.push(rows.slice(at, at + batchSize));
  const ahead: Promise<DrawnRow[]>[] = [];
  const start = () => {
    const next = batches.shift();
    if (!next) return;
    const drawing = drawBatch(next, options);
    // Whoever waits for an earlier batch hears of this failure later.
    drawing.catch(() => undefined);
    ahead.push(drawing);
  };
  for (let i = 0; i < batchesAhead; i++) start();
  for (let first = ahead.shift(); first; first = ahead.shift()) {
    const drawn = await first;
    start();
    yield* drawn;
  }
}

async function drawBatch(rows: BulkRow[], options: DrawRowsOptions): Promise<DrawnRow[]> {
  const drawn = new Map<number, DrawnRow>();
  const { gate, workspaceId, signal } = options;
  const giveUpAt = Date.now() + awayMsMax;
  for (let attempt = 1; ; attempt++) {
    const open = rows.filter(({ row }) => !drawn.has(row));
    try {
      const answers = await gate.pass(workspaceId, () => request(open, options));
      for (const one of answers) drawn.set(one.row.row, one);
    } catch (error) {
      signal.throwIfAborted();
      if (Date.now() > giveUpAt) throw error;
    }
    if (drawn.size === rows.length) {
      gate.report("took it");
      return rows.map(({ row }) => drawn.get(row) as DrawnRow);
    }
    gate.report("was busy");
    if (Date.now() > giveUpAt) throw new Error("render was busy for too long");
    await backOff(attempt, signal);
  }
}

/** What render says now; rows that it puts off are left out. */
async function request(rows: BulkRow[], options: DrawRowsOptions): Promise<DrawnRow[]> {
  const { renderUrl, authorization, jobId, workspaceId, plan, pictures, signal } = options;
  const batch: ImageBatch = {
    job_id: jobId,
    workspace_id: workspaceId,
    plan,
    pictures,
    requests: rows.map(({ request }) => request),
  };
  const response = await fetch(renderUrl + imageBatchPath, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: authorization() },
    body: JSON.stringify(batch),
    signal: AbortSignal.any([signal, AbortSignal.timeout(batchTimeoutMs)]),
  });
  if (!response.ok) throw new Error(`render answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
  const drawn: DrawnRow[] = [];
  let at = 0;
  for (const { answer, image } of unpackAnswers(Buffer.from(await response.arrayBuffer()))) {
    const row = rows[at++];
    if (row && answer.outcome !== "later") drawn.push({ row, answer, image });
  }
  return drawn;
}
