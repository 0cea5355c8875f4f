// The check that an answer is a declared one: tests hold every answer that they see to it, so the document cannot lie.
import { problem } from "./answers/shared.js";
import { type Operation, problemsOf } from "./operation.js";

/** An answer as a client saw it. */
export type SeenAnswer = {
  method: string;
  /** Path with or without a query. */
  path: string;
  status: number;
  contentType: string | null;
  /** Parsed JSON; undefined where the body is none. */
  body: unknown;
};

/** Codes that the server itself may refuse with before an operation is known. */
const anywhere = new Set(["method_not_allowed", "headers_too_large", "not_implemented", "rate_limited", "not_found"]);

const matchers = new WeakMap<Operation, RegExp>();

function matcherOf(operation: Operation): RegExp {
  const known = matchers.get(operation);
  if (known) return known;
  const source = operation.path
    .replace(/\/$/, "")
    .replace(/[.*+?^$()|[\]\\]/g, "\\$&")
    .replace(/\{\w+\}/g, "[^/]+");
  const matcher = new RegExp(`^${source}/?$`, "i");
  matchers.set(operation, matcher);
  return matcher;
}

/** The operation of a request; those with fewer parameters first, so that `export` is no id. */
export function findOperation(operations: readonly Operation[], method: string, path: string): Operation | undefined {
  const plain = path.split(/[?#]/, 1)[0] ?? "";
  const asked = method === "HEAD" ? "GET" : method;
  return operations
    .filter((operation) => operation.method === asked && matcherOf(operation).test(plain))
    .sort((a, b) => a.path.split("{").length - b.path.split("{").length)[0];
}

/** Throws for an answer that differs from its declaration among `operations`. */
export function expectDeclared(operations: readonly Operation[], seen: SeenAnswer): void {
  const violations = violationsOf(operations, seen);
  if (violations.length > 0) throw new Error(violations.join("\n"));
}

/** Whether a refusal is one of those that people see as a page. */
function isDeclaredPage({ answers }: Operation, { status, contentType }: SeenAnswer): boolean {
  return answers[status]?.contentTypes?.includes(contentType?.split(";", 1)[0] ?? "") === true;
}

/** Differences between an answer and its declaration, in sentences; empty for one that is as declared. */
export function violationsOf(operations: readonly Operation[], seen: SeenAnswer): string[] {
  const operation = findOperation(operations, seen.method, seen.path);
  if (!operation) return [];
  const name = `${operation.id} (${seen.method} ${seen.path}) answered ${seen.status}`;
  if (seen.status >= 400 && !isDeclaredPage(operation, seen)) {
    const parsed = problem.safeParse(seen.body);
    if (seen.method === "HEAD") return [];
    if (!parsed.success) return [`${name} without a problem document: ${parsed.error.message}`];
    const { code } = parsed.data;
    const isDeclared = anywhere.has(code) || (problemsOf(operation) as string[]).includes(code);
    return isDeclared ? [] : [`${name} with the code ${code}, which is not declared.`];
  }
  const answer = operation.answers[seen.status];
  if (!answer) return [`${name}, which is not declared.`];
  if (seen.method === "HEAD") return [];
  const type = seen.contentType?.split(";", 1)[0] ?? null;
  if (answer.contentTypes && !(answer.schema && type === "application/json")) {
    return type !== null && answer.contentTypes.includes(type) ? [] : [`${name} with ${type}, which is not declared.`];
  }
  if (!answer.schema) return seen.body === undefined ? [] : [`${name} with a body.`];
  const parsed = answer.schema.safeParse(seen.body);
  return parsed.success ? [] : [`${name} with another body than declared: ${parsed.error.message}`];
}
