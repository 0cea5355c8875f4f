// What the client makes of answers: errors as classes, lists, files that break off, streams of events.
import { afterEach, expect, test } from "@jest/globals";
import { QRFactory } from "../client.js";
import * as errors from "../errors.js";
import { type Answer, breakOff, closeServers, hang, json, problem, serve } from "./unreliable.fixture.js";

afterEach(closeServers);

const clientOf = (url: string, options: Partial<ConstructorParameters<typeof QRFactory>[0]> = {}) =>
  new QRFactory({ baseUrl: url, apiKey: "smk_test", random: () => 0, ...options });

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

test("withResponse gives the data with its response, and an error nobody handles is one error", async () => {
  const server = await serve(json({ plan: "pro" }, 200, { "X-Request-Id": "r-1" }), problem(404, "not_found"));
  const qr = clientOf(server.url);
  const call = qr.usage.get();
  const { data, response } = await call.withResponse();
  expect([data.plan, response.headers.get("x-request-id"), (await call).plan]).toEqual(["pro", "r-1", "pro"]);
  await expect(qr.usage.get().withResponse()).rejects.toBeInstanceOf(errors.NotFoundError);
  await expect(qr.usage.get().finally(() => undefined)).rejects.toBeInstanceOf(errors.NotFoundError);
});

test("a list follows next to its end, at the address of the client, with what was asked for", async () => {
  const page = (names: string[], next: string | null) =>
    json({ count: 3, next, previous: null, results: names.map((name) => ({ name })) });
  const server = await serve(
    page(["a", "b"], "https://elsewhere.example/api/v1/dynamic/?tag=x&cursor=zzz"),
    page(["c"], null),
    page(["a", "b"], null),
  );
  const list = clientOf(server.url).codes.list({ tag: "x", page_size: 2 });
  const names: string[] = [];
  for await (const { name } of list) names.push(name);
  expect(names).toEqual(["a", "b", "c"]);
  expect(server.seen.map(({ path }) => path)).toEqual([
    "/api/v1/dynamic/?tag=x&page_size=2",
    "/api/v1/dynamic/?tag=x&page_size=2&cursor=zzz",
  ]);
  expect((await list.page()).count).toBe(3);
});

test("a list asks for no page before it is needed", async () => {
  const server = await serve(json({ results: [{ id: 1 }, { id: 2 }], next_cursor: "more" }));
  for await (const scan of clientOf(server.url).analytics.scans()) {
    expect(scan).toEqual({ id: 1 });
    break;
  }
  expect(server.seen).toHaveLength(1);
});

const zip = Buffer.from("0123456789".repeat(20_000));

/** Sends the ZIP from where it is asked for, and cuts it after so many bytes. */
const zipCut =
  (bytes: number, etag = '"zip"'): Answer =>
  (res, { headers }) => {
    const from = headers["if-range"] === etag ? Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0) : 0;
    const part = zip.subarray(from);
    res.writeHead(from > 0 ? 206 : 200, {
      ...{ "Content-Type": "application/zip", "Accept-Ranges": "bytes", ETag: etag },
      ...{ "Content-Length": String(part.length), "Content-Disposition": 'attachment; filename="codes.zip"' },
    });
    if (bytes >= part.length) res.end(part);
    else res.write(part.subarray(0, bytes), () => setTimeout(() => res.socket?.destroy(), 50));
  };

test("a download that breaks off goes on where it was", async () => {
  const server = await serve(zipCut(70_000), zipCut(50_000), problem(503, "overloaded"), zipCut(1_000_000));
  const file = await clientOf(server.url).bulk.download("order-1");
  expect([file.size, file.fileName, file.contentType]).toEqual([zip.length, "codes.zip", "application/zip"]);
  expect(Buffer.from(await file.bytes()).equals(zip)).toBe(true);
  expect(server.seen).toHaveLength(4);
  const ranges = server.seen.slice(1).map(({ headers }) => Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1]));
  expect(ranges.every((from) => from > 0)).toBe(true);
});

test("a file that is another one meanwhile is not put together with the first", async () => {
  const server = await serve(zipCut(70_000), zipCut(1_000_000, '"another"'));
  const file = await clientOf(server.url).bulk.download("order-1");
  await expect(file.bytes()).rejects.toBeInstanceOf(errors.ConnectionError);
});

test("an export, which cannot be gone on with, fails rather than end too early", async () => {
  const server = await serve((res) => {
    res.writeHead(200, { "Content-Type": "text/csv" });
    res.write("a,b\n", () => setTimeout(() => res.socket?.destroy(), 50));
  });
  const file = await clientOf(server.url).codes.exportAll({ format: "csv" });
  const read: string[] = [];
  const reading = (async () => {
    for await (const chunk of file) read.push(new TextDecoder().decode(chunk));
  })();
  await expect(reading).rejects.toBeInstanceOf(errors.ConnectionError);
  expect(read.join("")).toBe("a,b\n");
});

test("a file that falls silent is a time-out, and one that is aborted ends", async () => {
  const silent: Answer = (res) => void res.writeHead(200, { "Content-Type": "text/csv" }).write("a\n");
  const server = await serve(silent);
  const qr = clientOf(server.url, { timeoutMs: 150, maxRetries: 0 });
  await expect((await qr.codes.exportAll({ format: "csv" })).text()).rejects.toBeInstanceOf(errors.TimeoutError);
  const leaving = new AbortController();
  const patient = clientOf(server.url);
  const file = await patient.codes.exportAll({ format: "csv" }, { signal: leaving.signal });
  const reading = expect(file.text()).rejects.toBeInstanceOf(errors.AbortedError);
  leaving.abort();
  await reading;
});

