// Every operation of the HTTP API, in the order of the documentation.
import type { Operation } from "./operation.js";
import { accountOperations } from "./operations/accounts.js";
import { codeOperations } from "./operations/codes.js";
import { memberOperations } from "./operations/members.js";
import { workspaceOperations } from "./operations/workspaces.js";

/** The operations that management answers, by id. */
export const managementOperations = {
  ...codeOperations,
  ...accountOperations,
  ...memberOperations,
  ...workspaceOperations,
};

/** All operations. */
export const operations: readonly Operation[] = [...Object.values(managementOperations)];
