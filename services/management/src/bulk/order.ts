// POST /api/v1/generate/bulk/: an order comes in. Everything is judged before anything is charged, and made and charged
// in one transaction.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { constants, createGzip, gzip } from "node:zlib";
import { type Caller, requireScope } from "@qrfactory/auth/caller";
import { holdUnfrozen } from "@qrfactory/db/accounts/standing";
import { recordAudit } from "@qrfactory/db/audit/audit";
import { type BulkJob, findBulkJob, insertBulkJob } from "@qrfactory/db/bulk/jobs";
import type { Db } from "@qrfactory/db/client";
import { createCodes } from "@qrfactory/db/codes/bulk-create";
import type { DynamicCode } from "@qrfactory/db/codes/codes";
import type { DestinationRules } from "@qrfactory/domain/destination";
import { ApiError } from "@qrfactory/domain/http/errors";
import { frozenProblem } from "@qrfactory/domain/plan/freeze";
import { monthOf, plans, quotaProblem, rendersAllowed, smallestPlan } from "@qrfactory/domain/plan/plans";
import { requestId } from "@qrfactory/runtime/http/app";
import { makeBreather } from "@qrfactory/runtime/load/breather";
import { ordersHolder } from "@qrfactory/state/credits/charges";
import type { Credits } from "@qrfactory/state/credits/credits";
import type { Request, Response } from "express";
import type { FindCaller, SeenCaller } from "../http/caller.js";
import { type Created, type CreateOnce, type Recall, type Recalled, sendCreated } from "../http/idempotency.js";
import type { ObjectStore } from "./archive/object-store.js";
import { sendArchive } from "./archive/send-archive.js";
import type { DocumentOf } from "./bulk-document.js";
import { makeForesee } from "./dry-run.js";
import { type Intake, readIntake, tableBytesOf } from "./intake/intake.js";
import { addVerdicts, type Judged, judgeRows } from "./intake/judge-rows.js";
import type { ReadSharedPictures, SharedPictures } from "./intake/shared-pictures.js";
import type { FindRefusals } from "./render/find-refusals.js";
import type { ReadVerdicts } from "./render/read-verdicts.js";

/** Dependencies of new orders. */
export type OrderOptions = {
  db: Db;
  findCaller: FindCaller;
  createOnce: CreateOnce;
  recall: Recall;
  credits: Credits;
  store: ObjectStore;
  readSharedPictures: ReadSharedPictures;
  /** Asks render for the refusals of rows, with the scan check. */
  findRefusals: FindRefusals;
  /** Asks render for the refusals of rows without the scan check, in a fraction of the time. */
  readVerdicts: ReadVerdicts;
  /** Rings for the workers; never fails. */
  ringBulk: (jobId: string) => Promise<void>;
  /** Tells regions of new codes and waits for those that can be reached; false when it may take a second. */
  publishEverywhere: (rows: DynamicCode[]) => Promise<boolean>;
  destinationRules: DestinationRules;
  scanBaseUrl: string;
  now?: () => Date;
};

/** Longest wait of `Prefer: wait` in seconds (RFC 7240, 4.3): the gateway waits 40 s. */
const waitSecondsMax = 30;
/** The first looks come soon, for an order of a few rows is done at once; then they come as seldom as this. */
const waitLookMsMax = 100;
const waitLookMsMin = 10;

/** Rows read of any table: a retry of an order that a larger plan took has to be recognised. */
const largestBulkRows = Math.max(...Object.values(plans).map(({ bulkRowsMax }) => bulkRowsMax));