const events =
  (blocks: string[], end: "end" | "cut" | "stay" = "end"): Answer =>
  (res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" });
    res.write(blocks.join(""), () => {
      if (end === "end") res.end();
      if (end === "cut") setTimeout(() => res.socket?.destroy(), 20);
    });
  };
const scans = (count: number) => `event: scans\ndata: {"scans":${count}}\n\n`;

test("events go on across connections that end, break or are refused, and none is told twice in a row", async () => {
  const server = await serve(
    events([": hello\n\n", scans(1), scans(2).replaceAll("\n", "\r\n")]),
    events([scans(2), scans(3)], "cut"),
    problem(503, "overloaded"),
    events([scans(3), 'event: scans\ndata: {\ndata: "scans":4}\n\n'], "stay"),
  );
  const counts: number[] = [];
  for await (const { scans: count } of clientOf(server.url).analytics.live({ short_id: "A/B" })) {
    counts.push(count);
    if (count === 4) break;
  }
  expect(counts).toEqual([1, 2, 3, 4]);
  expect(server.seen).toHaveLength(4);
  expect(server.seen[0]?.path).toBe("/api/v1/dynamic/A%2FB/analytics/live/");
});

test("events that never come are given up after three retries", async () => {
  const server = await serve(events([]));
  const failed = (async () => {
    for await (const _scan of clientOf(server.url).analytics.live()) throw new Error("an event");
  })();
  await expect(failed).rejects.toBeInstanceOf(errors.ConnectionError);
  expect(server.seen).toHaveLength(4);
});

const job = (status: string, completed = 0) => ({
  ...{ id: "order-1", status, completed, total: 2 },
  finished_at: status === "completed" ? "2026-11-28T00:00:00Z" : null,
});

test("an order is waited for by its events", async () => {
  const server = await serve(
    json(job("queued"), 202),
    events([`event: progress\ndata: ${JSON.stringify(job("running", 1))}\n\n`], "cut"),
    events([`event: completed\ndata: ${JSON.stringify(job("completed", 2))}\n\n`], "stay"),
  );
  const order = await clientOf(server.url).bulk.create({ items: [{ data: "https://example.com" }] });
  const seen: number[] = [];
  const done = await order.wait({ onProgress: ({ completed }) => seen.push(completed) });
  expect([done.status, order.isFinished, seen]).toEqual(["completed", true, [1, 2]]);
});

test.each<[string, Answer[], object]>([
  ["asked for, when events are not wanted", [], { pollMs: 1 }],
  [
    "asked for, when too many streams are open",
    [problem(429, "rate_limited", { "Retry-After": "5" })],
    { pollMs: undefined },
  ],
])("an order is %s", async (_name, first, options) => {
  const server = await serve(json(job("queued"), 202), ...first, json(job("completed", 2)));
  const order = await clientOf(server.url).bulk.create({ csv: "url\nhttps://example.com\n" });
  expect((await order.wait(options)).status).toBe("completed");
});

test("a token is asked for anew at each attempt, and headers of one's own go along", async () => {
  const server = await serve(breakOff(), json({ plan: "pro" }));
  let asked = 0;
  const accessToken = () => {
    asked += 1;
    return `token-${asked}`;
  };
  const qr = new QRFactory({ baseUrl: `${server.url}/`, accessToken, random: () => 0 });
  await qr.usage.details({ headers: { "X-Request-Id": "mine" } });
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
  expect(server.seen.map(({ headers }) => headers["x-request-id"])).toEqual(["mine", "mine"]);
});

test("options that cannot work are refused at once", () => {
  for (const baseUrl of ["", "qr.example.com", "ftp://x", "https://x/?a=1"]) {
    expect(() => new QRFactory({ baseUrl })).toThrow(errors.QRFactoryError);
  }
  expect(() => new QRFactory({ baseUrl: "https://x", apiKey: "a", accessToken: "b" })).toThrow(/not both/);
});

test("a service that is down is told of, not waited for", async () => {
  const server = await serve(json({ status: "down", version: "1", components: {} }, 503, { "Retry-After": "1" }));
  expect((await clientOf(server.url).status()).status).toBe("down");
  expect(server.seen).toHaveLength(1);
});

test("a call without a time limit is not cut at once", async () => {
  const server = await serve((res, seen) => void setTimeout(() => json({ plan: "pro" })(res, seen), 50));
  const qr = clientOf(server.url, { timeoutMs: Number.POSITIVE_INFINITY, maxRetries: 0 });
  expect((await qr.usage.get()).plan).toBe("pro");
});

test("a fetch of one's own is used, and a hanging one is timed out", async () => {
  const server = await serve(hang);
  let asked = 0;
  const own: typeof fetch = (...request) => {
    asked += 1;
    return fetch(...request);
  };
  const qr = clientOf(server.url, { fetch: own, timeoutMs: 50, maxRetries: 1 });
  await expect(qr.usage.get()).rejects.toBeInstanceOf(errors.TimeoutError);
  expect(asked).toBe(2);
});
