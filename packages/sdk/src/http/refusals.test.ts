import { afterEach, expect, test } from "@jest/globals";
import * as errors from "../errors.js";
import { type Answer, clientOf, closeServers, json, problem, serve } from "./unreliable.fixture.js";

afterEach(closeServers);

test.each<[number, string, typeof errors.ApiError]>([
  [400, "validation_failed", errors.ValidationError],
  [400, "malformed_request", errors.ValidationError],
  [400, "unscannable", errors.UnscannableError],
  [401, "unauthenticated", errors.AuthenticationError],
  [403, "forbidden", errors.PermissionError],
  [403, "plan_limit", errors.PlanLimitError],
  [404, "not_found", errors.NotFoundError],
  [409, "idempotency_key_reused", errors.ConflictError],
  [410, "gone", errors.NotFoundError],
  [412, "version_mismatch", errors.ConflictError],
  [413, "body_too_large", errors.ValidationError],
  [415, "unsupported_media_type", errors.ValidationError],
  [416, "range_not_satisfiable", errors.ApiError],
  [422, "bulk_rejected", errors.ValidationError],
  [429, "rate_limited", errors.RateLimitError],
  [500, "internal", errors.ServerError],
  [503, "unavailable", errors.ServerError],
])("%i %s is a class of its own, with all that the problem says", async (status, code, kind) => {
  const server = await serve(problem(status, code, { "Retry-After": "5" }, { errors: { data: ["no"] } }));
  const error = await clientOf(server.url, { maxRetries: 0 })
    .generate({ data: "x" })
    .catch((refusal: unknown) => refusal);
  expect(error).toBeInstanceOf(kind);
  expect(error).toBeInstanceOf(errors.ApiError);
  expect(error).toBeInstanceOf(errors.QRFactoryError);
  expect(error).toMatchObject({
    ...{ name: kind.name, status, code, detail: `because of ${code}`, message: `because of ${code}` },
    ...{ requestId: "request-1", errors: { data: ["no"] }, retryAfterSeconds: 5 },
  });
});

test("a refusal that is no problem document has its status for a code", async () => {
  const page: Answer = (res) => void res.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad Gateway</h1>");
  const server = await serve(page);
  await expect(clientOf(server.url, { maxRetries: 0 }).usage.get()).rejects.toMatchObject({
    code: "http_502",
    detail: "The server answered 502 Bad Gateway",
    requestId: null,
  });
});

test("a redirect is not followed, so a key reaches nobody else", async () => {
  const other = await serve(json({}));
  const server = await serve((res) => void res.writeHead(302, { Location: `${other.url}/` }).end());
  await expect(clientOf(server.url).usage.get()).rejects.toThrow(/leads elsewhere/);
  expect([server.seen.length, other.seen.length]).toEqual([1, 0]);
});

test("a page in the place of JSON is told as such, and not asked for again", async () => {
  const server = await serve((res) => void res.writeHead(200, { "Content-Type": "text/html" }).end("<h1>Hello</h1>"));
  await expect(clientOf(server.url).usage.get()).rejects.toThrow(/something else than JSON; check baseUrl/);
  expect(server.seen).toHaveLength(1);
});

test("withResponse gives the data with its response, and fails as the call does", async () => {
  const server = await serve(json({ plan: "pro" }, 200, { "X-Request-Id": "r-1" }), problem(404, "not_found"));
  const qr = clientOf(server.url);
  const call = qr.usage.get();
  const { data, response } = await call.withResponse();
  expect([data.plan, response.headers.get("x-request-id"), (await call).plan]).toEqual(["pro", "r-1", "pro"]);
  await expect(qr.usage.get().withResponse()).rejects.toBeInstanceOf(errors.NotFoundError);
  await expect(qr.usage.get().finally(() => undefined)).rejects.toBeInstanceOf(errors.NotFoundError);
});
