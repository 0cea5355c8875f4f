// The record of an API key by which services serve its caller: never the key itself, only its SHA-256.
import { z } from "zod";
import { freezes } from "../plan/freeze.js";
import { planNames } from "../plan/plans.js";
import { keyScopes } from "./key-scopes.js";

/** Schema of a key's record, as Redis holds it and services check it on arrival. */
export const keyRecord = z.object({
  key_id: z.uuid(),
  workspace_id: z.uuid(),
  /** First 12 characters of the key, for people to recognise it. */
  key_prefix: z.string().length(12),
  plan: z.enum(planNames),
  /** Why the workspace stands still; null when it does not. */
  frozen: z.enum(freezes).nullable().default(null),
  /** Whether renders beyond the quota are delivered, and how many a month (null: any number); null when none are. */
  overage: z.object({ renders_max: z.int().nonnegative().nullable() }).nullable().default(null),
  /**
   * Grows with every change of the key or of its workspace's plan and standing; newer wins wherever two copies meet.
   */
  version: z.int().positive(),
  revoked: z.boolean(),
  scopes: z.array(z.enum(keyScopes)).default([...keyScopes]),
  expires_at: z.iso.datetime().nullable().default(null),
});

/** A key's record after its check. */
export type KeyRecord = z.infer<typeof keyRecord>;

/** Whether the key works at this moment (milliseconds): neither revoked nor expired. */
export function isUsable({ revoked, expires_at }: KeyRecord, now: number): boolean {
  return !revoked && (expires_at === null || Date.parse(expires_at) > now);
}
