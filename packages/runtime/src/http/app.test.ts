import { get, request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ApiError } from "@qrfactory/domain/http/errors";
import { createHttpApp } from "@qrfactory/runtime/http/app";
import { readJson } from "@qrfactory/runtime/http/body";
import { createHttpServer, drain } from "@qrfactory/runtime/http/serve";
import { makeStatus } from "@qrfactory/runtime/http/status";
import { createLog } from "@qrfactory/runtime/log";
import { type Listening, listen } from "@qrfactory/testing/http";
import { z } from "zod";

let server: Listening;
let release = () => {};
const slow = new Promise<void>((resolve) => {
  release = resolve;
});

const app = createHttpApp({
  log: createLog({ service: "test", level: "silent" }),
  trustedProxies: ["127.0.0.0/8"],
  status: makeStatus({ version: "1", probes: [] }),
  routes: {
    "/things": {
      GET: (_req, res) => void res.json({ ok: true }),
      POST: async (req, res) =>
        void res.json(await readJson(req, z.strictObject({ size: z.int() }), { bytesMax: 1_000 })),
    },
    "/broken": {
      GET: () => {
        throw new Error("password=hunter2 at /secret/path.ts:1");
      },
    },
    "/private": {
      GET: () => {
        throw new ApiError("unauthenticated", "Who are you?");
      },
    },
    "/busy": {
      GET: () => {
        throw new ApiError("overloaded", "Come back later.", { retryAfterSeconds: 3 });
      },
    },
    "/slow": {
      GET: async (_req, res) => {
        await slow;
        res.json({ ok: true });
      },
    },
  },
});

beforeAll(async () => {
  server = await listen(createHttpServer(app));
});
afterAll(() => server.close());

const send = (path: string, init: RequestInit = {}) => fetch(server.url + path, { redirect: "manual", ...init });
const post = (body: string | Uint8Array, type = "application/json") =>
  send("/things", { method: "POST", body, headers: { "Content-Type": type } });

test("a trailing slash is optional and nothing is redirected", async () => {
  for (const path of ["/things", "/things/", "/api/health", "/api/health/"])
    expect((await send(path)).status).toBe(200);
});

test("a fitting request id is kept, any other replaced, and every answer has one", async () => {
  const idOf = async (id: string, path = "/things") =>
    (await send(path, { headers: { "X-Request-Id": id } })).headers.get("x-request-id");
  expect(await idOf("Abc.1-2_3")).toBe("Abc.1-2_3");
  expect(await idOf("x".repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idOf("a b")).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idOf("mine", "/nothing")).toBe("mine");
  expect(await idOf("mine", "/broken")).toBe("mine");
});

test.each([
  ["a path that does not exist", () => send("/nothing"), 404, "not_found"],
  ["an undecodable path", () => send("/%zz"), 404, "not_found"],
  ["a method that does not exist", () => send("/things", { method: "DELETE" }), 405, "method_not_allowed"],
  ["text that is not JSON", () => post("{"), 400, "malformed_request"],
  ["a member twice", () => post('{"size":1,"size":1}'), 400, "malformed_request"],
  ["bytes that are not UTF-8", () => post(new Uint8Array([0x22, 0xff, 0x22])), 400, "malformed_request"],
  ["an unknown field", () => post('{"size":1,"sizee":1}'), 400, "validation_failed"],
  ["a wrong type", () => post('{"size":"1"}'), 400, "validation_failed"],
  ["a number beyond all bounds", () => post('{"size":1e999}'), 400, "validation_failed"],
  ["a body that is not an object", () => post("[]"), 400, "validation_failed"],
  ["no body", () => send("/things", { method: "POST" }), 400, "validation_failed"],
  ["another media type", () => post("size=1", "application/x-www-form-urlencoded"), 415, "unsupported_media_type"],
  ["a body that is too large", () => post(`{"size":1${" ".repeat(1_000)}}`), 413, "body_too_large"],
  ["an error of ours", () => send("/broken"), 500, "internal"],
  ["somebody unknown", () => send("/private"), 401, "unauthenticated"],
  ["overload", () => send("/busy"), 503, "overloaded"],
])("%s is answered by a problem document", async (_name, ask, status, code) => {
  const answer = await ask();
  const problem = (await answer.json()) as { type: string };
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.status).toBe(status);
  expect(problem).toMatchObject({ status, code, request_id: answer.headers.get("x-request-id") });
  expect(problem.type).toMatch(new RegExp(`/problems/${code.replaceAll("_", "-")}$`));
  expect(answer.headers.get("retry-after")).toBe(status === 503 ? "3" : null);
  expect(answer.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
  expect(JSON.stringify(problem)).not.toMatch(/hunter2|secret|\.ts/);
});

test("405 says what is allowed", async () => {
  expect((await send("/things", { method: "PUT" })).headers.get("allow")).toBe("GET, HEAD, POST");
});

test("headers over 16 kB are answered with 431", async () => {
  const status = await new Promise((resolve, reject) => {
    get(`${server.url}/things`, { headers: { "X-Long": "x".repeat(17_000) } }, (res) => resolve(res.statusCode)).on(
      "error",
      reject,
    );
  });
  expect(status).toBe(431);
});

/** Sends bytes as they are and returns all that comes back until the other side closes. */
function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("close", () => resolve(received));
  });
}

test.each([
  ["what is not HTTP", "NOT HTTP AT ALL\r\n\r\n", 400, "malformed_request"],
  ["a request without a host", "GET /things HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "malformed_request"],
  ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"],
])("%s is answered with a problem document and cut", async (_name, bytes, status, code) => {
  const answer = await sendRaw(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toContain("application/problem+json");
  expect(answer).toContain(`"code":"${code}"`);
  expect(answer).toMatch(/^x-request-id: /im);
});

test("an expectation that nobody knows is ignored", async () => {
  const answer = await sendRaw("GET /things HTTP/1.1\r\nHost: a\r\nExpect: gifts\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
});

test("a drain lets the request under way finish and takes no new one", async () => {
  const other = await listen(createHttpServer(app));
  const answer = new Promise<{ status: number }>((resolve, reject) => {
    const req = request(`${other.url}/slow`, (res) => {
      res.resume();
      resolve({ status: res.statusCode ?? 0 });
    });
    req.on("error", reject);
    req.end();
  });
  await new Promise((resolve) => other.server.once("request", resolve));
  const drained = drain(other.server);
  release();
  expect((await answer).status).toBe(200);
  await drained;
  await expect(fetch(`${other.url}/things`)).rejects.toThrow();
});
