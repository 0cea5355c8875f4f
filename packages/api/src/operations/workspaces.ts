// Operations on workspaces: the one that a caller is in, and all of a user.
import { codeOwnerField } from "@qrfactory/codes/published/owner";
import { pageQuery } from "@qrfactory/domain/http/validate";
import { z } from "zod";
import { workspace } from "../answers/accounts.js";
import { listOfRows, location } from "../answers/shared.js";
import { guessedPassword, workspaceNameField } from "../input/account-fields.js";
import { operationsOf } from "../operation.js";

/** A PostgreSQL `integer`; more renders than anybody makes in a month. */
const overageRendersLimit = 1_000_000_000;

const overageRendersMax = "Renders beyond the quota a month, at most; null for any number.";

const wholeWorkspace = workspace
  .extend({
    overage_enabled: z.boolean().describe("Whether renders beyond the quota are made and paid for."),
    overage_renders_max: z.int().nullable().describe(overageRendersMax),
    scan_pages: z
      .strictObject({ name: z.string().nullable(), contact: z.string().nullable() })
      .nullable()
      .describe("What pages at the end of codes say of their owner."),
  })
  .meta({ id: "WholeWorkspace" });

const updateBody = z
  .strictObject({
    overage_enabled: z.boolean().optional(),
    overage_renders_max: z.int().min(0).max(overageRendersLimit).nullable().optional().describe(overageRendersMax),
    scan_pages: codeOwnerField
      .nullable()
      .optional()
      .describe("What pages at the end of codes say of their owner; null for nothing."),
  })
  .refine((body) => body.overage_enabled !== undefined || body.scan_pages !== undefined, {
    path: ["overage_enabled"],
    error: "Name overage_enabled, scan_pages, or both.",
  })
  .refine((body) => body.overage_enabled !== undefined || body.overage_renders_max === undefined, {
    path: ["overage_enabled"],
    error: "Say whether overage is enabled, beside overage_renders_max.",
  });

/** Operations on workspaces, by id. */
export const workspaceOperations = operationsOf(
  { tag: "Workspaces" },
  {
    getWorkspace: {
      method: "GET",
      path: "/api/v1/workspace/",
      summary: "Read the workspace",
      access: {},
      answers: { 200: { description: "The workspace of the caller.", schema: wholeWorkspace } },
      example: {},
    },
    updateWorkspace: {
      method: "PATCH",
      path: "/api/v1/workspace/",
      summary: "Change the workspace",
      access: { role: "owner" },
      body: updateBody,
      answers: { 200: { description: "The workspace as it is now.", schema: wholeWorkspace } },
      problems: ["plan_limit", "url_refused"],
      example: { body: { scan_pages: { name: "Café Ada", contact: "mailto:hello@example.com" } } },
    },
    deleteWorkspace: {
      method: "DELETE",
      path: "/api/v1/workspace/",
      summary: "Delete the workspace",
      description: "Its people, keys and orders go; codes that are printed go on redirecting.",
      access: { role: "owner" },
      body: z.strictObject({ password: guessedPassword.describe("Of the caller's account.") }),
      answers: { 204: { description: "Deleted." } },
      example: { body: { password: "correct horse battery" } },
    },
    listWorkspaces: {
      method: "GET",
      path: "/api/v1/workspaces/",
      summary: "List one's workspaces",
      access: {},
      query: pageQuery,
      answers: { 200: { description: "A page of workspaces.", schema: listOfRows(workspace) } },
      example: {},
    },
    createWorkspace: {
      method: "POST",
      path: "/api/v1/workspaces/",
      summary: "Create a workspace",
      description: "On the plan free, owned by the caller, who enters it by `switchWorkspace`.",
      access: {},
      headers: ["Idempotency-Key"],
      body: z.strictObject({ name: workspaceNameField }),
      answers: { 201: { description: "The new workspace.", schema: workspace, headers: location } },
      problems: ["conflict"],
      example: { body: { name: "Client" } },
    },
  },
);
