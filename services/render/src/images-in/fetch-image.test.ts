import { createServer, type RequestListener } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { type Listening, listen } from "@qrfactory/testing/http";
import { type FetchRules, fetchImage } from "./fetch-image.js";
import { logoLimits } from "./image-header.js";

const servers: Listening[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A host on this machine under a public name, and rules that allow just that. */
async function serve(listener: RequestListener, fetchMsMax = 1_000): Promise<{ url: string; rules: FetchRules }> {
  const server = await listen(createServer(listener));
  servers.push(server);
  const rules: FetchRules = {
    addressRefusal: () => null,
    hostRefusal: () => null,
    ports: [String(server.port)],
    lookup: async () => [{ address: "127.0.0.1", family: 4 }],
    fetchMsMax,
  };
  return { url: `http://pictures.example.com:${server.port}/logo.png`, rules };
}

test("a picture is fetched under its name, from the address that was judged", async () => {
  let host = "";
  const { url, rules } = await serve((req, res) => {
    host = req.headers.host ?? "";
    res.end("picture");
  });
  expect((await fetchImage(url, logoLimits, rules)).toString()).toBe("picture");
  expect(host).toMatch(/^pictures\.example\.com:/);
});

test.each([
  "http://127.0.0.1/a.png",
  "http://0x7f000001/a.png",
  "http://[::1]/a.png",
  "http://[::ffff:169.254.169.254]/a.png",
  "http://169.254.169.254/latest/meta-data/",
  "http://10.0.0.1/a.png",
  "http://localhost/a.png",
  "http://intranet/a.png",
  "https://example.com:8443/a.png",
  "http://example.com:22/a.png",
  "ftp://example.com/a.png",
  "file:///etc/passwd",
  "data:image/png;base64,AAAA",
  "https://user:password@example.com/a.png",
  "https://example.com/a.png\r\nHost: evil",
  "not a url",
  `https://example.com/${"a".repeat(3_000)}`,
])("%s is refused before anything is connected to", async (url) => {
  await expect(fetchImage(url, logoLimits)).rejects.toMatchObject({ code: "url_refused" });
});

test("a public name that leads to an inner address is refused, whichever of its addresses it is", async () => {
  const { url, rules } = await serve((_req, res) => res.end("secret"));
  const { addressRefusal } = await import("@qrfactory/domain/destination");
  const addresses = [
    { address: "93.184.215.14", family: 4 },
    { address: "127.0.0.1", family: 4 },
  ];
  const strict = { ...rules, addressRefusal, lookup: async () => addresses };
  const refusal = await fetchImage(url, logoLimits, strict).catch((error) => error);
  expect(refusal).toMatchObject({ code: "url_refused" });
  expect(refusal.message).not.toContain("127.0.0.1");
});

const answers: [string, RequestListener, RegExp][] = [
  ["redirects inward", (_req, res) => res.writeHead(302, { Location: "http://127.0.0.1/" }).end(), /answered 302/],
  ["has nothing", (_req, res) => res.writeHead(404).end(), /answered 404/],
  ["announces 10 GB", (_req, res) => res.writeHead(200, { "Content-Length": 1e10 }).write("x"), /at most 2 MB/],
  ["lies about its length", (_req, res) => flood(res), /at most 2 MB/],
  ["hangs", () => {}, /in time/],
  ["drips", (_req, res) => drip(res), /in time/],
  ["resets", (req) => req.socket.destroy(), /could not be fetched/],
  ["speaks no HTTP", (req) => req.socket.end("hello\r\n\r\n"), /could not be fetched/],
];

let sent = 0;
function flood(res: Parameters<RequestListener>[1]): void {
  const chunk = Buffer.alloc(65_536);
  const more = () => {
    if (res.destroyed) return;
    sent += chunk.length;
    if (res.write(chunk)) setImmediate(more);
    else res.once("drain", more);
  };
  more();
}

function drip(res: Parameters<RequestListener>[1]): void {
  const timer = setInterval(() => res.write("x"), 20);
  res.on("close", () => clearInterval(timer));
}

test.each(answers)("a host that %s costs a refusal, in time and with few bytes", async (_name, listener, reason) => {
  const { url, rules } = await serve(listener, 300);
  const started = performance.now();
  await expect(fetchImage(url, logoLimits, rules)).rejects.toMatchObject({
    code: "image_rejected",
    message: expect.stringMatching(reason),
  });
  expect(performance.now() - started).toBeLessThan(2_000);
  // What was under way in buffers, but not without end.
  expect(sent).toBeLessThan(12_000_000);
});

test("a name that does not exist, or a host that does not listen, is a picture that could not be fetched", async () => {
  const { url, rules } = await serve(() => {});
  const nowhere = { ...rules, lookup: () => Promise.reject(new Error("ENOTFOUND")) };
  await expect(fetchImage(url, logoLimits, nowhere)).rejects.toMatchObject({ code: "image_rejected" });
  await servers.splice(0)[0]?.close();
  const port = Number(new URL(url).port);
  expect(await new Promise((resolve) => connect(port, "127.0.0.1").on("error", () => resolve("closed")))).toBe(
    "closed",
  );
  await expect(fetchImage(url, logoLimits, rules)).rejects.toMatchObject({ code: "image_rejected" });
});
