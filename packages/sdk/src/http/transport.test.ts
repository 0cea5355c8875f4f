import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, expect, test } from "@jest/globals";
import { QRFactory } from "../client.js";
import * as errors from "../errors.js";
import { breakOff, clientOf, closeServers, hang, json, problem, serve } from "./unreliable.fixture.js";

afterEach(closeServers);

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

test("a failure that nobody handles is told once, and one that is handled is not", async () => {
  const server = await serve(problem(404, "not_found"));
  const script = `
    import { QRFactory } from "${new URL("../index.js", import.meta.url).href}";
    let told = 0;
    process.on("unhandledRejection", () => { told += 1; });
    const qr = new QRFactory({ baseUrl: "${server.url}" });
    qr.usage.get();
    qr.usage.get().withResponse().catch(() => {});
    await qr.usage.get().catch(() => {});
    await qr.usage.get().then(undefined, () => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    console.log(told);`;
  const args = ["--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, NODE_OPTIONS: "" } });
  expect(stdout.trim()).toBe("1");
});
