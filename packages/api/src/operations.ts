// Every operation of the HTTP API, in the order of the documentation.
import type { Operation } from "./operation.js";
import { accountOperations } from "./operations/accounts.js";
import { analyticsOperations } from "./operations/analytics.js";
import { auditOperations } from "./operations/audit.js";
import { bulkOperations } from "./operations/bulk.js";
import { codeOperations } from "./operations/codes.js";
import { keyOperations } from "./operations/keys.js";
import { memberOperations } from "./operations/members.js";
import { operatorOperations } from "./operations/operator.js";
import { problemOperations } from "./operations/problems.js";
import { usageOperations } from "./operations/usage.js";
import { workspaceOperations } from "./operations/workspaces.js";

/** The operations that management answers, by id. */
export const managementOperations = {
  ...codeOperations,
  ...analyticsOperations,
  ...bulkOperations,
  ...usageOperations,
  ...keyOperations,
  ...accountOperations,
  ...memberOperations,
  ...workspaceOperations,
  ...auditOperations,
  ...operatorOperations,
  ...problemOperations,
};

/** All operations. */
export const operations: readonly Operation[] = [...Object.values(managementOperations)];
