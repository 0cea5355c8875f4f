// The one id that ties a response, its log lines and its ledger row together.
import { randomUUID } from "node:crypto";

const acceptable = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's `X-Request-Id` when it is 1 to 128 of `A-Za-z0-9._-`, else a new one. */
export function requestIdFrom(header: string | string[] | undefined): string {
  return typeof header === "string" && acceptable.test(header) ? header : randomUUID();
}
