// The declaration of an operation of the HTTP API: one row from which its route, its access, its line in the table of
// routes and its part of the OpenAPI document follow.
import type { KeyScope } from "@qrfactory/domain/access/key-scopes";
import type { Role } from "@qrfactory/domain/access/roles";
import type { ProblemCode } from "@qrfactory/domain/http/errors";
import type { Method } from "@qrfactory/runtime/http/app";
import type { z } from "zod";

/** The right to call an operation. */
export type Access = {
  /** The scope with which an API key may call, too; without one only people may. */
  scope?: KeyScope;
  /** The least role; a key acts as a member. Default: any. */
  role?: Role;
  /** Keys alone, whatever their scopes. */
  keysOnly?: true;
  /** A caller is asked for only by requests without another proof, such as a signed link. */
  optional?: true;
};

/** A successful answer. */
export type Answer = {
  /** One sentence for readers of the documentation. */
  description: string;
  /** JSON body; absent where there is none. */
  schema?: z.ZodType;
  /** Media types of a body that is not JSON; beside a schema it may be either. */
  contentTypes?: readonly string[];
  /** Headers worth knowing, with a sentence each. */
  headers?: Record<string, string>;
};

/** A request that succeeds, as documentation shows it and a test sends it; parts in braces are made by the test. */
export type Example = { query?: Record<string, string>; body?: unknown; headers?: Record<string, string> };

/** All that is known of an operation before it is asked. */
export type Declaration = {
  method: Method;
  /** As in OpenAPI, with a slash at the end: `/api/v1/dynamic/{short_id}/`. */
  path: `/${string}`;
  /** A few words, as menus show them. */
  summary: string;
  /** Facts for callers beyond the schemas, in sentences. */
  description?: string;
  /** Null: anybody may. */
  access: Access | null;
  /** Absent: any query is refused. */
  query?: z.ZodObject;
  /** JSON body; absent: none is read. */
  body?: z.ZodType;
  /** Media types of the body beside JSON. */
  bodyTypes?: readonly string[];
  /** Request headers that it heeds. */
  headers?: readonly ("Idempotency-Key" | "If-Match" | "If-None-Match" | "Prefer" | "Range")[];
  /** Success: status → answer. */
  answers: Record<number, Answer>;
  /** Refusals beyond those that follow from access, body and path. */
  problems?: readonly ProblemCode[];
  example?: Example;
};

/** Values of the documentation for texts in braces; tests put those of their world there. */
const samples: Record<string, string> = {
  email: "ada@example.com",
  new_email: "grace@example.com",
  workspace_id: "0b8f1c52-7a64-4d1f-9c3a-5f2f1d7e9a10",
};

/** The body of an example as documentation shows it: without braces. */
export function shownBody({ body }: Example): unknown {
  const fill = (_whole: string, name: string) => samples[name] ?? `your-${name.replaceAll("_", "-")}`;
  return body === undefined ? undefined : JSON.parse(JSON.stringify(body).replace(/\{(\w+)\}/g, fill));
}

/** A declaration with its names. */
export type Operation<Id extends string = string> = Declaration & {
  /** `operationId` of OpenAPI, and the name of the handler. */
  id: Id;
  /** Heading under which documentation lists it. */
  tag: string;
};

/** Names the operations of one heading; the keys are their ids. */
export function operationsOf<const Declarations extends Record<string, Declaration>>(
  { tag }: { tag: string },
  declarations: Declarations,
): { [Id in keyof Declarations & string]: Declarations[Id] & Operation<Id> } {
  return Object.fromEntries(
    Object.entries(declarations).map(([id, declaration]) => [id, { ...declaration, id, tag }]),
  ) as never;
}

/** Names in braces of a path, in their order. */
export const parametersOf = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");

/** The codes with which an operation may refuse, those that follow from its declaration included. */
export function problemsOf({ access, body, bodyTypes, headers, path, problems = [] }: Declaration): ProblemCode[] {
  const isWriting = headers?.includes("Idempotency-Key");
  return [
    ...new Set<ProblemCode>([
      "malformed_request",
      "validation_failed",
      ...(access ? (["unauthenticated", "forbidden", "rate_limited"] as const) : []),
      ...(body || bodyTypes ? (["body_too_large", "unsupported_media_type", "request_timeout"] as const) : []),
      ...(parametersOf(path).length > 0 ? (["not_found"] as const) : []),
      ...(isWriting ? (["idempotency_key_reused", "idempotency_in_progress"] as const) : []),
      ...(headers?.includes("If-Match") ? (["version_mismatch"] as const) : []),
      ...problems,
      "internal",
      "unavailable",
      "overloaded",
    ]),
  ];
}
