import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import fc from "fast-check";
import { QRFactory } from "../client.js";
import { AbortedError, ConnectionError, RateLimitError, ServerError, TimeoutError } from "../errors.js";
import type { RetryEvent } from "./retry.js";
import { readRetryAfter, retryDelayMs } from "./retry.js";
import {
  type Answer,
  breakOff,
  closeServers,
  hang,
  json,
  problem,
  reset,
  seeded,
  serve,
  serveOnce,
} from "./unreliable.fixture.js";

const usage = { plan: "free", used_this_month: 1 };
const timeoutMs = 5_000;
/** Turns of the event loop in which a request that was not to be sent would have arrived. */
const quietTurns = 50;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask", "setImmediate", "clearImmediate", "performance"] });
});
afterEach(async () => {
  jest.useRealTimers();
  await closeServers();
});

/** A client whose waits are told, and advanced by hand. */
function clientOf(url: string, options: Partial<ConstructorParameters<typeof QRFactory>[0]> = {}) {
  const retries: RetryEvent[] = [];
  const qr = new QRFactory({
    baseUrl: url,
    apiKey: "smk_test",
    timeoutMs,
    onRetry: (event) => retries.push(event),
    ...options,
  });
  return { qr, retries };
}

async function quiet(): Promise<void> {
  for (let turns = 0; turns < quietTurns; turns++) await turn();
}

/** Plays `retries` waits: nothing is asked before each is over, and once when it is. */
async function playWaits(server: { seen: unknown[] }, told: RetryEvent[], hangs: boolean, count: number) {
  for (let retry = 1; retry <= count; retry++) {
    await until(() => server.seen.length === retry);
    if (hangs) await jest.advanceTimersByTimeAsync(timeoutMs);
    await until(() => told.length === retry);
    const { delayMs } = told[retry - 1] as RetryEvent;
    if (delayMs > 1) {
      await jest.advanceTimersByTimeAsync(delayMs - 1);
      await quiet();
      expect(server.seen).toHaveLength(retry);
    }
    await jest.advanceTimersByTimeAsync(Math.min(delayMs, 1));
    await until(() => server.seen.length === retry + 1);
  }
}

const failures: [name: string, answer: Answer, error: new (...args: never[]) => Error][] = [
  ["500", problem(500, "internal"), ServerError],
  [
    "502 of a proxy",
    (res) => void res.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad</h1>"),
    ServerError,
  ],
  ["503", problem(503, "overloaded", { "Retry-After": "1" }), ServerError],
  ["a connection that is cut", reset, ConnectionError],
  ["an answer that breaks off", breakOff(), ConnectionError],
  ["a server that hangs", hang, TimeoutError],
];

test.each(failures.flatMap((failure) => [1, 2, 3].map((times) => [failure[0], times, failure[1]] as const)))(
  "after %s, %i times, the same call succeeds",
  async (_name, times, answer) => {
    const server = await serve(...Array.from({ length: times }, () => answer), json(usage));
    const { qr, retries } = clientOf(server.url);
    const call = qr.usage.get();
    await playWaits(server, retries, answer === hang, times);
    expect(await call).toEqual(usage);
    expect(server.seen).toHaveLength(times + 1);
    expect(retries.map(({ retry }) => retry)).toEqual([1, 2, 3].slice(0, times));
    expect(jest.getTimerCount()).toBe(0);
  },
);

test.each(failures)("%s is not retried a fourth time", async (_name, answer, error) => {
  const server = await serve(answer);
  const { qr, retries } = clientOf(server.url, { maxRetries: 10 });
  const call = qr.usage.get();
  const failed = expect(call).rejects.toBeInstanceOf(error);
  await playWaits(server, retries, answer === hang, 3);
  if (answer === hang) await jest.advanceTimersByTimeAsync(timeoutMs);
  await failed;
  expect(server.seen).toHaveLength(4);
  expect(jest.getTimerCount()).toBe(0);
});

