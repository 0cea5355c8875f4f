// The management API: every address it answers, on one screen.

import { bindOperations } from "@qrfactory/api/bind";
import { codeOperations } from "@qrfactory/api/operations/codes";
import { planOperations } from "@qrfactory/api/operations/plans";
import { referenceOperations } from "@qrfactory/api/operations/reference";
import { databaseProblem } from "@qrfactory/db/client";
import { createHttpApp, type HttpAppOptions, type Routes } from "@qrfactory/runtime/http/app";
import type { Express } from "express";
import { type AccountsOptions, accountRoutes } from "./accounts/accounts.js";
import { type VerificationOptions, verificationRoutes } from "./accounts/email-verification.js";
import { type MembersOptions, memberRoutes } from "./accounts/members.js";
import { type PasswordOptions, passwordRoutes } from "./accounts/password.js";
import { type WorkspaceOptions, workspaceRoutes } from "./accounts/workspace.js";
import { type WorkspacesOptions, workspacesRoutes } from "./accounts/workspaces.js";
import { type AuditOptions, auditRoutes } from "./audit/audit.js";
import { type BulkOptions, bulkRoutes } from "./bulk/bulk-routes.js";
import { codeHandlers, type DynamicCodesOptions } from "./codes/codes.js";
import { type ReferenceOptions, referenceHandlers } from "./docs/reference.js";
import { type ApiKeysOptions, apiKeyRoutes } from "./keys/api-keys.js";
import { type OperatorOptions, operatorRoutes } from "./operator/queues.js";
import { type OrphansOptions, orphanRoutes } from "./orphans/orphans.js";
import { planHandlers } from "./plans/plans.js";
import { problemRoutes } from "./problems/problems.js";
import { analyticsRoutes } from "./scans/analytics.js";
import type { AnalyticsOptions } from "./scans/scope.js";
import { type CallsOptions, callRoutes } from "./usage/calls.js";
import { type UsageOptions, usageRoutes } from "./usage/usage.js";

export type ManagementOptions = Omit<HttpAppOptions, "routes" | "translateError"> &
  AccountsOptions &
  VerificationOptions &
  MembersOptions &
  PasswordOptions &
  WorkspaceOptions &
  WorkspacesOptions &
  ApiKeysOptions &
  AuditOptions &
  BulkOptions &
  DynamicCodesOptions &
  OperatorOptions &
  OrphansOptions &
  ReferenceOptions &
  AnalyticsOptions &
  UsageOptions &
  CallsOptions;

/** Every address of the API with its methods. */
export const managementRoutes = (options: ManagementOptions): Routes => ({
  ...accountRoutes(options),
  ...verificationRoutes(options),
  ...memberRoutes(options),
  ...passwordRoutes(options),
  ...workspaceRoutes(options),
  ...workspacesRoutes(options),
  ...apiKeyRoutes(options),
  ...auditRoutes(options),
  ...bulkRoutes(options),
  ...bindOperations(codeOperations, codeHandlers(options)),
  ...orphanRoutes(options),
  ...analyticsRoutes(options),
  ...usageRoutes(options),
  ...callRoutes(options),
  ...operatorRoutes(options),
  ...problemRoutes(),
  ...bindOperations(planOperations, planHandlers()),
  ...bindOperations(referenceOperations, referenceHandlers(options)),
});

/** Makes the whole API. */
export function createApp(options: ManagementOptions): Express {
  return createHttpApp({ ...options, translateError: databaseProblem, routes: managementRoutes(options) });
}
