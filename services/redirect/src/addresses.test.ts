import { request } from "node:http";
import { expect, test } from "@jest/globals";
import { firstSettled } from "@qrfactory/testing/order";
import { get, scans, sendRaw, service } from "./app.fixture.js";

const nowhere = [
  "/q/UNKNOWN",
  "/q/AB",
  "/q/",
  "/",
  "/q",
  "/q/7K2MWX9P/x",
  "/q/7K2MWX9P%2F",
  "/q/..%2F7K2MWX9P",
  "/q//7K2MWX9P",
  "//q/7K2MWX9P",
  "/q/7K2MWX9P%0d%0aSet-Cookie:a=b",
  "/q/%F0%9F%92%A9",
  "/q/7K2MWX9ſ",
  "/q/%zz",
  "/q/7K2MWX9P;a=b",
  `/q/${"A".repeat(8_000)}`,
  "/favicon.ico",
  "/api/v1/dynamic/",
  "/constructor",
];
test.each(nowhere.map((path) => [path.slice(0, 40), path]))(
  "%s is a page that says so, 404, not to be kept",
  async (_shown, path) => {
    const response = await new Promise<{ status?: number; headers: Record<string, unknown> }>((resolve, reject) => {
      const url = { host: "127.0.0.1", port: service.port, path: encodeURI(path as string).replaceAll("%25", "%") };
      request(url, (res) => {
        res.resume();
        resolve({ status: res.statusCode, headers: res.headers });
      })
        .on("error", reject)
        .end();
    });
    expect(response).toMatchObject({
      status: 404,
      headers: { "cache-control": "no-store", "content-type": "text/html; charset=utf-8" },
    });
    expect(response.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(scans).toEqual([]);
  },
);

test("an address in absolute form is understood", async () => {
  const answer = await sendRaw("GET http://qr.example/q/7K2MWX9P HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 302 /);
});

test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s is refused, with what is allowed", async (method) => {
  const response = await get("/q/7K2MWX9P", { method, ...(method === "POST" && { body: "x=1" }) });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("GET, HEAD");
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({
    status: 405,
    code: "method_not_allowed",
    request_id: response.headers.get("x-request-id"),
  });
  expect(scans).toEqual([]);
});

test.each(["/api/health", "/api/health/"])("%s says ok", async (path) => {
  const response = await get(path);
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});

test("headers over 16 kB are 431, what is no HTTP is 400, both as problem documents", async () => {
  const tooLarge = await sendRaw(`GET /q/7K2MWX9P HTTP/1.1\r\nHost: x\r\nX-Big: ${"a".repeat(17_000)}\r\n\r\n`);
  expect(tooLarge).toMatch(/^HTTP\/1\.1 431 /);
  expect(tooLarge).toContain('"code":"headers_too_large"');
  for (const bytes of ["rubbish\r\n\r\n", "GET /q/7K2MWX9P HTTP/1.1\r\nHost: x\r\nA\u0000B: c\r\n\r\n"]) {
    const answer = await sendRaw(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain("application/problem+json");
    expect(answer).toMatch(/X-Request-Id: [0-9a-f-]{36}/);
  }
  expect(scans).toEqual([]);
});

test("clients that drip their headers are cut with 408, and others are served before that", async () => {
  service.server.headersTimeout = 200;
  service.server.requestTimeout = 200;
  const slow = Array.from({ length: 50 }, () => sendRaw("GET /q/7K2MWX9P HTTP/1.1\r\nHost: x\r\nX-Slow: "));
  const other = get("/q/7K2MWX9P");
  expect(await firstSettled({ other, slow: Promise.race(slow) })).toBe("other");
  expect((await other).status).toBe(302);
  for (const answer of await Promise.all(slow)) {
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
  }
});
