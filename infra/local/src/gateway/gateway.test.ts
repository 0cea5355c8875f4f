import { createServer, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { freePort } from "@qrfactory/processes/ports";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { type Listening, listen } from "@qrfactory/testing/http";
import { firstSettled } from "@qrfactory/testing/order";
import type { Running } from "../stack/supervisor.js";
import { startGateway } from "./gateway.js";

const temp = makeTempDirectory();
const names = ["management", "worker", "render", "region-1", "region-2"] as const;
type Name = (typeof names)[number];

/** Behaviour of each service in place of echoing the request. */
const behaviour: Partial<Record<Name, "hang" | "503">> = {};
const services = {} as Record<Name, Listening>;
let gateway: Running;
let origin: string;

/** A service that tells who it is and what it was asked, byte for byte. */
function tell(name: Name): Promise<Listening> {
  const server = createServer({ maxHeaderSize: 16_384 }, (req, res) => {
    if (behaviour[name] === "hang") return;
    let bodyBytes = 0;
    req.on("data", (chunk: Buffer) => {
      bodyBytes += chunk.length;
    });
    req.on("end", () => {
      res.statusCode = behaviour[name] === "503" ? 503 : 200;
      res.setHeader("X-Request-Id", String(req.headers["x-request-id"])).setHeader("Content-Type", "application/json");
      res.end(JSON.stringify({ name, url: req.url, method: req.method, headers: req.headers, bodyBytes }));
    });
  });
  return listen(server);
}

type Told = { name: Name; url: string; method: string; headers: IncomingHttpHeaders; bodyBytes: number };

/** Sends a request exactly as written and returns the whole answer as text; every answer here says how long it is. */
function raw(request: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = "";
    socket.setTimeout(5_000, () => reject(new Error(`no answer to ${request.slice(0, 60)}`)));
    socket.on("data", (chunk) => {
      answer += chunk;
      const isWhole =
        answer.includes("\r\n\r\n") && Number(headerOf(answer, "Content-Length")) === bodyOf(answer).length;
      if (isWhole) socket.destroy();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
    socket.write(request);
  });
}

const get = (path: string, headers: Record<string, string> = {}) => {
  const lines = Object.entries({ Host: "gateway", Connection: "close", ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return raw(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
};

const statusOf = (answer: string) => Number(answer.split(" ")[1]);
const bodyOf = (answer: string) => answer.slice(answer.indexOf("\r\n\r\n") + 4);
const headerOf = (answer: string, name: string) => answer.match(new RegExp(`^${name}: (.*?)\r$`, "im"))?.[1];

beforeAll(async () => {
  for (const name of names) services[name] = await tell(name);
  const address = (name: Name) => new URL(services[name].url).host;
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  gateway = await startGateway({
    folder: join(temp.path, "with a space", "gateway"),
    logFile: join(temp.path, "gateway.log"),
    env: process.env,
    targets: {
      listen: `127.0.0.1:${port}`,
      management: address("management"),
      worker: address("worker"),
      render: address("render"),
      redirects: [address("region-1"), address("region-2")],
    },
  });
  await until(async () => (await fetch(`${origin}/api/health/`)).ok);
});

afterAll(async () => {
  await gateway.stop();
  for (const name of names) await services[name].close();
  temp.remove();
});

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
