import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "@jest/globals";
import { addressRefusal, hostRefusal } from "@qrfactory/domain/destination";
import { until } from "@qrfactory/processes/until";
import { makeOutbound, type OutboundOptions, OutboundRefusal } from "@qrfactory/runtime/outbound/outbound";
import { makeResolveName } from "@qrfactory/runtime/outbound/resolve-name";
import { type Listening, listen } from "@qrfactory/testing/http";
import { type Answer, startNameServer } from "@qrfactory/testing/name-server";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function startHost(listener: RequestListener): Promise<Listening> {
  const server = await listen(createServer(listener));
  closing.push(() => server.close());
  return server;
}

/** A way out that asks this name server and may connect to this machine, on this port, beside public hosts. */
async function startOutbound(answer: Answer, port: number, more: OutboundOptions = {}) {
  const names = await startNameServer(answer);
  closing.push(names.close);
  const outbound = makeOutbound({
    rules: {
      addressRefusal: (address) => (address === "127.0.0.1" ? null : addressRefusal(address)),
      hostRefusal,
      ports: [String(port)],
    },
    resolveName: makeResolveName({ servers: [names.server], nameMsMax: 20_000 }),
    ...more,
  });
  const get = (name: string, workspaceId: string, signal = AbortSignal.timeout(30_000)) =>
    outbound({ url: `http://${name}:${port}/`, workspaceId, signal }, (response: IncomingMessage) => text(response));
  return { names, outbound, get };
}

/** Names that begin with `silent` are never answered for. */
const answerSome: Answer = ({ name, type }) => (name.startsWith("silent") ? null : type === "A" ? ["127.0.0.1"] : []);

test("a request is sent to the address that was judged, under its name", async () => {
  const host = await startHost((req, res) => void res.end(`${req.method} ${req.headers.host}`));
  const { outbound, get } = await startOutbound(answerSome, host.port);
  expect(await get("hooks.example.com", "one")).toBe(`GET hooks.example.com:${host.port}`);
  const request = {
    url: `http://hooks.example.com:${host.port}/`,
    workspaceId: "one",
    signal: AbortSignal.timeout(30_000),
    method: "POST",
    body: Buffer.from("{}"),
  };
  expect(await outbound(request, (response) => text(response))).toBe(`POST hooks.example.com:${host.port}`);
});

test.each([
  ["one address, a private one", ["10.0.0.1"]],
  ["a public address and a private one", ["127.0.0.1", "10.0.0.1"]],
  ["an address of the cloud's own services", ["169.254.169.254"]],
])("a name that leads to %s is refused, and not connected to", async (_name, addresses) => {
  let asked = 0;
  const host = await startHost((_req, res) => {
    asked += 1;
    res.end();
  });
  const { get } = await startOutbound(({ type }) => (type === "A" ? addresses : []), host.port);
  await expect(get("inner.example.com", "one")).rejects.toThrow(OutboundRefusal);
  await expect(get("inner.example.com", "one")).rejects.toThrow(/leads to one that is not/);
  expect(asked).toBe(0);
});

test("a private address of IPv6 beside a public one of IPv4 is found as well", async () => {
  const host = await startHost((_req, res) => void res.end());
  const { get } = await startOutbound(({ type }) => (type === "A" ? ["127.0.0.1"] : ["::7f00:1"]), host.port);
  await expect(get("inner.example.com", "one")).rejects.toThrow(OutboundRefusal);
});

test("twenty requests of one workspace to names that are never found leave others as they were", async () => {
  const host = await startHost((_req, res) => void res.end("picture"));
  const { names, get } = await startOutbound(answerSome, host.port, { turnMsMax: 100 });
  let refused = 0;
  const leaves = Array.from({ length: 30 }, () => new AbortController());
  const silent = leaves.map((left, i) =>
    get(`silent-${i}.example.com`, "one", left.signal).catch((error) => {
      if (error.code === "overloaded") refused += 1;
    }),
  );
  await until(() => new Set(names.questions.map(({ name }) => name)).size === 8, { timeoutMs: 20_000 });
  // All that may be under way are, and none of them has an answer.
  expect(await Promise.all(["two", "three"].map((workspace) => get("pictures.example.com", workspace)))).toEqual([
    "picture",
    "picture",
  ]);
  await expect(get("pictures.example.com", "one")).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
  await until(() => refused === 22, { timeoutMs: 20_000 });
  for (const left of leaves) left.abort();
  await Promise.all(silent);
  // Abandoned fetches free their slots.
  expect(await get("pictures.example.com", "one")).toBe("picture");
});

test("a signal ends a request that waits for its body", async () => {
  const left = new AbortController();
  const host = await startHost((_req, res) => void res.write("half of", () => left.abort()));
  const { get } = await startOutbound(answerSome, host.port);
  await expect(get("drips.example.com", "one", left.signal)).rejects.toThrow();
});
