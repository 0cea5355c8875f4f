// Every operation of the HTTP API, in the order of the documentation.
import type { Operation } from "./operation.js";
import { codeOperations } from "./operations/codes.js";

/** All operations. */
export const operations: readonly Operation[] = [...Object.values(codeOperations)];