test("nobody listening is a failure of the network", async () => {
  const server = await serve(hang);
  await server.close();
  const { qr } = clientOf(server.url, { maxRetries: 0 });
  await expect(qr.usage.get()).rejects.toBeInstanceOf(ConnectionError);
});

test.each([
  [400, "validation_failed"],
  [401, "unauthenticated"],
  [403, "forbidden"],
  [404, "not_found"],
  [405, "method_not_allowed"],
  [408, "request_timeout"],
  [409, "conflict"],
  [410, "gone"],
  [412, "version_mismatch"],
  [413, "body_too_large"],
  [415, "unsupported_media_type"],
  [422, "bulk_rejected"],
  [429, "rate_limited"],
])("%i is never retried", async (status, code) => {
  const server = await serve(problem(status, code, status === 429 ? { "Retry-After": "1" } : {}));
  const { qr, retries } = clientOf(server.url);
  await expect(qr.codes.create({ name: "x", destination_url: "https://example.com" })).rejects.toMatchObject({
    status,
    code,
    detail: `because of ${code}`,
    requestId: "request-1",
  });
  await quiet();
  expect([server.seen.length, retries.length, jest.getTimerCount()]).toEqual([1, 0, 0]);
});

test("429 is retried when that is asked for, after the wait that it names; a used-up quota is not", async () => {
  const server = await serve(problem(429, "rate_limited", { "Retry-After": "7" }), json(usage));
  const { qr, retries } = clientOf(server.url, { random: () => 0.5 });
  const call = qr.usage.get({ retryOnRateLimit: true });
  await playWaits(server, retries, false, 1);
  expect(await call).toEqual(usage);
  expect(retries[0]).toMatchObject({ delayMs: 7_500, method: "GET", path: "/api/v1/usage/" });
  expect(retries[0]?.error).toBeInstanceOf(RateLimitError);

  const spent = await serve(problem(429, "quota_exceeded", { "Retry-After": "7" }));
  await expect(
    clientOf(spent.url, { retryOnRateLimit: true }).qr.generate({ data: "https://example.com" }),
  ).rejects.toMatchObject({ code: "quota_exceeded", retryAfterSeconds: 7 });
  expect(spent.seen).toHaveLength(1);
});

test("Retry-After counts as seconds or as a date, with the jitter on top; past a minute the error says it", async () => {
  const inTen = () => new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 10_000).toUTCString();
  const server = await serve(
    problem(503, "overloaded", { "Retry-After": "3" }),
    (res) => problem(503, "overloaded", { "Retry-After": inTen() })(res, server.seen[0] as never),
    json(usage),
  );
  const { qr, retries } = clientOf(server.url, { random: () => 0.25 });
  const call = qr.usage.get();
  await playWaits(server, retries, false, 2);
  await call;
  expect(retries[0]?.delayMs).toBe(3_250);
  expect(retries[1]?.delayMs).toBeGreaterThanOrEqual(10_500);
  expect(retries[1]?.delayMs).toBeLessThan(11_500);

  const away = await serve(problem(503, "unavailable", { "Retry-After": "61" }));
  await expect(clientOf(away.url).qr.usage.get()).rejects.toMatchObject({ status: 503, retryAfterSeconds: 61 });
  expect(away.seen).toHaveLength(1);
});

test.each([
  [null, null],
  ["12", 12],
  ["soon", null],
  ["Thu, 01 Jan 1970 00:00:30 GMT", 20],
  ["Thu, 01 Jan 1970 00:00:01 GMT", 0],
])("Retry-After: %s is read as %s", (header, seconds) => {
  expect(readRetryAfter(header, 10_000)).toBe(seconds);
});

