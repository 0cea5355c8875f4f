// Operations on API keys.
import { keyScopes } from "@qrfactory/domain/access/key-scopes";
import { nameField, pageQuery } from "@qrfactory/domain/http/validate";
import { momentField } from "@qrfactory/domain/moment";
import { planNames } from "@qrfactory/domain/plan/plans";
import { z } from "zod";
import { listOfRows, location, moment } from "../answers/shared.js";
import { operationsOf } from "../operation.js";

const key = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    key_prefix: z.string().describe("The first 12 characters of the key."),
    plan: z.enum(planNames).describe("Of the workspace."),
    scopes: z.array(z.enum(keyScopes)),
    expires_at: moment.nullable(),
    last_used_at: moment.nullable().describe("To the minute."),
    created_at: moment,
  })
  .meta({ id: "Key" });

const newKey = key
  .extend({
    raw_key: z.string().describe("For the header `X-Api-Key`. Shown this once."),
    signing_secret: z.string().describe("For signed addresses of images. Shown this once."),
  })
  .meta({ id: "NewKey" });

const revocation = z
  .strictObject({
    dry_run: z.literal(true),
    id: z.uuid(),
    key_prefix: z.string(),
    last_used_at: moment.nullable(),
    renders_last_30_days: z.int().min(0),
    effects: z.array(z.string()),
  })
  .meta({ id: "Revocation" });

const createBody = z.strictObject({
  name: nameField("Give the key a name."),
  scopes: z
    .array(z.enum(keyScopes, `Use any of: ${keyScopes.join(", ")}.`))
    .min(1, "Give a scope, or leave this out for all.")
    .max(keyScopes.length, "Name each scope once.")
    .optional(),
  expires_at: momentField.refine((at) => at.getTime() > Date.now(), "Use a time that is still to come.").optional(),
});

/** A week: time to change a key everywhere, short enough not to be forgotten. */
const overlapSecondsMax = 7 * 24 * 60 * 60;

const rotateBody = z.strictObject({
  overlap_seconds: z
    .int()
    .min(0)
    .max(overlapSecondsMax)
    .default(0)
    .describe("For so long the old secrets work beside the new ones."),
});

const revokeQuery = z.strictObject({
  dry_run: z
    .enum(["true", "false"])
    .default("false")
    .transform((word) => word === "true")
    .describe("`true` tells what would end, and ends nothing."),
});

const administering = { role: "admin" } as const;

/** Operations on API keys, by id. */
export const keyOperations = operationsOf(
  { tag: "API keys" },
  {
    listKeys: {
      method: "GET",
      path: "/api/v1/keys/",
      summary: "List API keys",
      access: {},
      query: pageQuery,
      answers: { 200: { description: "A page of keys that are not revoked.", schema: listOfRows(key) } },
      example: {},
    },
    createKey: {
      method: "POST",
      path: "/api/v1/keys/",
      summary: "Create an API key",
      access: administering,
      headers: ["Idempotency-Key"],
      body: createBody,
      answers: { 201: { description: "The key with its secrets.", schema: newKey, headers: location } },
      problems: ["plan_limit"],
      example: { body: { name: "Shop", scopes: ["render", "codes:read"] } },
    },
    revokeKey: {
      method: "DELETE",
      path: "/api/v1/keys/{id}/",
      summary: "Revoke an API key",
      description: "It works nowhere two seconds later.",
      access: administering,
      query: revokeQuery,
      answers: {
        200: { description: "With `dry_run`: what would end.", schema: revocation },
        204: { description: "Revoked." },
      },
      example: {},
    },
    rotateKey: {
      method: "POST",
      path: "/api/v1/keys/{id}/rotate/",
      summary: "Change the secrets of an API key",
      access: administering,
      headers: ["Idempotency-Key"],
      body: rotateBody,
      answers: { 201: { description: "The key with its new secrets.", schema: newKey, headers: location } },
      problems: ["plan_limit", "conflict"],
      example: { body: { overlap_seconds: 3_600 } },
    },
  },
);
