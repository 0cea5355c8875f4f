import { connect, type Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { drain } from "@qrfactory/runtime/http/serve";
import fc from "fast-check";
import { countOf, expectAlike, fast, hold, now, plain, scan, stamp, stampIds, start } from "./fast-lane.fixture.js";

test("an ordinary scan takes the lane, and looks exactly like one that node:http answers", async () => {
  const before = fast.taken();
  const answer = await expectAlike([scan()]);
  expect(answer).toMatch(/^HTTP\/1\.1 302 Found\r\nLocation: https:\/\/example\.com\/landing\?utm=1#top\r\n/);
  expect(fast.scans).toMatchObject([{ network: "203.0.113.0/24", language: "de", bot_class: "bot" }]);
  expect(fast.taken()).toBe(before + 1);
});

test("a stamp of the gateway is the id and the time of the scan on both roads", async () => {
  await expectAlike([scan("/q/7K2MWX9P", `Host: x\r\n${stamp("e", -5_000)}\r\n`)]);
  expect(fast.scans.map(({ id, at }) => [stampIds.get(id), at])).toEqual([["e", now - 5_000]]);
});

const host = "Host: x\r\n";
const requests: [string, string[]][] = [
  ["lower case and a slash", [scan("/q/7k2mwx9p/")]],
  ["a short domain and a query", [scan("/7K2MWX9P?a=b%20c")]],
  ["a fallback", [scan("/q/LATER")]],
  ["a paused code", [scan("/q/PAUSED")]],
  ["a rule", [scan("/q/RULES")]],
  ["variants", [scan("/q/RULES", "Host: x\r\nX-Forwarded-For: 198.51.100.7\r\nUser-Agent: Mozilla/5.0\r\n")]],
  ["a country", [scan("/q/COUNTRY", "Host: x\r\nUser-Agent: Mozilla/5.0 (Linux; Android 14) Mobile\r\n")]],
  ["a query that goes along", [scan("/q/PASSES?a=1&b=%20c#d?e")]],
  ["a query that is hostile", [scan("/q/PASSES?//evil.example/%0d%0aX:1")]],
  ["a query of another kind", [scan("/q/PASSES#?a=1")]],
  ["a locked code", [scan("/q/LOCKED")]],
  ["an app on iOS", [scan("/q/APP", "Host: x\r\nUser-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Safari\r\n")]],
  ["an app on Android", [scan("/q/APP", "Host: x\r\nUser-Agent: Mozilla/5.0 (Linux; Android 14) Chrome\r\n")]],
  ["a code for many scans", [scan("/q/MANY")]],
  ["a code that is used up", [scan("/q/USED-UP")]],
  ["where a code leads", [scan("/q/7K2MWX9P+")]],
  ["an unknown code", [scan("/q/UNKNOWN")]],
  ["health", [scan("/api/health/")]],
  ["a HEAD", [scan().replace("GET", "HEAD")]],
  ["a POST with a body", [`POST /q/7K2MWX9P HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\na=b`]],
  ["a GET with a body", [`GET /q/7K2MWX9P HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nGET`, scan()]],
  ["a chunked GET", [`GET /q/7K2MWX9P HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`]],
  [
    "both lengths",
    [`GET /q/7K2MWX9P HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ],
  ["no host", ["GET /q/7K2MWX9P HTTP/1.1\r\nUser-Agent: x\r\n\r\n"]],
  ["two hosts", [scan("/q/7K2MWX9P", `${host}${host}`)]],
  ["two user agents", [scan("/q/7K2MWX9P", `${host}User-Agent: a\r\nUser-Agent: b\r\n`)]],
  ["two forwarded addresses", [scan("/q/7K2MWX9P", `${host}X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 8.8.8.8\r\n`)]],
  ["two stamps", [scan("/q/7K2MWX9P", `${host}${stamp("e", 0)}\r\n${stamp("1", 0)}\r\n`)]],
  ["a stamp of another hour", [scan("/q/7K2MWX9P", `${host}${stamp("e", 3_600_000)}\r\n`)]],
  ["a stamp without a moment", [scan("/q/7K2MWX9P", `${host}X-Scan-Id: ${"e".repeat(32)}\r\n`)]],
  ["a request id", [scan("/q/7K2MWX9P", `${host}X-Request-Id:  my-id.1 \r\n`)]],
  ["a bad request id", [scan("/q/7K2MWX9P", `${host}X-Request-Id: my id\r\n`)]],
  ["names of an object's own", [scan("/q/7K2MWX9P", `${host}constructor: 1\r\n__proto__: 2\r\n`)]],
  ["the end of a connection", [scan("/q/7K2MWX9P", `${host}Connection: close\r\n`), scan()]],
  ["an upgrade", [scan("/q/7K2MWX9P", `${host}Connection: Upgrade\r\nUpgrade: websocket\r\n`)]],
  ["an expectation", [scan("/q/7K2MWX9P", `${host}Expect: 100-continue\r\n`)]],
  ["HTTP/1.0", ["GET /q/7K2MWX9P HTTP/1.0\r\n\r\n"]],
  ["bare line feeds", [scan().replaceAll("\r\n", "\n")]],
  ["a folded header", [scan("/q/7K2MWX9P", `${host}User-Agent: a\r\n b\r\n`)]],
  ["a space before the colon", [scan("/q/7K2MWX9P", `${host}User-Agent : a\r\n`)]],
  ["a control character", [scan("/q/7K2MWX9P", `${host}User-Agent: a\x01b\r\n`)]],
  ["large headers", [scan("/q/7K2MWX9P", `${host}X-Big: ${"a".repeat(9_000)}\r\n`)]],
  ["too large headers", [scan("/q/7K2MWX9P", `${host}X-Big: ${"a".repeat(17_000)}\r\n`)]],
  ["rubbish", ["rubbish\r\n\r\n"]],
  ["two at once", [scan() + scan("/q/LATER")]],
  ["five at once", [scan().repeat(5)]],
  ["one and a half, then the rest", [scan() + scan().slice(0, 40), scan().slice(40)]],
  ["one after the other", [scan(), scan("/q/LATER"), scan("/q/UNKNOWN"), scan()]],
  ["byte by byte", [...scan("/q/7K2MWX9P", host)]],
  ["scans, then rubbish", [scan(), "rubbish\r\n\r\n"]],
];

test.each(requests)("both roads answer alike: %s", async (_name, pieces) => {
  await expectAlike(pieces);
});

test("both roads answer alike whatever is put together and however it is cut", async () => {
  const line = fc.oneof(
    fc.constantFrom(
      ...["User-Agent: Phone", "user-agent:\tPhone \t", "Accept-Language: fr", "X-Forwarded-For: 10.0.0.1", "Host: y"],
      ...[
        "Connection: keep-alive",
        "Connection: close",
        "connection: Keep-Alive, x",
        "Content-Length: 0",
        "TE: trailers",
      ],
      ...[
        "X-Request-Id: abc",
        "Sec-Purpose: prefetch",
        "Referer: https://a.example:1/b",
        "Referer: nonsense",
        "Cookie: a=b",
      ],
      ...[stamp("1", -3), stamp("e", -300_000), stamp("E", 0), stamp("e", 120_000), "X-Scan-Id: x", "X-Scan-At: 1"],
    ),
    fc.string({ unit: fc.constantFrom(..."aZ-: \t\x00\x7f\xe9,"), maxLength: 12 }),
  );
  const request = fc.record({
    method: fc.constantFrom("GET", "GET", "GET", "HEAD", "get", "PUT"),
    path: fc.constantFrom(
      "/q/7K2MWX9P",
      "/7k2mwx9p/?x",
      "/Q/LATER",
      "/q/PAUSED",
      "/q/NOPE",
      "/q/RULES",
      "/q/PASSES?a=1&utm_source=x",
      "/q/COUNTRY/",
      "/q/MANY",
      "/q/LOCKED",
      "/q/RULES+",
      "/q/7K2MWX9P#f",
      "*",
      "/q/a b",
    ),
    version: fc.constantFrom("1.1", "1.1", "1.1", "1.0", "2.0"),
    lines: fc.array(line, { maxLength: 6 }),
  });
  const message = fc
    .array(request, { minLength: 1, maxLength: 3 })
    .map((all) =>
      all
        .map(
          (one) => `${one.method} ${one.path} HTTP/${one.version}\r\n${["Host: x", ...one.lines, "", ""].join("\r\n")}`,
        )
        .join(""),
    );
  await fc.assert(
    fc.asyncProperty(message, fc.array(fc.nat({ max: 400 }), { maxLength: 3 }), async (text, cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      const pieces = at.slice(1).map((end, i) => text.slice(at[i], end));
      await expectAlike(pieces.filter((piece) => piece !== ""));
    }),
    { numRuns: 150 },
  );
});

const oversized = scan("/q/LATER", `${host}X-Big: ${"a".repeat(17_000)}\r\n`);
const onNodeHttp = scan("/q/LATER", `${host}Expect: gifts\r\n`);
test.each([
  ["rubbish", `${scan()}rubbish\r\n\r\n`, ["302", "400"]],
  ["too large headers", scan() + oversized, ["302", "431"]],
  ["rubbish, after two", `${scan() + scan("/q/LATER")}rubbish\r\n\r\n`, ["302", "302", "400"]],
  ["rubbish, after an expectation", `${onNodeHttp}rubbish\r\n\r\n`, ["302", "400"]],
  ["a CONNECT", `${scan()}CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n`, ["302", "405"]],
  ["the client's end, in the lane", scan(), ["302"]],
  ["the client's end, on node:http", onNodeHttp, ["302"]],
])(
  "a scan is one row and gets its 302 with anything behind it in the same packet: %s",
  async (_what, packet, expected) => {
    // Without the lane a client that closes its side is cut by node:http, as it is in the other services.
    for (const server of expected.length > 1 ? [plain, fast] : [fast]) {
      for (const hangsUp of [true, false]) {
        server.scans.length = 0;
        const release = hold();
        const accepted = new Promise<Socket>((resolve) => server.server.once("connection", resolve));
        const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
        let received = "";
        const statuses = () => [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
        socket.setEncoding("latin1").on("data", (text) => {
          received += text;
        });
        socket.write(packet, "latin1");
        if (hangsUp) socket.end();
        const arrived = await accepted;
        await until(() => arrived.bytesRead === packet.length && (!hangsUp || arrived.readableEnded));
        release();
        await until(() => statuses().length === expected.length);
        socket.destroy();
        expect(statuses()).toEqual(expected);
        expect(server.scans).toHaveLength(expected.filter((status) => status === "302").length);
      }
    }
  },
);

test("a draining server answers what is under way for the last time and sends idle clients away", async () => {
  const server = await start(true);
  const receive = (send: string | null) => {
    const socket = connect(server.port, "127.0.0.1");
    const client = { received: "", isClosed: false };
    socket.setEncoding("latin1").on("data", (chunk) => {
      client.received += chunk;
    });
    socket.on("close", () => {
      client.isClosed = true;
    });
    if (send) socket.write(send);
    return client;
  };
  const [fresh, kept] = [receive(null), receive(scan())];
  await until(() => kept.received.includes("keep-alive"));
  const release = hold();
  const last = receive(scan());
  await until(async () => server.begun() === 2 && (await countOf(server)) === 3);
  server.lane?.close();
  const drained = drain(server.server);
  release();
  await drained;
  await until(() => fresh.isClosed && kept.isClosed && last.isClosed);
  expect([fresh.received, last.received.slice(0, 12)]).toEqual(["", "HTTP/1.1 302"]);
});

test("a scan that meets the end of its connection is not written down: its sender will ask elsewhere", async () => {
  const server = await start(true);
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    received += chunk;
  });
  socket.on("error", () => {}).on("end", () => socket.write(scan()));
  await until(async () => (await countOf(server)) === 1);
  server.lane?.close();
  await until(async () => (await countOf(server)) === 0);
  await drain(server.server);
  socket.destroy();
  expect([received, server.scans, server.taken()]).toEqual(["", [], 0]);
});
