// Generate requests of type `dynamic`: the code that they speak of, or create. Its address is the text that is drawn.
// A code is created after its image was drawn and found readable, so that no refusal leaves one behind; see `settle`.

import { requireScope } from "@qrfactory/auth/caller";
import { passwordColumn } from "@qrfactory/auth/code-password";
import type { Seal } from "@qrfactory/auth/seal";
import { codeFields } from "@qrfactory/codes/fields/fields";
import { createCodeBody, requireAllowed, toFields } from "@qrfactory/codes/fields/input";
import { drawShortId, publicUrl, shortIdField } from "@qrfactory/codes/short-id";
import type { Actor } from "@qrfactory/db/audit/audit";
import type { Db, Tx } from "@qrfactory/db/client";
import { type DynamicCode, getCode } from "@qrfactory/db/codes/codes";
import { createCode, type NewCode } from "@qrfactory/db/codes/creation";
import { findClaim, makeOnce, sealContextOf } from "@qrfactory/db/once";
import type { DestinationRules } from "@qrfactory/domain/destination";
import { invalidFields } from "@qrfactory/domain/http/errors";
import { isObject } from "@qrfactory/domain/http/json";
import { parseInput } from "@qrfactory/domain/http/validate";
import { originOf } from "@qrfactory/runtime/http/app";
import type { Request } from "express";
import { z } from "zod";
import type { Caller } from "../generate/caller.js";

/** The code of one request. */
export type RequestedCode = {
  /**
   * Creates the code if it is to be created, once for each Idempotency-Key, and returns the text that the image must
   * hold: another than was drawn when a retry came second. `request` is the JSON value that retries are compared by.
   */
  settle: (request: unknown) => Promise<string>;
  /** Headers about the settled code. */
  headers: () => Record<string, string>;
};

/** Reads the code that a body speaks of; throws `validation_failed`, `url_refused` or `not_found`. */
export type ReadCode = (
  req: Request,
  body: unknown,
  caller: Pick<Caller, "kind" | "keyId" | "workspaceId" | "scopes" | "plan">,
) => Promise<{
  /** The body with the code's address as its data; as it was for every other type. */
  body: unknown;
  code: RequestedCode | null;
}>;

/** Dependencies of requests of type `dynamic`. */
export type ReadCodeOptions = {
  db: Db;
  seal: Seal;
  scanBaseUrl: string;
  destinationRules: DestinationRules;
  /** Tells all regions at once; the worker makes up for a failure. */
  publishCode: (row: DynamicCode) => Promise<boolean>;
};

const reference = z.strictObject({ short_id: shortIdField });

/**
 * Makes the reader of codes; it throws `validation_failed`, `url_refused`, or `not_found` for a code of nobody else's.
 */
export function makeReadCode({ db, seal, scanBaseUrl, destinationRules, publishCode }: ReadCodeOptions): ReadCode {
  const once = makeOnce(db);
  const addressOf = (shortId: string) => publicUrl(scanBaseUrl, shortId);
  const headersOf = (shortId: string) => ({ "X-QR-Short-Id": shortId, "X-QR-Public-Url": addressOf(shortId) });

  return async function readCode(req, body, caller) {
    if (!isObject(body) || body.data_type !== "dynamic") return { body, code: null };
    const { data_type: _type, payload, ...others } = body;
    if (others.data !== undefined) throw invalidFields({ data: ["The data_type dynamic takes payload, not data."] });
    if (payload === undefined) throw invalidFields({ payload: ["This field is required."] });
    const withAddress = (shortId: string) => ({ ...others, data_type: "text", data: addressOf(shortId) });

    if (isReference(payload)) {
      const { short_id } = parsePayload(reference, payload);
      const { shortId } = await getCode(db, caller.workspaceId, short_id);
      const code = { settle: async () => addressOf(shortId), headers: () => headersOf(shortId) };
      return { body: withAddress(shortId), code };
    }
    // Links in pages are fetched by anyone, any number of times.
    if (req.method !== "POST") {
      throw invalidFields({ payload: [`A ${req.method} creates nothing; give the short_id of an existing code.`] });
    }
    requireScope(caller, codeFields.destination_url.scope);
    const code = await newCode(req, payload, caller);
    return { body: withAddress(code.shortId), code };
  };

  async function newCode(
    req: Request,
    payload: unknown,
    { kind, keyId, workspaceId, plan, scopes }: Parameters<ReadCode>[2],
  ) {
    const { short_id: chosen, ...input } = parsePayload(createCodeBody, payload);
    const checked = toFields(input, destinationRules, "payload.");
    requireAllowed(checked, { plan: plan.name, scopes });
    const fields = { ...checked, ...(await passwordColumn(input.password)) } as Omit<NewCode, "shortId">;
    const actor: Actor = { kind, id: keyId, ...originOf(req) };
    let shortId = chosen ?? drawShortId();
    let replayed = false;
    let isPublished = true;
    const insert = (tx: Tx) => {
      const id = chosen === undefined ? { drawnShortId: shortId } : { shortId: chosen };
      return createCode(tx, workspaceId, { ...fields, ...id }, actor);
    };

    return {
      shortId,
      async settle(request: unknown): Promise<string> {
        const key = req.get("Idempotency-Key");
        const claim = findClaim({ workspaceId, method: req.method, path: req.path, key, body: request });
        let row: DynamicCode | undefined;
        if (claim) {
          const context = sealContextOf(claim);
          const outcome = await once(claim, async (tx) => {
            row = await insert(tx);
            return { status: 200, sealed: seal.close(Buffer.from(JSON.stringify({ short_id: row.shortId })), context) };
          });
          const answer = JSON.parse(seal.open(outcome.answer.sealed, context).toString()) as { short_id: string };
          shortId = answer.short_id;
          replayed = outcome.replayed;
        } else {
          row = await db.$transaction(insert);
          shortId = row.shortId;
        }
        if (row && !replayed) isPublished = await publishCode(row);
        return addressOf(shortId);
      },
      headers: () => ({
        ...headersOf(shortId),
        ...(replayed && { "Idempotent-Replayed": "true" }),
        ...(!isPublished && { "X-QR-Published": "pending" }),
      }),
    };
  }
}

/** A payload that names a code and nothing else speaks of an existing one. */
function isReference(payload: unknown): boolean {
  return isObject(payload) && Object.keys(payload).join() === "short_id";
}

/** Parses as `parseInput` does; mistakes are named under `payload`. */
function parsePayload<Schema extends z.ZodType>(schema: Schema, payload: unknown): z.output<Schema> {
  const parsed = parseInput(z.object({ payload: schema as z.ZodType }), { payload });
  return parsed.payload as z.output<Schema>;
}
