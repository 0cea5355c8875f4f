// The management API: every address it answers, on one screen.

import { type BoundRoutes, bindOperations, type Handlers } from "@qrfactory/api/bind";
import { managementOperations } from "@qrfactory/api/operations";
import { databaseProblem } from "@qrfactory/db/client";
import { createHttpApp, type HttpAppOptions } from "@qrfactory/runtime/http/app";
import type { Express } from "express";
import { type AccountsOptions, sessionHandlers } from "./accounts/accounts.js";
import { type VerificationOptions, verificationHandlers } from "./accounts/email-verification.js";
import { type MembersOptions, memberHandlers } from "./accounts/members.js";
import { type PasswordOptions, passwordHandlers } from "./accounts/password.js";
import { type WorkspaceOptions, workspaceHandlers } from "./accounts/workspace.js";
import { type WorkspacesOptions, workspacesHandlers } from "./accounts/workspaces.js";
import { type AuditOptions, auditHandlers } from "./audit/audit.js";
import { type BulkOptions, bulkHandlers } from "./bulk/bulk-routes.js";
import { codeHandlers, type DynamicCodesOptions } from "./codes/codes.js";
import { type ReferenceOptions, referenceHandlers } from "./docs/reference.js";
import { type ApiKeysOptions, keyHandlers } from "./keys/api-keys.js";
import { type OperatorOptions, operatorHandlers } from "./operator/queues.js";
import { type OrphansOptions, orphanHandlers } from "./orphans/orphans.js";
import { planHandlers } from "./plans/plans.js";
import { problemHandlers } from "./problems/problems.js";
import { analyticsHandlers } from "./scans/analytics.js";
import type { AnalyticsOptions } from "./scans/scope.js";
import { type CallsOptions, callHandlers } from "./usage/calls.js";
import { type UsageOptions, usageHandlers } from "./usage/usage.js";

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
  ReferenceOptions &
  AnalyticsOptions &
  UsageOptions &
  CallsOptions;

/** Every address of the API with its methods. */
export const managementRoutes = (options: ManagementOptions): BoundRoutes =>
  bindOperations(managementOperations, {
    ...sessionHandlers(options),
    ...verificationHandlers(options),
    ...passwordHandlers(options),
    ...memberHandlers(options),
    ...workspaceHandlers(options),
    ...workspacesHandlers(options),
    ...keyHandlers(options),
    ...auditHandlers(options),
    ...bulkHandlers(options),
    ...codeHandlers(options),
    ...orphanHandlers(options),
    ...analyticsHandlers(options),
    ...usageHandlers(options),
    ...callHandlers(options),
    ...operatorHandlers(options),
    ...planHandlers(),
    ...problemHandlers(),
    ...referenceHandlers(options),
  } satisfies Handlers<keyof typeof managementOperations>);

/** Makes the whole API. */
export function createApp(options: ManagementOptions): Express {
  return createHttpApp({ ...options, translateError: databaseProblem, routes: managementRoutes(options) });
}
