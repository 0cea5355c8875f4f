// Who calls: an API key in `X-Api-Key`, nothing else. A key in the query string is not looked at.
import { ApiError } from "@qrfactory/domain/errors";
import type { KeyRecord } from "@qrfactory/domain/key-record";
import { type Plan, plans } from "@qrfactory/domain/plans";
import type { CountRequest } from "@qrfactory/runtime/rate-limit";
import type { Request, Response } from "express";

export type Caller = { keyId: string; workspaceId: string; plan: Plan };

export type CallerOptions = {
  /** The record of a raw key, or null when there is no such key; may reject when nobody knows. */
  findKey: (rawKey: string) => Promise<KeyRecord | null>;
  /** Counts a request of a key against its plan; throws `rate_limited`. */
  countRequest: CountRequest;
};

/** Throws `unauthenticated`, `rate_limited`, or `unavailable` when the key cannot be looked up. */
export type RequireCaller = (req: Request, res: Response) => Promise<Caller>;

export function makeRequireCaller({ findKey, countRequest }: CallerOptions): RequireCaller {
  return async function requireCaller(req, res) {
    const rawKey = req.get("X-Api-Key");
    if (!rawKey) throw new ApiError("unauthenticated", "Send an API key in the X-Api-Key header.");
    const record = await findKey(rawKey).catch((cause: unknown) => {
      throw new ApiError("unavailable", "The API key cannot be checked right now; try again.", { cause });
    });
    // One sentence for all: whether a key ever existed is nobody's business.
    if (!record || record.revoked) throw new ApiError("unauthenticated", "This API key is not valid.");
    const plan = plans[record.plan];
    await countRequest(res, `key:${record.key_id}`, plan.requestsPerMinute);
    return { keyId: record.key_id, workspaceId: record.workspace_id, plan };
  };
}
