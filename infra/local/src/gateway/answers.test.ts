import { expect, test } from "@jest/globals";
import { bodyOf, get, headerOf, origin, raw, statusOf } from "./gateway.fixture.js";

test("the page of mailed links may run its script, ask us alone, and is not framed or kept", async () => {
  for (const path of ["/account/", "/account"]) {
    const answer = await get(path);
    expect([statusOf(answer), headerOf(answer, "Content-Type")]).toEqual([200, "text/html"]);
    expect(headerOf(answer, "Content-Security-Policy")).toMatch(/script-src 'unsafe-inline'.*frame-ancestors 'none'/);
    expect(headerOf(answer, "Cache-Control")).toBe("no-cache");
  }
  expect(statusOf(await get("/account/other"))).toBe(404);
});

test("a scan is told not to be sniffed, once", async () => {
  const answer = await get("/q/ABC");
  expect(answer.match(/x-content-type-options: nosniff/gi)).toHaveLength(1);
  expect(headerOf(answer, "Content-Security-Policy")).toBeUndefined();
});

test("a scan address that is the web page only once decoded is unknown, and kept by nobody", async () => {
  for (const path of ["/q/%2e%2e", "/q/%2E%2e/?x", "/%2e", "/q/../"]) {
    const answer = await get(path);
    expect([path, statusOf(answer), headerOf(answer, "Cache-Control")]).toEqual([path, 404, "no-store"]);
    expect(JSON.parse(bodyOf(answer))).toMatchObject({ status: 404, code: "not_found" });
  }
  for (const path of ["/", "/?x"]) expect(statusOf(await get(path))).toBe(200);
});

const problems: [string, string, number, string][] = [
  ["an address with nothing at it", "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, "not_found"],
  ["a doubled slash", "GET //api/health/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404, "not_found"],
  ["a request that is not HTTP", "NONSENSE\r\n\r\n", 400, "malformed_request"],
  [
    "a transfer coding that is none",
    "POST /api/v1/me/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    400,
    "malformed_request",
  ],
  ["a version of HTTP that is none", "GET / HTTP/3.7\r\nHost: a\r\n\r\n", 400, "malformed_request"],
  ["HTTP/1.1 without a host", "GET / HTTP/1.1\r\n\r\n", 400, "malformed_request"],
  ["a scan without a host", "GET /q/ABC HTTP/1.1\r\n\r\n", 400, "malformed_request"],
  ["a scan with an encoded digit and without a host", "GET /q/%32BC HTTP/1.1\r\n\r\n", 400, "malformed_request"],
  ["a scan address that leads upwards", "GET /q/../../x HTTP/1.1\r\n\r\n", 404, "not_found"],
  ["an address that cannot be decoded", "GET /api/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request"],
  ["a scan address that cannot be decoded", "GET /Q/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 404, "not_found"],
  ["TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405, "method_not_allowed"],
  [
    "POST to the landing page",
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    405,
    "method_not_allowed",
  ],
  [
    "a body beyond 60 MB",
    "POST /api/v1/generate/bulk/ HTTP/1.1\r\nHost: a\r\nContent-Length: 63000000\r\n\r\n",
    413,
    "body_too_large",
  ],
  ["a request line of 40 kB", `GET /${"a".repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431, "headers_too_large"],
  ["a header of 40 kB", `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"a".repeat(40_000)}\r\n\r\n`, 431, "headers_too_large"],
];

test.each(problems)("%s is refused with a problem document", async (_what, request, status, code) => {
  const answer = await raw(request);
  expect(statusOf(answer)).toBe(status);
  expect(headerOf(answer, "Content-Type")).toBe("application/problem+json");
  expect(headerOf(answer, "Retry-After")).toBeUndefined();
  const problem = JSON.parse(bodyOf(answer));
  expect(problem).toMatchObject({ status, code, title: expect.any(String), detail: expect.any(String) });
  expect(problem.type).toMatch(new RegExp(`^${origin}/problems/[a-z-]+$`));
  expect(problem.request_id).toBe(headerOf(answer, "X-Request-Id"));
  if (status === 405) expect(headerOf(answer, "Allow")).toBe("GET, HEAD");
});

test("people get a page where there is nothing, programs a document", async () => {
  const page = await fetch(`${origin}/nowhere`, { headers: { Accept: "text/html,*/*;q=0.8" } });
  expect([page.status, page.headers.get("Content-Type")]).toEqual([404, "text/html"]);
  expect(page.headers.get("Cache-Control")).toBe("no-store");
  expect(page.headers.get("Content-Security-Policy")).toContain("style-src 'unsafe-inline'");
  expect(await page.text()).toContain("There is no page here");
  for (const [path, init] of [
    ["/nowhere", {}],
    ["/not-found.html", {}],
    ["/nowhere", { method: "POST", headers: { Accept: "text/html" } }],
  ] as const) {
    const answer = await fetch(origin + path, init);
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([404, "application/problem+json"]);
  }
});

test("browsers find an icon, crawlers their rules", async () => {
  const icon = await fetch(`${origin}/favicon.ico`);
  expect([icon.status, icon.headers.get("Content-Type")]).toEqual([200, "image/x-icon"]);
  expect(icon.headers.get("Cache-Control")).toBe("max-age=86400");
  expect(Buffer.from(await icon.arrayBuffer()).subarray(0, 4)).toEqual(Buffer.from([0, 0, 1, 0]));
  const rules = await fetch(`${origin}/robots.txt`);
  expect([rules.status, rules.headers.get("Content-Type")]).toEqual([200, "text/plain"]);
  expect(await rules.text()).toContain("Disallow: /q/");
});

test("the landing page names itself and loads nothing from elsewhere", async () => {
  const response = await fetch(`${origin}/`);
  expect(response.headers.get("content-type")).toBe("text/html");
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  const page = await response.text();
  expect(page).toContain("<title>QRFactory</title>");
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
});
