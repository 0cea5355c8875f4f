// Owners of codes: from the hash in Redis to the pages at their end, while Redis is there and while it is not.
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { CodeOwner, PublishedOwner } from "@qrfactory/codes/published/owner";
import type { LiveCode } from "@qrfactory/codes/published/published";
import { type Redis as RedisServer, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { connectRedis } from "@qrfactory/runtime/redis";
import { publishOwners } from "@qrfactory/state/codes/publishing/owners";
import { createTable } from "@qrfactory/state/codes/table/table";
import { type Listening, listen } from "@qrfactory/testing/http";
import { fetchOurs } from "@qrfactory/testing/http-message";
import type { Redis } from "ioredis";
import { createApp } from "../app.js";
import { routingOptions } from "../routing.fixture.js";
import { makeDescribeScan } from "../scan/scan.js";
import { keepOwners, type Owners } from "./owners.js";
import { makePageFor } from "./pages.js";
import { wordings } from "./wordings.js";

const temp = makeTempDirectory("owners-");
let server: RedisServer;
let redis: Redis;
let owners: Owners | undefined;
let directory: string;

beforeAll(async () => {
  server = await startRedis({ role: "state", durable: false, dataDirectory: join(temp.path, "redis") });
  redis = connectRedis({ url: server.url, name: "test", commandTimeoutMs: 2_000 });
  await until(() => redis.status === "ready");
});
beforeEach(async () => {
  await redis.flushall();
  directory = join(temp.path, randomUUID());
});
afterEach(() => owners?.stop());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  temp.remove();
});

const start = () => {
  owners = keepOwners({ directory, redis, pollMs: 20 });
  return owners;
};
const owner = (version: number, said: Partial<CodeOwner>, workspace_id = workspaceId): PublishedOwner => ({
  ...{ workspace_id, version, name: null, contact: null },
  ...said,
});
const workspaceId = randomUUID();
const nameOf = (kept: Owners) => kept.find(workspaceId)?.name ?? null;

test("the newest word on an owner is kept, whatever comes in which order", async () => {
  const kept = start();
  await publishOwners(redis, [owner(2, { name: "New" })]);
  await until(() => nameOf(kept) === "New");
  await publishOwners(redis, [owner(1, { name: "Old" }), owner(1, { name: "Other" }, randomUUID())]);
  await redis.hset("qrf:code-owners", workspaceId, JSON.stringify(owner(1, { name: "Older still" })));
  await redis.hset("qrf:code-owners", randomUUID(), "damaged");
  const other = randomUUID();
  await publishOwners(redis, [owner(3, { name: "Last" }, other)]);
  await until(() => kept.find(other) !== null);
  expect(nameOf(kept)).toBe("New");
  await publishOwners(redis, [owner(3, {})]);
  await until(() => kept.find(workspaceId) === null);
});

test("an empty Redis takes nothing away, and a region that starts without one says what it knew", async () => {
  const first = start();
  await publishOwners(redis, [owner(1, { name: "Kept" })]);
  await until(() => nameOf(first) === "Kept");
  await redis.flushall();
  await publishOwners(redis, [owner(1, { name: "Other" }, randomUUID())]);
  await until(() => readFileSync(join(directory, "owners.ndjson"), "utf8").includes("Other"));
  expect(nameOf(first)).toBe("Kept");
  await first.stop();
  const away = connectRedis({ url: "redis://127.0.0.1:9", name: "test" });
  const restarted = async () => {
    const kept = keepOwners({ directory, redis: away, pollMs: 60_000 });
    await kept.stop();
    return nameOf(kept);
  };
  expect(await restarted()).toBe("Kept");
  // A file that is damaged costs the lines that are.
  writeFileSync(join(directory, "owners.ndjson"), `${JSON.stringify(owner(1, { name: "Whole" }))}\n{"workspace_id":`);
  expect(await restarted()).toBe("Whole");
  away.disconnect();
});

/** A service with one code, and what its pages say. */
async function pages(said: CodeOwner | null, operator: CodeOwner | null, code: Partial<LiveCode>) {
  const table = createTable();
  const common = { schema: 1 as const, id: randomUUID(), workspace_id: workspaceId, short_id: "ENDED", version: 1 };
  const rest = { destination_url: "https://example.com/", is_active: true, expires_at: null, fallback_url: null };
  table.apply({ ...common, ...rest, ...code });
  const service: Listening = await listen(
    createServer(
      createApp({
        ...routingOptions(),
        ...{ table, lookUp: async () => "absent", recordScan: async () => {}, onLost: () => {} },
        describeScan: makeDescribeScan({ region: "eu-1", visitorSecret: "a secret" }),
        pageFor: makePageFor(operator),
        ownerOf: (id) => (id === workspaceId ? said : null),
        status: () => ({ status: "ok", version: "1", components: {} }),
        ...{ observeRequest: () => {}, observeScan: () => {} },
      }),
    ),
  );
  const read = async (path: string, language = "en") =>
    (await fetchOurs(service.url + path, { headers: { "Accept-Language": language }, redirect: "manual" })).text();
  return { read, close: service.close };
}

const said = { name: `Café <b>"Blau"</b> & Söhne`, contact: "mailto:hallo@example.com" };
const operator = { name: "City of Example", contact: "tel:+43123456" };

test.each([
  ["paused", { is_active: false }],
  ["expired", { expires_at: "2026-01-01T00:00:00.000Z" }],
  ["used up", { limit: { max: 1, used: 1 } }],
])("the page of a code that is %s says whose it is, escaped, and so does its preview", async (_why, code) => {
  const { read, close } = await pages(said, operator, code);
  for (const path of ["/q/ENDED", "/q/ended+"]) {
    const html = await read(path);
    expect(html).toContain("Café &lt;b&gt;&quot;Blau&quot;&lt;/b&gt; &amp; Söhne");
    expect(html).toContain('href="mailto:hallo@example.com">hallo@example.com</a>');
    expect(html).not.toContain(operator.name);
  }
  await close();
});

test("the page of a code that nobody knows names the operator, if there is one to name", async () => {
  const { read, close } = await pages(said, operator, {});
  const html = await read("/q/NOBODY");
  expect(html).toContain(
    '<bdi>City of Example</bdi><br><bdi><a rel="noreferrer nofollow" href="tel:+43123456">+43123456</a>',
  );
  expect(html).not.toContain("Café");
  await close();
  const silent = await pages(null, null, { is_active: false });
  for (const path of ["/q/NOBODY", "/q/ENDED"]) expect(await silent.read(path)).not.toContain('class="w"');
  await silent.close();
});

test.each(Object.keys(wordings))("in %s the words before a name are of that language", async (language) => {
  const { read, close } = await pages(said, operator, { is_active: false });
  const { whose } = wordings[language] as (typeof wordings)[string];
  expect(await read("/q/ENDED", language)).toContain(`<p class="w">${whose.code}<br>`);
  expect(await read("/q/NOBODY", language)).toContain(`<p class="w">${whose.service}<br>`);
  await close();
});
