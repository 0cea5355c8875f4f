// What any service has to know of an API key to serve its caller: never the key itself, only its SHA-256.
import { z } from "zod";
import { planNames } from "./plans.js";

export const keyRecord = z.object({
  key_id: z.uuid(),
  workspace_id: z.uuid(),
  /** First 12 characters of the key, for people to recognise it. */
  key_prefix: z.string().length(12),
  plan: z.enum(planNames),
  /** Grows with every change of the key or of its workspace's plan; newer wins wherever two copies meet. */
  version: z.int().positive(),
  revoked: z.boolean(),
});
export type KeyRecord = z.infer<typeof keyRecord>;
