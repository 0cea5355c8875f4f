// Every operation of the HTTP API, in the order of the documentation.
import type { Operation } from "./operation.js";
import { accountOperations } from "./operations/accounts.js";
import { analyticsOperations } from "./operations/analytics.js";
import { auditOperations } from "./operations/audit.js";
import { bulkOperations } from "./operations/bulk.js";
import { codeOperations } from "./operations/codes.js";
import { imageOperations } from "./operations/images.js";
import { keyOperations } from "./operations/keys.js";
import { memberOperations } from "./operations/members.js";
import { operatorOperations } from "./operations/operator.js";
import { planOperations } from "./operations/plans.js";
import { problemOperations } from "./operations/problems.js";
import { redirectOperations } from "./operations/redirect.js";
import { referenceOperations } from "./operations/reference.js";
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
  ...planOperations,
  ...problemOperations,
  ...referenceOperations,
};

/** All operations. */
export const operations: readonly Operation[] = [
  ...Object.values(imageOperations),
  ...Object.values(redirectOperations),
  ...Object.values(managementOperations),
];
