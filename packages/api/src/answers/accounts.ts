// Answers about people, their workspaces and their sessions.
import { roles } from "@qrfactory/domain/access/roles";
import { freezes } from "@qrfactory/domain/plan/freeze";
import { planNames } from "@qrfactory/domain/plan/plans";
import { z } from "zod";
import { moment } from "./shared.js";

/** A workspace as one of its members sees it. */
export const workspace = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    plan: z.enum(planNames),
    frozen: z.enum(freezes).nullable().describe("Why nothing can be created or edited; null while everything can."),
    role: z.enum(roles).describe("Of the caller."),
    created_at: moment,
  })
  .meta({ id: "Workspace" });

const user = z
  .strictObject({ id: z.uuid(), email: z.string(), email_verified: z.boolean(), created_at: moment })
  .meta({ id: "User" });

/** A user in one of their workspaces. */
export const membership = z.strictObject({ user, workspace });

/** The tokens of a session. */
export const tokens = z
  .strictObject({
    access_token: z.string().describe("For `Authorization: Bearer …`."),
    refresh_token: z.string().describe("For one refresh: each brings another."),
    expires_in: z.int().describe("Seconds for which the access token lasts."),
  })
  .meta({ id: "Tokens" });

/** A session that begins. */
export const session = membership.extend(tokens.shape).meta({ id: "Session" });
