// The only place that turns an error into a response (RFC 9457). Works on node:http so that redirect can use it too.
import { type ServerResponse, STATUS_CODES } from "node:http";
import { constants, gzipSync } from "node:zlib";
import { ApiError, toProblem } from "@qrfactory/domain/http/errors";

/** Where the pages about problems are: at the address that clients reach, which every service is told. */
const typeBase = (process.env.PUBLIC_BASE_URL ?? "https://qrfactory.example").replace(/\/+$/, "");

/** A refusal is small on the wire, whatever was wrong with the request. */
const problemBytesMax = 16_384;
/** A list of a thousand bad rows compresses to a tenth: as JSON it may be this long where the client takes gzip. */
const rowsBytesMax = 131_072;

/** An ordinary `Accept-Encoding` has some 30 characters. */
const acceptEncodingMax = 256;
/** The coding by name and without the quality 0 (RFC 9110, 12.5.3). */
const takesGzip = /(?:^|[\s,])gzip(?!\s*;\s*q=0(?:\.0*)?(?:$|[\s,]))/i;

/** Writes the problem document of any thrown value; one that is not an `ApiError` becomes `internal`. */
export function sendProblem(res: ServerResponse, error: unknown, requestId: string): void {
  const problem = toProblem(error, requestId, { typeBase });
  if (error instanceof ApiError) {
    for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
    if (error.retryAfterSeconds !== undefined) res.setHeader("Retry-After", String(error.retryAfterSeconds));
  }
  // RFC 9110, 15.5.2: a 401 names a way to authenticate.
  if (problem.code === "unauthenticated" && !res.hasHeader("WWW-Authenticate"))
    res.setHeader("WWW-Authenticate", "Bearer");
  const packed = error instanceof ApiError && error.rowErrors ? packRows(res, error, requestId) : null;
  const body = packed ?? Buffer.from(JSON.stringify(problem));
  if (packed) res.setHeader("Content-Encoding", "gzip").setHeader("Vary", "Accept-Encoding");
  res.setHeader("Content-Type", "application/problem+json");
  res.setHeader("Content-Length", body.length);
  res.setHeader("Cache-Control", "no-store");
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.statusCode = problem.status;
  res.end(res.req.method === "HEAD" ? undefined : body);
}

/** The compressed document with as many bad rows as fit; null for a client that takes no gzip. */
function packRows(res: ServerResponse, error: ApiError, requestId: string): Buffer | null {
  if (!takesGzip.test(String(res.req.headers["accept-encoding"] ?? "").slice(0, acceptEncodingMax))) return null;
  for (let errorsBytesMax = rowsBytesMax; errorsBytesMax >= problemBytesMax; errorsBytesMax /= 2) {
    const text = JSON.stringify(toProblem(error, requestId, { typeBase, errorsBytesMax }));
    const packed = gzipSync(text, { level: constants.Z_BEST_SPEED });
    if (packed.length <= problemBytesMax) return packed;
  }
  return null;
}

/** The raw bytes of a refusal for a socket whose request could not even be parsed. */
export function rawProblem(error: ApiError, requestId: string): string {
  const body = JSON.stringify(toProblem(error, requestId, { typeBase }));
  return [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    ...Object.entries(error.headers).map(([name, value]) => `${name}: ${value}`),
    `Date: ${new Date().toUTCString()}`,
    "Cache-Control: no-store",
    "Content-Type: application/problem+json",
    "X-Content-Type-Options: nosniff",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}
