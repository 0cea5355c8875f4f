// Every operation of the HTTP API, in the order of the documentation.
import type { Operation } from "./operation.js";
import { accountOperations } from "./operations/accounts.js";
import { analyticsOperations } from "./operations/analytics.js";
import { auditOperations } from "./operations/audit.js";
import { codeOperations } from "./operations/codes.js";
import { keyOperations } from "./operations/keys.js";
import { memberOperations } from "./operations/members.js";
import { usageOperations } from "./operations/usage.js";
import { workspaceOperations } from "./operations/workspaces.js";

/** The operations that management answers, by id. */
export const managementOperations = {
  ...codeOperations,
  ...analyticsOperations,
  ...usageOperations,
  ...keyOperations,
  ...accountOperations,
  ...memberOperations,
  ...workspaceOperations,
  ...auditOperations,
};

/** All operations. */
export const operations: readonly Operation[] = [...Object.values(managementOperations)];
