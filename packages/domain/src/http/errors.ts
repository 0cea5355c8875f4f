// Every refusal this product can make: a stable code, its HTTP status and its title (RFC 9457). Turned into a response
// in one place, runtime/http/problem.
import type { FieldErrors, RowErrors } from "./field-errors.js";
import { cut, listErrors } from "./listed-errors.js";

/** Code → HTTP status and title. The codes are public: clients branch on them. */
export const problemTypes = {
  malformed_request: { status: 400, title: "The request could not be read" },
  validation_failed: { status: 400, title: "Some fields are not valid" },
  unscannable: { status: 400, title: "The image would not scan" },
  payload_too_long: { status: 400, title: "The data does not fit in a QR code" },
  image_rejected: { status: 400, title: "The image cannot be used" },
  url_refused: { status: 400, title: "This address is not allowed" },
  unauthenticated: { status: 401, title: "Credentials are missing or not valid" },
  plan_limit: { status: 403, title: "The plan does not include this" },
  forbidden: { status: 403, title: "The caller may not do this" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  request_timeout: { status: 408, title: "The request took too long to arrive" },
  idempotency_key_reused: { status: 409, title: "This Idempotency-Key was used with another body" },
  conflict: { status: 409, title: "The resource is in conflict with another" },
  gone: { status: 410, title: "Gone" },
  version_mismatch: { status: 412, title: "The resource has changed since it was read" },
  body_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The media type is not supported" },
  range_not_satisfiable: { status: 416, title: "The archive has no such part" },
  bulk_rejected: { status: 422, title: "Some rows are not valid" },
  quota_exceeded: { status: 429, title: "The monthly quota is used up" },
  rate_limited: { status: 429, title: "Too many requests" },
  headers_too_large: { status: 431, title: "The request headers are too large" },
  internal: { status: 500, title: "Something went wrong on our side" },
  not_implemented: { status: 501, title: "The method is not known" },
  overloaded: { status: 503, title: "Too busy right now" },
  unavailable: { status: 503, title: "Temporarily unavailable" },
  idempotency_in_progress: { status: 503, title: "The first request with this Idempotency-Key is still running" },
} as const satisfies Record<string, { status: number; title: string }>;

/** Stable code of a refusal; `problemTypes` has its status and title. */
export type ProblemCode = keyof typeof problemTypes;

/** Parts of a refusal beside its code and its sentence. */
export type ApiErrorOptions = {
  errors?: FieldErrors;
  /** In the place of `errors` where a request has rows. */
  rowErrors?: RowErrors;
  /** Whole seconds; sent with 429 and 503 only, where it is always present. */
  retryAfterSeconds?: number;
  /** Extra response headers, e.g. `Allow`. */
  headers?: Record<string, string>;
  /** The underlying error; logged, never sent. */
  cause?: unknown;
};

/** Seconds that a 429 or 503 asks a client to wait when nothing better is known. */
const defaultRetryAfterSeconds = 1;

/** A refusal with a public code and a sentence that says what to change; anything else thrown is `internal`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: FieldErrors | undefined;
  readonly rowErrors: RowErrors | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, detail: string, options: ApiErrorOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.status = problemTypes[code].status;
    this.errors = options.errors;
    this.rowErrors = options.rowErrors;
    const retryable = this.status === 429 || this.status === 503;
    this.retryAfterSeconds = retryable ? (options.retryAfterSeconds ?? defaultRetryAfterSeconds) : undefined;
    this.headers = options.headers ?? {};
  }
}

/** Refuses one field; the sentence is told as a whole and under the field. */
export function invalidField(field: string, message: string): ApiError {
  return new ApiError("validation_failed", message, { errors: { [field]: [message] } });
}

/** Refuses one field, which the detail names, too: for sentences that do not say what they speak of. */
export function refusedField(code: ProblemCode, field: string, reason: string, cause?: unknown): ApiError {
  return new ApiError(code, `${field}: ${reason}`, { errors: { [field]: [reason] }, cause });
}

/** Fields that a detail names; `errors` has them all. */
const namedMax = 10;

/** Refuses several fields, one at least, or the whole body: the detail says what is wrong with the first. */
export function invalidFields(errors: FieldErrors): ApiError {
  const [[path, messages] = ["", []], ...others] = Object.entries(errors);
  const first = path === "" ? messages.join(" ") : `${path}: ${messages.join(" ")}`;
  const names = others.slice(0, namedMax).map(([name]) => name);
  const rest = names.length > 0 ? ` Check these fields, too: ${names.join(", ")}.` : "";
  return new ApiError("validation_failed", first + rest, { errors });
}

/**
 * The RFC 9457 document for an error: `type`, `title`, `status`, `code`, `detail`, `request_id`, and `errors` if any.
 */
export type ProblemDocument = {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  request_id: string;
  errors?: FieldErrors | RowErrors;
};

/** Characters of a detail; ordinary ones have a hundred. */
const detailMax = 1_000;

/** Builds the public document of an error; one that is not an `ApiError` shows nothing of itself. */
export function toProblem(
  error: unknown,
  requestId: string,
  { typeBase = "https://qrfactory.example", ...limits }: { typeBase?: string; errorsBytesMax?: number } = {},
): ProblemDocument {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError("internal", "An unexpected error occurred. Quote the request id when you report it.");
  const { listed, note } = listErrors(known, limits.errorsBytesMax);
  return {
    type: `${typeBase}/problems/${known.code.replaceAll("_", "-")}`,
    title: problemTypes[known.code].title,
    status: known.status,
    code: known.code,
    detail: cut(known.message, detailMax) + note,
    request_id: requestId,
    ...(listed && { errors: listed }),
  };
}
