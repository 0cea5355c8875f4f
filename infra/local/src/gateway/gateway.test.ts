import type { IncomingHttpHeaders } from "node:http";
import { expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { firstSettled } from "@qrfactory/testing/order";
import { behaviour, bodyOf, get, headerOf, origin, services, statusOf, type Told } from "./gateway.fixture.js";

test.each([
  ["/api/v1/generate/bulk", ["management"]],
  ["/api/v1/generate/bulk/", ["management"]],
  ["/api/v1/generate/bulk/?wait=1", ["management"]],
  ["/api/v1/generate", ["render"]],
  ["/api/v1/generate/?data=a%2Fb", ["render"]],
  ["/api/v1/validate/", ["render"]],
  ["/api/v1/preview/", ["render"]],
  ["/problems/not-found", ["management"]],
  [`/api/v1/cache/${"a".repeat(64)}/`, ["render"]],
  ["/api/v1/dynamic/", ["management"]],
  ["/api/v1/generator", ["management"]],
  ["/api/status", ["management"]],
  ["/api/status/", ["management"]],
  ["/q/ABC", ["region-1", "region-2"]],
  ["/Q/abc/", ["region-1", "region-2"]],
  ["/q/a%2Fb//c/%20?x=%2e", ["region-1", "region-2"]],
])("%s reaches its service exactly as it was sent", async (path, expected) => {
  const told: Told = JSON.parse(bodyOf(await get(path)));
  expect(expected).toContain(told.name);
  expect(told.url).toBe(path);
});

test("health is answered with or without a slash and with every service gone", async () => {
  for (const path of ["/api/health", "/api/health/"]) {
    const answer = await get(path);
    expect(statusOf(answer)).toBe(200);
    expect(JSON.parse(bodyOf(answer))).toEqual({ status: "ok" });
    expect(headerOf(answer, "Content-Type")).toBe("application/json");
  }
  expect((await fetch(`${origin}/api/health/`, { method: "POST" })).status).toBe(405);
});

test("a good request id is kept, upstream and back; any other is replaced", async () => {
  for (const id of ["order-42.a_B", "x".repeat(128)]) {
    const answer = await get("/api/v1/me/", { "X-Request-Id": id });
    expect(headerOf(answer, "X-Request-Id")).toBe(id);
    expect((JSON.parse(bodyOf(answer)) as Told).headers["x-request-id"]).toBe(id);
    expect(headerOf(await get("/nowhere", { "X-Request-Id": id }), "X-Request-Id")).toBe(id);
  }
  for (const id of ["", "two words", "x".repeat(129), 'quote"', "ümlaut"]) {
    const answer = await get("/api/v1/me/", { "X-Request-Id": id });
    const fresh = headerOf(answer, "X-Request-Id");
    expect(fresh).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
    expect(fresh).not.toBe(id);
    expect((JSON.parse(bodyOf(answer)) as Told).headers["x-request-id"]).toBe(fresh);
    expect(answer.match(/x-request-id:/gi)).toHaveLength(1);
  }
});

test("the address of a client cannot be made up", async () => {
  const answer = await get("/q/ABC", { "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https" });
  const { headers } = JSON.parse(bodyOf(answer)) as Told;
  expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
  expect(headers["x-forwarded-proto"]).toBe("http");
  expect(headers.host).toBe("gateway");
});

test("a scan carries the gateway's own stamp, another one each time, whatever the client sent", async () => {
  const stampOf = async (path: string) => {
    const claims = { "X-Scan-Id": "a".repeat(32), "X-Scan-At": "1.000", "x-scan-id": "b" };
    const { headers } = JSON.parse(bodyOf(await get(path, claims))) as Told;
    return [String(headers["x-scan-id"]), String(headers["x-scan-at"])] as const;
  };
  const stamps = [await stampOf("/q/ABC"), await stampOf("/Q/abc+"), await stampOf("/q/ABC")];
  expect(new Set(stamps.map(([id]) => id)).size).toBe(3);
  for (const [id, at] of stamps) {
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(at).toMatch(/^\d{10}\.\d{3}$/);
    expect(Math.abs(Number(at) * 1_000 - Date.now())).toBeLessThan(60_000);
  }
});

test("a scan that goes on to the next region carries the stamp that the first one got", async () => {
  behaviour["region-1"] = "hang";
  behaviour["region-2"] = "503";
  const seen: IncomingHttpHeaders[] = [];
  const note = (req: { headers: IncomingHttpHeaders }) => void seen.push(req.headers);
  const regions = ["region-1", "region-2"] as const;
  for (const name of regions) services[name].server.on("request", note);
  await fetch(`${origin}/q/ABC`);
  for (const name of regions) services[name].server.off("request", note);
  behaviour["region-1"] = undefined;
  behaviour["region-2"] = undefined;
  expect(seen.length).toBeGreaterThanOrEqual(2);
  const stamps = new Set(seen.map((headers) => `${headers["x-scan-id"]} ${headers["x-scan-at"]}`));
  expect([...stamps]).toEqual([expect.stringMatching(/^[0-9a-f]{32} \d{10}\.\d{3}$/)]);
  await until(async () => (await fetch(`${origin}/q/ABC`)).status === 200);
});

test("headers of 18 kB and an address of 8 kB reach the service, which has its own words for them", async () => {
  expect(statusOf(await get("/api/v1/me/", { "X-A": "a".repeat(9_000), "X-B": "b".repeat(9_000) }))).toBe(431);
  const path = `/q/${"A".repeat(8_192)}`;
  expect((JSON.parse(bodyOf(await get(path))) as Told).url).toBe(path);
});

test("documents are compressed for who takes it, but for small ones and what auth/ answers", async () => {
  const codingOf = async (path: string, length: number) => {
    const answer = await get(path, { "X-Long": "a".repeat(length), "Accept-Encoding": "gzip" });
    return [headerOf(answer, "Content-Encoding"), headerOf(answer, "Vary")];
  };
  expect(await codingOf("/api/v1/dynamic/", 3_000)).toEqual(["gzip", "Accept-Encoding"]);
  expect(await codingOf("/api/v1/dynamic/", 10)).toEqual([undefined, undefined]);
  expect(await codingOf("/api/v1/auth/login/", 3_000)).toEqual([undefined, undefined]);
  expect(headerOf(await get("/api/v1/dynamic/", { "X-Long": "a".repeat(3_000) }), "Content-Encoding")).toBeUndefined();
});

test("a body of 5 MB streams through", async () => {
  const response = await fetch(`${origin}/api/v1/generate/`, { method: "POST", body: Buffer.alloc(5_000_000) });
  expect(await response.json()).toMatchObject({ name: "render", method: "POST", bodyBytes: 5_000_000 });
});

test("a frozen region is passed over, and one that is still loading too", async () => {
  behaviour["region-1"] = "hang";
  behaviour["region-2"] = "503";
  const first = await fetch(`${origin}/q/ABC`);
  expect(first.status).toBe(503);
  delete behaviour["region-2"];
  const answers = await until(async () => {
    const { name } = (await (await fetch(`${origin}/q/ABC`)).json()) as Told;
    return name === "region-2" && name;
  });
  expect(answers).toBe("region-2");
  delete behaviour["region-1"];
});

test("the worker answers for the status when management is frozen or gone, before others give up on it", async () => {
  const ask = async () => ((await (await fetch(`${origin}/api/status/`)).json()) as Told).name;
  behaviour.management = "hang";
  const leaving = new AbortController();
  const patient = fetch(`${origin}/api/v1/me/`, { signal: leaving.signal });
  const status = ask();
  expect(await firstSettled({ patient, status })).toBe("status");
  expect(await status).toBe("worker");
  leaving.abort();
  await expect(patient).rejects.toThrow();
  delete behaviour.management;
  await services.management.close();
  expect(await ask()).toBe("worker");
});

test("a service that is gone is a 503 that says when to come back", async () => {
  await services.render.close();
  const answer = await get("/api/v1/validate/");
  expect(statusOf(answer)).toBe(503);
  expect(headerOf(answer, "Retry-After")).toBe("1");
  expect(JSON.parse(bodyOf(answer))).toMatchObject({ status: 503, code: "unavailable" });
});
