import { createServer, get } from "node:http";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Listening, listen } from "./http.js";
import { startTcpProxy, type TcpProxy } from "./proxy.js";

let server: Listening;
let proxy: TcpProxy;

beforeAll(async () => {
  server = await listen(createServer((_req, res) => res.end("hello")));
  proxy = await startTcpProxy({ port: server.port });
});
afterAll(async () => {
  await proxy.close();
  await server.close();
});

/** Body and time of one request through the proxy; rejects with the code of the error. */
function ask(timeoutMs = 2_000): Promise<{ body: string; tookMs: number }> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const request = get({ port: proxy.port, host: "127.0.0.1", agent: false, timeout: timeoutMs }, (res) => {
      let body = "";
      res.on("data", (chunk) => {
        body += chunk;
      });
      res.on("end", () => resolve({ body, tookMs: performance.now() - startedAt }));
    });
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", reject);
  });
}

test("it passes requests and answers", async () => {
  expect((await ask()).body).toBe("hello");
});

test("latency delays both directions", async () => {
  proxy.setLatency(50);
  const { body, tookMs } = await ask();
  proxy.setLatency(0);
  expect(body).toBe("hello");
  expect(tookMs).toBeGreaterThan(95);
});

test("frozen it takes connections and passes nothing; thawed it delivers", async () => {
  proxy.freeze();
  await expect(ask(50)).rejects.toThrow("timeout");
  const late = ask();
  proxy.thaw();
  expect((await late).body).toBe("hello");
});

test("a reset cuts open connections and leaves new ones alone", async () => {
  proxy.setLatency(500);
  const cut = ask();
  await new Promise((resolve) => server.server.once("connection", resolve));
  proxy.reset();
  await expect(cut).rejects.toThrow(/ECONNRESET|hang up/);
  proxy.setLatency(0);
  expect((await ask()).body).toBe("hello");
});