/** The handler of orders; `documentOf` is how a client sees one. */
export function makeOrder(options: OrderOptions, documentOf: DocumentOf) {
  const { db, findCaller, createOnce, credits, now = () => new Date() } = options;
  const foresee = makeForesee({ credits, findRefusals: options.findRefusals, now });

  async function order(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    if (caller.frozen) throw frozenProblem(caller.frozen, caller.plan);
    const intake = await readIntake(req, {
      rowsMax: largestBulkRows,
      tooMany: () => tooManyRows(caller),
      tableBytesMax: tableBytesOf(plans[caller.plan].bulkRowsMax),
    });
    if (intake.options.dryRun) return void res.json(await foresee(caller, await judge(intake, caller)));
    const request: Recalled = { req, res, caller, body: intake.identity };
    // A retry is answered as the first was, whatever has become of addresses and plans since.
    const created = (await options.recall(request)) ?? (await place(request, await judge(intake, caller)));
    const { id, status_url } = JSON.parse(created.body.toString()) as { id: string; status_url: string };
    res.set("Location", status_url);
    const finished = await waitFor(req, res, caller, id);
    if (!finished) return sendCreated(res, created);
    if (finished.failed > 0) res.set("X-QR-Bulk-Failed", String(finished.failed));
    if (finished.archive) await sendArchive(req, res, options.store, finished);
    else res.status(202).json(documentOf(finished));
  }

  /** Makes the order and its codes, and takes its credits: all of it, or nothing. */
  async function place(request: Recalled, { rows, pictures }: Judged & { pictures: SharedPictures }): Promise<Created> {
    const { res, caller } = request;
    const { workspaceId, actor } = caller;
    const wanted = rows.flatMap(({ code }) => (code ? [code] : []));
    const id = randomUUID();
    let codes: DynamicCode[] = [];
    let taken = false;
    const at = now();
    const amount = rows.length;
    const [zippedRows, zippedPictures] = await Promise.all([zipList(rows), zip(pictures)]);
    return createOnce({
      ...request,
      status: 202,
      effect: async (tx) => {
        await holdUnfrozen(tx, workspaceId);
        if (wanted.length > 0) codes = await createCodes(tx, workspaceId, wanted, actor);
        const job = await insertBulkJob(tx, {
          id,
          workspaceId,
          chargedTo: caller.id,
          chargedAt: at,
          requestId: requestId(res),
          total: amount,
          rows: zippedRows,
          pictures: zippedPictures,
        });
        await recordAudit(tx, actor, { workspaceId, action: "bulk.ordered", target: id, details: { rows: amount } });
        // Last of all, so that only a lost COMMIT can come between the counter and the ledger.
        await takeCredits(caller, at, amount, id);
        taken = true;
        return documentOf(job);
      },
      committed: async () => {
        credits.settle(id);
        await options.ringBulk(id);
        if (codes.length > 0 && !(await options.publishEverywhere(codes))) res.set("X-QR-Published", "pending");
      },
    }).catch(async (error: unknown) => {
      const account = { workspaceId, month: monthOf(at) };
      if (taken) await credits.giveBackCredits(account, amount, id).catch(() => undefined);
      throw error;
    });
  }

  /** Every row, judged; throws `plan_limit` for too many and `bulk_rejected` that names the bad ones. */
  async function judge(intake: Intake, caller: SeenCaller): Promise<Judged & { pictures: SharedPictures }> {
    if (intake.rows.length > plans[caller.plan].bulkRowsMax) throw tooManyRows(caller);
    const shared = await options.readSharedPictures(intake.defaults, intake.files, caller.workspaceId);
    const judged = await judgeRows(intake.rows, {
      plan: plans[caller.plan],
      dynamic: intake.options.dynamic,
      defaults: shared.defaults,
      pictures: shared.known.digests,
      scanBaseUrl: options.scanBaseUrl,
      destinationRules: options.destinationRules,
    });
    const { workspaceId, plan } = caller;
    addVerdicts(judged, await options.readVerdicts(judged.rows, { workspaceId, plan, pictures: shared.known }));
    const { badRows } = judged;
    if (judged.rows.some(({ code }) => code !== null)) requireScope(caller, "codes:write");
    if (badRows === 0) return { ...judged, pictures: shared.pictures };
    const sentence = `${badRows} of ${intake.rows.length} rows are not valid; nothing was drawn and nothing charged.`;
    throw new ApiError("bulk_rejected", sentence, { rowErrors: judged.errors });
  }

  async function takeCredits(caller: Caller, at: Date, amount: number, id: string): Promise<void> {
    const quota = rendersAllowed(plans[caller.plan], caller.overage);
    const charge = { id, holder: ordersHolder };
    const decision = await credits.takeCredits({ workspaceId: caller.workspaceId, at, quota, amount, charge });
    if (decision.taken) return;
    const { remaining } = decision;
    throw quotaProblem(at, (day) => `This needs ${amount} credits; ${remaining} are left until ${day} (UTC).`);
  }

  /** The finished job, well or not, when the client asked to wait and it came in time. */
  async function waitFor(req: Request, res: Response, { workspaceId }: Caller, id: string): Promise<BulkJob | null> {
    const seconds = Number(/(?:^|[,\s])wait=(\d{1,4})/.exec(req.get("Prefer") ?? "")?.[1] ?? 0);
    if (seconds === 0) return null;
    const waited = Math.min(seconds, waitSecondsMax);
    res.set("Preference-Applied", `wait=${waited}`);
    const until = Date.now() + waited * 1_000;
    for (let lookMs = waitLookMsMin; Date.now() < until && !res.closed; lookMs *= 2) {
      const job = await findBulkJob(db, workspaceId, id);
      if (job?.finishedAt) return job;
      await pause(Math.min(lookMs, waitLookMsMax));
    }
    return null;
  }

  return order;
}

function tooManyRows({ plan }: Caller): ApiError {
  const { bulkRowsMax } = plans[plan];
  const larger = smallestPlan((other) => other.bulkRowsMax > bulkRowsMax);
  const hint = larger ? `the plan ${larger} takes ${plans[larger].bulkRowsMax}` : "send the rest as another order";
  return new ApiError("plan_limit", `The plan ${plan} takes ${bulkRowsMax} rows in one order; ${hint}.`);
}

const gzipAsync = promisify(gzip);
/** Quickly rather than well: rows repeat their columns, which any level sees, and pictures are compressed already. */
const level = constants.Z_BEST_SPEED;

const zip = (value: unknown) => gzipAsync(JSON.stringify(value), { level });

/** A list as compressed JSON, made entry by entry: one text of 5,000 rows would hold up everybody. */
async function zipList(list: readonly unknown[]): Promise<Buffer> {
  const breathe = makeBreather();
  const chunks: Buffer[] = [];
  const stream = createGzip({ level }).on("data", (chunk: Buffer) => chunks.push(chunk));
  for (const [at, entry] of list.entries()) {
    const text = `${at === 0 ? "[" : ","}${JSON.stringify(entry)}`;
    if (!stream.write(text)) await once(stream, "drain");
    await breathe();
  }
  stream.end(list.length === 0 ? "[]" : "]");
  await once(stream, "end");
  return Buffer.concat(chunks);
}
