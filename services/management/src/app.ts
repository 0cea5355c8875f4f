// The management API: every address it answers, on one screen.

import { databaseProblem } from "@qrfactory/db/client";
import { createHttpApp, type HttpAppOptions } from "@qrfactory/runtime/http/app";
import type { Express } from "express";
import { type AccountsOptions, accountRoutes } from "./accounts/accounts.js";
import { type VerificationOptions, verificationRoutes } from "./accounts/email-verification.js";
import { type MembersOptions, memberRoutes } from "./accounts/members.js";
import { type PasswordOptions, passwordRoutes } from "./accounts/password.js";
import { type WorkspaceOptions, workspaceRoutes } from "./accounts/workspace.js";
import { type WorkspacesOptions, workspacesRoutes } from "./accounts/workspaces.js";
import { type AuditOptions, auditRoutes } from "./audit/audit.js";
import { type BulkOptions, bulkRoutes } from "./bulk/bulk-routes.js";
import { type DynamicCodesOptions, dynamicCodeRoutes } from "./codes/codes.js";
import type { GuardedRoutes } from "./http/access.js";
import { type ApiKeysOptions, apiKeyRoutes } from "./keys/api-keys.js";
import { type OperatorOptions, operatorRoutes } from "./operator/queues.js";
import { type OrphansOptions, orphanRoutes } from "./orphans/orphans.js";
import { problemRoutes } from "./problems/problems.js";
import { analyticsRoutes } from "./scans/analytics.js";
import type { AnalyticsOptions } from "./scans/scope.js";
import { type CallsOptions, callRoutes } from "./usage/calls.js";
import { type UsageOptions, usageRoutes } from "./usage/usage.js";

/** Dependencies of the API: those of every group of routes. */
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
  AnalyticsOptions &
  UsageOptions &
  CallsOptions;

/** Every address of the API with its methods. */
export const managementRoutes = (options: ManagementOptions): GuardedRoutes => ({
  ...accountRoutes(options),
  ...verificationRoutes(options),
  ...memberRoutes(options),
  ...passwordRoutes(options),
  ...workspaceRoutes(options),
  ...workspacesRoutes(options),
  ...apiKeyRoutes(options),
  ...auditRoutes(options),
  ...bulkRoutes(options),
  ...dynamicCodeRoutes(options),
  ...orphanRoutes(options),
  ...analyticsRoutes(options),
  ...usageRoutes(options),
  ...callRoutes(options),
  ...operatorRoutes(options),
  ...problemRoutes(),
});

/** Makes the whole API. */
export function createApp(options: ManagementOptions): Express {
  return createHttpApp({ ...options, translateError: databaseProblem, routes: managementRoutes(options) });
}
