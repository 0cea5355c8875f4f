import { afterEach, expect, test } from "@jest/globals";
import { makeResolveName, type ResolveNameOptions } from "@qrfactory/runtime/outbound/resolve-name";
import { type Answer, type NameServer, startNameServer } from "@qrfactory/testing/name-server";

const servers: NameServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function startServer(answer: Answer): Promise<NameServer> {
  const server = await startNameServer(answer);
  servers.push(server);
  return server;
}

/** Long enough for a busy machine; look-ups that are to end have a deadline of their own. */
const anySignal = () => AbortSignal.timeout(30_000);
const resolverOf = (server: NameServer, more: ResolveNameOptions = {}) =>
  makeResolveName({ servers: [server.server], nameMsMax: 20_000, ...more });

test("a name has the addresses of both families, IPv4 first", async () => {
  const server = await startServer(({ type }) => (type === "A" ? ["192.0.2.1", "192.0.2.2"] : ["2001:db8::1"]));
  expect(await resolverOf(server)("pictures.example.com", anySignal())).toEqual([
    { address: "192.0.2.1", family: 4 },
    { address: "192.0.2.2", family: 4 },
    { address: "2001:db8::1", family: 6 },
  ]);
  expect(server.questions.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
    "pictures.example.com A",
    "pictures.example.com AAAA",
  ]);
});

test.each(["A", "AAAA"])("a server that says nothing about %s does not keep the other family waiting", async (type) => {
  const server = await startServer((question) =>
    question.type === type ? null : question.type === "A" ? ["192.0.2.1"] : ["2001:db8::1"],
  );
  const found = await resolverOf(server)("pictures.example.com", anySignal());
  expect(found).toEqual([type === "A" ? { address: "2001:db8::1", family: 6 } : { address: "192.0.2.1", family: 4 }]);
});

test("a name without addresses, and one that a server never answers, is an error in time", async () => {
  const empty = await startServer(() => []);
  await expect(resolverOf(empty)("pictures.example.com", anySignal())).rejects.toThrow(/no address/);
  const silent = await startServer(() => null);
  await expect(resolverOf(silent, { nameMsMax: 100 })("pictures.example.com", anySignal())).rejects.toThrow(
    /did not answer/,
  );
});

test("whoever asked may end the search, and an answer after that changes nothing", async () => {
  let answerNow = () => {};
  const late = new Promise<string[]>((resolve) => {
    answerNow = () => resolve(["192.0.2.1"]);
  });
  const server = await startServer(() => late);
  const left = new AbortController();
  const search = resolverOf(server)("pictures.example.com", left.signal);
  left.abort();
  await expect(search).rejects.toThrow();
  answerNow();
  await expect(resolverOf(server)("pictures.example.com", left.signal)).rejects.toThrow(/abort/);
});

test("an answer that comes late, but in time, is taken", async () => {
  let asked = 0;
  // The first question goes unanswered; the one that repeats it is answered.
  const server = await startServer(({ type }) => (type === "A" && ++asked > 1 ? ["192.0.2.1"] : null));
  expect(await resolverOf(server)("pictures.example.com", anySignal())).toEqual([{ address: "192.0.2.1", family: 4 }]);
});

test("of hundreds of addresses a few are looked at", async () => {
  const many = Array.from({ length: 400 }, (_, i) => `192.0.2.${i % 256}`);
  const server = await startServer(({ type }) => (type === "A" ? many : []));
  expect(await resolverOf(server)("pictures.example.com", anySignal())).toHaveLength(8);
});

test("an address is itself, and nobody is asked", async () => {
  const server = await startServer(() => null);
  expect(await resolverOf(server)("192.0.2.7", anySignal())).toEqual([{ address: "192.0.2.7", family: 4 }]);
  expect(await resolverOf(server)("2001:db8::7", anySignal())).toEqual([{ address: "2001:db8::7", family: 6 }]);
  expect(server.questions).toEqual([]);
});
