// The only place that turns an error into a response (RFC 9457). Works on node:http so that redirect can use it too.
import { type ServerResponse, STATUS_CODES } from "node:http";
import { ApiError, toProblem } from "@qrfactory/domain/errors";

/** Writes the problem document of any thrown value; one that is not an `ApiError` becomes `internal`. */
export function sendProblem(res: ServerResponse, error: unknown, requestId: string): void {
  const problem = toProblem(error, requestId);
  if (error instanceof ApiError) {
    for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
    if (error.retryAfterSeconds !== undefined) res.setHeader("Retry-After", String(error.retryAfterSeconds));
  }
  // RFC 9110, 15.5.2: a 401 names a way to authenticate.
  if (problem.code === "unauthenticated") res.setHeader("WWW-Authenticate", "Bearer");
  const body = Buffer.from(JSON.stringify(problem));
  res.setHeader("Content-Type", "application/problem+json");
  res.setHeader("Content-Length", body.length);
  res.setHeader("Cache-Control", "no-store");
  res.statusCode = problem.status;
  res.end(res.req.method === "HEAD" ? undefined : body);
}

/** The raw bytes of a refusal for a socket whose request could not even be parsed. */
export function rawProblem(error: ApiError, requestId: string): string {
  const body = JSON.stringify(toProblem(error, requestId));
  return [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}