test("the wait is anywhere between nothing and one second, doubled each time", () => {
  const error = new ConnectionError("x");
  const policy = (random: () => number) => ({ maxRetries: 3, retryOnRateLimit: false, random });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (retry, drawn) => {
        const delayMs = retryDelayMs(
          error,
          retry,
          policy(() => drawn),
        ) as number;
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThan(1_000 * 2 ** (retry - 1));
      },
    ),
  );
  expect(
    retryDelayMs(
      error,
      4,
      policy(() => 0),
    ),
  ).toBeNull();
  for (const retry of [1, 2, 3]) {
    const random = seeded(retry);
    const tenths = new Array<number>(10).fill(0);
    const draws = 20_000;
    for (let draw = 0; draw < draws; draw++) {
      const delayMs = retryDelayMs(error, retry, policy(random)) as number;
      const tenth = Math.floor((delayMs / (1_000 * 2 ** (retry - 1))) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    // Five standard deviations of a tenth of the draws are 212.
    for (const count of tenths) expect(Math.abs(count - draws / 10)).toBeLessThan(212);
  }
});

test("two clients that fail together do not come back together", async () => {
  const delaysOf = async (random?: () => number) => {
    const server = await serve(problem(500, "internal"));
    const { qr, retries } = clientOf(server.url, random ? { random } : {});
    const failed = expect(qr.usage.get()).rejects.toBeInstanceOf(ServerError);
    await playWaits(server, retries, false, 3);
    await failed;
    return retries.map(({ delayMs }) => delayMs);
  };
  const [one, other] = [await delaysOf(), await delaysOf()];
  expect(one).not.toEqual(other);
  expect(await delaysOf(seeded(7))).toEqual(await delaysOf(seeded(7)));
});

test.each<[string, Answer]>([
  ["while it is under way", hang],
  ["while it waits for its retry", problem(500, "internal")],
])("a call that is aborted %s ends at once, and asks no more", async (_name, answer) => {
  const server = await serve(answer);
  const { qr, retries } = clientOf(server.url);
  const leaving = new AbortController();
  const call = qr.usage.get({ signal: leaving.signal });
  const failed = expect(call).rejects.toMatchObject({ name: "AbortedError", cause: "enough" });
  await until(() => server.seen.length === 1 && (answer === hang || retries.length === 1));
  leaving.abort("enough");
  await failed;
  await quiet();
  expect(server.seen).toHaveLength(1);
  expect(jest.getTimerCount()).toBe(0);
});

test("a call whose signal has fired before asks nothing", async () => {
  const server = await serve(json(usage));
  await expect(clientOf(server.url).qr.usage.get({ signal: AbortSignal.abort() })).rejects.toBeInstanceOf(AbortedError);
  expect(server.seen).toHaveLength(0);
});

test("one call has one effect, through 200 failures before it, after it and in its answer", async () => {
  jest.useRealTimers();
  const server = await serveOnce(seeded(1));
  const { qr } = clientOf(server.url, { random: () => 0 });
  const ids: string[] = [];
  let calls = 0;
  let given = 0;
  while (server.failures() < 200) {
    calls += 1;
    await qr.codes.create({ name: "x", destination_url: "https://example.com" }).then(
      ({ short_id }) => ids.push(short_id),
      (error: unknown) => {
        expect(error instanceof ConnectionError || error instanceof ServerError).toBe(true);
        given += 1;
      },
    );
  }
  expect(ids.length).toBeGreaterThan(20);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length + given).toBe(calls);
  // One key for each call, one effect for each key, and an answer only to what has happened.
  expect(new Set(server.seen.map(({ headers }) => headers["idempotency-key"])).size).toBe(calls);
  expect(server.effects()).toBe(server.made.size);
  expect(server.effects()).toBeLessThanOrEqual(calls);
  for (const id of ids) expect([...server.made.values()]).toContain(id);
});

test("an Idempotency-Key of the caller is the one that is sent, in every attempt", async () => {
  jest.useRealTimers();
  const server = await serve(reset, problem(500, "internal"), json({ short_id: "A" }, 201));
  const { qr } = clientOf(server.url, { random: () => 0 });
  await qr.codes.create({ name: "x", destination_url: "https://example.com" }, { idempotencyKey: "mine" });
  expect(server.seen.map(({ headers }) => headers["idempotency-key"])).toEqual(["mine", "mine", "mine"]);
});
