import { createServer, get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Listening, listen } from "./http.js";
import { firstSettled } from "./order.js";
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

/** Body of one answer through the proxy; rejects with the code of the error. */
function ask(timeoutMs = 2_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ port: proxy.port, host: "127.0.0.1", agent: false, timeout: timeoutMs }, (res) => {
      let body = "";
      res.on("data", (chunk) => {
        body += chunk;
      });
      res.on("end", () => resolve(body));
    });
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", reject);
  });
}

test("it passes requests and answers", async () => {
  expect(await ask()).toBe("hello");
});

test("latency delays both directions", async () => {
  proxy.setLatency(50);
  const arrival = new Promise((resolve) => server.server.once("request", resolve));
  const [there, back] = [pause(45), pause(95)];
  const answer = ask();
  expect(await firstSettled({ there, arrival })).toBe("there");
  expect(await firstSettled({ back, answer })).toBe("back");
  proxy.setLatency(0);
  expect(await answer).toBe("hello");
});

test("frozen it takes connections and passes nothing; thawed it delivers", async () => {
  proxy.freeze();
  await expect(ask(50)).rejects.toThrow("timeout");
  const late = ask();
  proxy.thaw();
  expect(await late).toBe("hello");
});

test("a reset cuts open connections and leaves new ones alone", async () => {
  proxy.setLatency(500);
  const cut = ask();
  await new Promise((resolve) => server.server.once("connection", resolve));
  proxy.reset();
  await expect(cut).rejects.toThrow(/ECONNRESET|hang up/);
  proxy.setLatency(0);
  expect(await ask()).toBe("hello");
});
