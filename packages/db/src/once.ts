// An effect that happens once for each Idempotency-Key: the claim is a row in the effect's own transaction, so a crash
// before COMMIT leaves nothing and a crash after it leaves the answer to replay.

import { createHash } from "node:crypto";
import { ApiError, refusedField } from "@qrfactory/domain/http/errors";
import { canonicalJson } from "@qrfactory/domain/http/json";
import { withDeadline } from "@qrfactory/runtime/load/deadline";
import { type Db, isLockTimeout, prepared, type Tx } from "./client.js";

/** Workspace, method, path and Idempotency-Key of a request; a key counts within these only. */
export type IdempotencyClaim = {
  workspaceId: string;
  method: string;
  path: string;
  key: string;
  /** SHA-256 of the canonical body. */
  requestHash: Buffer;
};

/** 1 to 255 visible ASCII characters. */
const keyPattern = /^[\x21-\x7e]{1,255}$/;

/** Parts of a request that decide whether another one is its retry. */
export type ClaimingRequest = {
  workspaceId: string;
  method: string;
  path: string;
  /** The `Idempotency-Key` header, if there is one. */
  key: string | undefined;
  /** A JSON value that decides whether a retry is the same request. */
  body: unknown;
};

/** The claim of a request, null without an Idempotency-Key. Throws `validation_failed` for one of other characters. */
export function findClaim({ workspaceId, method, path, key, body }: ClaimingRequest): IdempotencyClaim | null {
  if (key === undefined) return null;
  if (!keyPattern.test(key)) {
    throw refusedField("validation_failed", "Idempotency-Key", "Use 1 to 255 visible ASCII characters.");
  }
  return {
    workspaceId,
    method,
    // A trailing slash or another case is the same address.
    path: path.toLowerCase().replace(/\/+$/, ""),
    key,
    requestHash: createHash("sha256").update(canonicalJson(body)).digest(),
  };
}

/** The purpose for which the answer to a claim is sealed. */
export function sealContextOf({ workspaceId, method, path, key }: IdempotencyClaim): string {
  return `${workspaceId} ${method} ${path} ${key}`;
}

/** An answer as it is stored: its body is sealed, because some answers hold a secret. */
export type StoredAnswer = { status: number; sealed: Buffer };

/** The answer of an effect; `replayed` when it is that of an earlier request. */
export type OnceOutcome = { answer: StoredAnswer; replayed: boolean };

/** From the first claim, by the database's clock. */
const windowHours = 24;

/** How long a duplicate waits for the first request in all. */
const waitMsMax = 5_000;
/** One wait for the lock: below the client's query timeout, so that waiting is never mistaken for a frozen server. */
const lockWaitMs = 600;

/** Runs an effect in a transaction unless its claim was made before; then the stored answer is returned. */
export type Once = (claim: IdempotencyClaim, effect: (tx: Tx) => Promise<StoredAnswer>) => Promise<OnceOutcome>;

/**
 * Makes a function that runs `effect` in a transaction with its claim, or returns the stored answer of the first run.
 * It throws `idempotency_key_reused` for another body, `idempotency_in_progress` when the first request is still
 * running after 5 s. An error of `effect` undoes the claim, so refusals and failures are not kept.
 */
export function makeOnce(db: Db): Once {
  // Duplicates in this process wait here, without a connection: ten retries of one slow request must not empty the
  // pool.
  const running = new Map<string, Promise<unknown>>();

  return async function once(claim, effect) {
    const deadline = Date.now() + waitMsMax;
    const id = JSON.stringify([claim.workspaceId, claim.method, claim.path, claim.key]);
    for (let other = running.get(id); other; other = running.get(id)) await settled(other, deadline);
    const run = runOnce(db, claim, effect, deadline);
    running.set(id, run);
    try {
      return await run;
    } finally {
      running.delete(id);
    }
  };
}

/** Waits until a run is over, however it ends; throws at the deadline. */
async function settled(run: Promise<unknown>, deadline: number): Promise<void> {
  const over = run.catch(() => undefined);
  await withDeadline(over, deadline - Date.now(), () => {
    throw stillRunning();
  });
}

const stillRunning = () =>
  new ApiError("idempotency_in_progress", "The first request with this Idempotency-Key is still running.");

/** The same across processes: the claim's row is the lock, waited for in slices. */
async function runOnce(
  db: Db,
  claim: IdempotencyClaim,
  effect: (tx: Tx) => Promise<StoredAnswer>,
  deadline: number,
): Promise<OnceOutcome> {
  for (;;) {
    try {
      return await db.$transaction((tx) => claimAndRun(tx, claim, effect));
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      if (Date.now() >= deadline) throw stillRunning();
    }
  }
}

async function claimAndRun(
  tx: Tx,
  claim: IdempotencyClaim,
  effect: (tx: Tx) => Promise<StoredAnswer>,
): Promise<OnceOutcome> {
  if (!(await takeClaim(tx, claim))) return { answer: await findAnswer(tx, claim), replayed: true };
  const answer = await effect(tx);
  await tx.$executeRaw`${prepared}
    UPDATE idempotency_keys
    SET response_status = ${answer.status}, response_sealed = ${answer.sealed}
    WHERE workspace_id = ${claim.workspaceId}::uuid AND method = ${claim.method}
      AND path = ${claim.path} AND key = ${claim.key}`;
  return { answer, replayed: false };
}

/**
 * True when the key is new or its window is over; waits while another transaction holds an uncommitted claim. It also
 * sets how long this transaction waits for any lock: a statement of its own would be a round trip.
 */
async function takeClaim(tx: Tx, claim: IdempotencyClaim): Promise<boolean> {
  const claimed = await tx.$executeRaw`${prepared}
    INSERT INTO idempotency_keys AS held (workspace_id, method, path, key, request_hash, expires_at)
    SELECT ${claim.workspaceId}::uuid, ${claim.method}, ${claim.path}, ${claim.key}, ${claim.requestHash}::bytea,
           now() + make_interval(hours => ${windowHours}::int)
    FROM set_config('lock_timeout', ${`${lockWaitMs}ms`}, true)
    ON CONFLICT (workspace_id, method, path, key) DO UPDATE
    SET request_hash = excluded.request_hash, response_status = NULL, response_sealed = NULL,
        created_at = now(), expires_at = excluded.expires_at
    WHERE held.expires_at <= now()`;
  return claimed === 1;
}

/**
 * The answer of a first run that is over, for who must know before there is a transaction; null when there is none.
 * Throws `idempotency_key_reused` for another body.
 */
export async function recallAnswer(db: Db, claim: IdempotencyClaim): Promise<StoredAnswer | null> {
  const { workspaceId, method, path, key } = claim;
  const live = await db.$queryRaw<unknown[]>`
    SELECT FROM idempotency_keys
    WHERE workspace_id = ${workspaceId}::uuid AND method = ${method} AND path = ${path} AND key = ${key}
      AND expires_at > now()`;
  return live.length === 0 ? null : findAnswer(db, claim);
}

async function findAnswer(tx: Db | Tx, claim: IdempotencyClaim): Promise<StoredAnswer> {
  const { workspaceId, method, path, key } = claim;
  const held = await tx.idempotencyKey.findUniqueOrThrow({
    where: { workspaceId_method_path_key: { workspaceId, method, path, key } },
  });
  if (!claim.requestHash.equals(held.requestHash)) {
    throw new ApiError(
      "idempotency_key_reused",
      "This Idempotency-Key was used with another body; use a new key for a new request.",
    );
  }
  return { status: held.responseStatus as number, sealed: Buffer.from(held.responseSealed as Uint8Array) };
}
