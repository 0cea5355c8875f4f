// Every way in which a call can fail, as classes: what the server refused, and what kept an answer from arriving.
import type { Problem, ProblemCode } from "./types.js";

/** The ancestor of everything that this package throws. */
export class QRFactoryError extends Error {
  override name = "QRFactoryError";
}

/** A refusal by the server, with the members of its problem document (RFC 9457). */
export class ApiError extends QRFactoryError {
  override name = "ApiError";
  readonly status: number;
  /** A stable word to branch on; `http_502` and the like where the answer was no problem document. */
  readonly code: ProblemCode | (string & {});
  /** A sentence that says what to change. */
  readonly detail: string;
  /** `X-Request-Id` of the answer, for questions to whoever runs the service. */
  readonly requestId: string | null;
  /** Field → messages; of a bulk order row → field → messages. */
  readonly errors: Problem["errors"];
  /** Seconds that the server asks to wait, if it does. */
  readonly retryAfterSeconds: number | null;
  readonly headers: Headers;

  constructor(response: Response, problem: Partial<Problem>, retryAfterSeconds: number | null) {
    const { status, headers } = response;
    const detail = problem.detail ?? `The server answered ${status} ${response.statusText}`.trim();
    super(detail);
    this.status = status;
    this.code = problem.code ?? `http_${status}`;
    this.detail = detail;
    this.requestId = headers.get("x-request-id") ?? problem.request_id ?? null;
    this.errors = problem.errors;
    this.retryAfterSeconds = retryAfterSeconds;
    this.headers = headers;
  }
}

/** 400, 413, 415, 422: the request itself is wrong; `errors` names the fields. */
export class ValidationError extends ApiError {
  override name = "ValidationError";
}

/** The image would not scan (`unscannable`); nothing was charged. */
export class UnscannableError extends ValidationError {
  override name = "UnscannableError";
}

/** 401: the key or token is missing, mistyped, expired or revoked. */
export class AuthenticationError extends ApiError {
  override name = "AuthenticationError";
}

/** 403: the caller may not do this. */
export class PermissionError extends ApiError {
  override name = "PermissionError";
}

/** 403 `plan_limit`: the plan does not include this. */
export class PlanLimitError extends PermissionError {
  override name = "PlanLimitError";
}

/** 404, and 410 for what is gone. */
export class NotFoundError extends ApiError {
  override name = "NotFoundError";
}

/** 409 and 412: somebody or something else was first. */
export class ConflictError extends ApiError {
  override name = "ConflictError";
}

/** 429: too many requests (`rate_limited`), or no credit left in this month (`quota_exceeded`). */
export class RateLimitError extends ApiError {
  override name = "RateLimitError";
}

/** 5xx, after all retries. */
export class ServerError extends ApiError {
  override name = "ServerError";
}

/** No whole answer arrived: refused, reset, or broken off in its middle; `cause` says how. */
export class ConnectionError extends QRFactoryError {
  override name = "ConnectionError";
}

/** No whole answer arrived in time. */
export class TimeoutError extends ConnectionError {
  override name = "TimeoutError";
}

/** The caller's `AbortSignal` fired; `cause` is its reason. */
export class AbortedError extends QRFactoryError {
  override name = "AbortedError";
}

/** A webhook that was not signed with this secret, or not now. */
export class WebhookVerificationError extends QRFactoryError {
  override name = "WebhookVerificationError";
}

function classOf(status: number, code: string | undefined): typeof ApiError {
  if (code === "unscannable") return UnscannableError;
  if (code === "plan_limit") return PlanLimitError;
  if (status >= 500) return ServerError;
  if (status === 401) return AuthenticationError;
  if (status === 403) return PermissionError;
  if (status === 404 || status === 410) return NotFoundError;
  if (status === 409 || status === 412) return ConflictError;
  if (status === 429) return RateLimitError;
  return [400, 413, 415, 422].includes(status) ? ValidationError : ApiError;
}

/** The error for an answer with the text of its body, whether or not that is a problem document. */
export function errorOf(response: Response, text: string, retryAfterSeconds: number | null): ApiError {
  const problem = problemIn(text);
  return new (classOf(response.status, problem.code))(response, problem, retryAfterSeconds);
}

function problemIn(text: string): Partial<Problem> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Partial<Problem>) : {};
  } catch {
    return {};
  }
}
