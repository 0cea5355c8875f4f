// Every operation of the HTTP API, in the order of the documentation.
import type { Operation } from "./operation.js";
import { codeOperations } from "./operations/codes.js";
import { imageOperations } from "./operations/images.js";
import { planOperations } from "./operations/plans.js";
import { redirectOperations } from "./operations/redirect.js";
import { referenceOperations } from "./operations/reference.js";

/** All operations. */
export const operations: readonly Operation[] = [
  ...Object.values(imageOperations),
  ...Object.values(codeOperations),
  ...Object.values(redirectOperations),
  ...Object.values(planOperations),
  ...Object.values(referenceOperations),
];
