import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeSeal } from "@qrfactory/auth/seal";
import { publishedCodeSchema } from "@qrfactory/codes/published/published";
import { until } from "@qrfactory/processes/until";
import { codesKey } from "@qrfactory/state/keys";
import { decodeOne } from "@qrfactory/testing/decode";
import { type Assembled, startAssembled, type WorkspaceKey } from "../assembled.fixture.js";
import { startRig } from "../rig.fixture.js";
import { makeReadCode } from "./dynamic-codes.js";

let service: Assembled;

beforeAll(async () => {
  service = await startAssembled();
});

afterAll(() => service.close());

const menu = { name: "Menu", destination_url: "https://example.com/menu" };

const draw = (key: WorkspaceKey, payload: unknown, more: object = {}, headers: Record<string, string> = {}) =>
  service.post("/api/v1/generate/", key, { data_type: "dynamic", payload, size: 200, ...more }, headers);

const codesOf = ({ workspaceId }: WorkspaceKey) => service.db.dynamicCode.findMany({ where: { workspaceId } });

const textOf = async (response: Response) => decodeOne(Buffer.from(await response.arrayBuffer()));

async function problemOf(response: Response) {
  return (await response.json()) as { code: string; errors?: Record<string, string[]> };
}

test("one call creates a code, draws its address and publishes it", async () => {
  const key = await service.addKey("pro");
  const response = await draw(key, menu);
  expect(response.status).toBe(200);
  const [row] = await codesOf(key);
  const address = `HTTPS://QR.EXAMPLE.ORG/Q/${row?.shortId}`;
  expect(row).toMatchObject({ name: "Menu", destinationUrl: menu.destination_url, publishedVersion: 1 });
  expect(response.headers.get("X-QR-Short-Id")).toBe(row?.shortId);
  expect(response.headers.get("X-QR-Public-Url")).toBe(address);
  expect(response.headers.get("X-QR-Published")).toBeNull();
  expect(await textOf(response)).toBe(address);
  expect(await service.used(key)).toBe(1);
  const history = await service.db.dynamicCodeChange.findMany({ where: { codeId: row?.id as string } });
  expect(history).toMatchObject([{ changedBy: `key:${key.keyId}` }]);
});

test("an existing code is drawn as it is, in any spelling of its id", async () => {
  const key = await service.addKey("pro");
  await draw(key, { ...menu, short_id: "Existing-1" });
  const response = await draw(key, { short_id: "existing-1" });
  expect(await textOf(response)).toBe("HTTPS://QR.EXAMPLE.ORG/Q/EXISTING-1");
  expect(response.headers.get("X-QR-Short-Id")).toBe("EXISTING-1");
  expect(response.headers.get("X-QR-Cache")).toBe("HIT");
  expect(await codesOf(key)).toHaveLength(1);
});

test("a code of another workspace looks like a missing one, and costs nothing", async () => {
  const [mine, theirs] = [await service.addKey("pro"), await service.addKey("pro")];
  await draw(theirs, { ...menu, short_id: "THEIRS" });
  const [foreign, missing] = [await draw(mine, { short_id: "THEIRS" }), await draw(mine, { short_id: "NOBODYS" })];
  expect([foreign.status, missing.status]).toEqual([404, 404]);
  const withoutId = ({ request_id: _, ...rest }: Record<string, unknown>) => rest;
  expect(withoutId(await problemOf(foreign))).toEqual(withoutId(await problemOf(missing)));
  expect(await service.used(mine)).toBe(0);
});

test("retries with one Idempotency-Key create one code, and each gets its image for a credit", async () => {
  const key = await service.addKey("pro");
  const retries = await Promise.all(
    Array.from({ length: 8 }, () => draw(key, menu, {}, { "Idempotency-Key": "once" })),
  );
  expect(retries.map(({ status }) => status)).toEqual(Array(8).fill(200));
  const rows = await codesOf(key);
  expect(rows).toHaveLength(1);
  const address = `HTTPS://QR.EXAMPLE.ORG/Q/${rows[0]?.shortId}`;
  expect(new Set(await Promise.all(retries.map(textOf)))).toEqual(new Set([address]));
  expect(new Set(retries.map(({ headers }) => headers.get("X-QR-Public-Url")))).toEqual(new Set([address]));
  expect(retries.filter(({ headers }) => headers.get("Idempotent-Replayed") === "true")).toHaveLength(7);
  expect(await service.used(key)).toBe(8);

  const other = await draw(key, { ...menu, name: "Other" }, {}, { "Idempotency-Key": "once" });
  expect(other.status).toBe(409);
  expect((await problemOf(other)).code).toBe("idempotency_key_reused");
  expect(await service.used(key)).toBe(8);
  expect(await codesOf(key)).toHaveLength(1);
});

test("a refused image leaves no code and takes no credit", async () => {
  const key = await service.addKey("pro");
  const response = await draw(key, menu, { color: "#fefefe" }, { "Idempotency-Key": "pale" });
  expect((await problemOf(response)).code).toBe("unscannable");
  expect(await codesOf(key)).toHaveLength(0);
  expect(await service.used(key)).toBe(0);
  expect((await draw(key, menu, {}, { "Idempotency-Key": "pale" })).status).toBe(200);
});

test("a retry delivers the code whose first delivery could not be written down", async () => {
  const { workspaceId } = await service.addKey("pro");
  let failures = 1;
  const rig = await startRig({
    readCode: makeReadCode({
      db: service.db,
      seal: makeSeal(service.sealKey),
      scanBaseUrl: "https://qr.example.org",
      destinationRules: { ownHosts: [] },
      publishCode: async () => false,
    }),
    recordCall: async () => {
      if (failures-- > 0) throw new Error("disk full");
    },
  });
  try {
    const key = rig.addKey("pro");
    key.record.workspace_id = workspaceId;
    const request = () =>
      rig.generate(key, { data_type: "dynamic", payload: menu, size: 200 }, { "Idempotency-Key": "healed" });
    expect((await request()).status).toBe(503);
    expect(await rig.used(key)).toBe(0);
    const retried = await request();
    expect(retried.headers.get("Idempotent-Replayed")).toBe("true");
    const rows = await service.db.dynamicCode.findMany({ where: { workspaceId } });
    expect(rows.map(({ shortId }) => shortId)).toEqual([retried.headers.get("X-QR-Short-Id")]);
    // Only the first knew whether regions had heard of the code.
    expect(retried.headers.get("X-QR-Published")).toBeNull();
    expect(await textOf(retried)).toBe(`HTTPS://QR.EXAMPLE.ORG/Q/${rows[0]?.shortId}`);
    expect(await rig.used(key)).toBe(1);
  } finally {
    await rig.stop();
  }
});

test("a code that cannot be created costs nothing", async () => {
  const key = await service.addKey("free");
  const places = await Promise.all([1, 2, 3].map(() => draw(key, menu)));
  expect(places.map(({ status }) => status)).toEqual([200, 200, 200]);
  const full = await draw(key, menu);
  expect(full.status).toBe(403);
  expect((await problemOf(full)).code).toBe("plan_limit");
  const other = await service.addKey("pro");
  const taken = (await codesOf(key))[0]?.shortId as string;
  expect((await problemOf(await draw(other, { ...menu, short_id: taken }))).code).toBe("conflict");
  expect([await service.used(key), await service.used(other)]).toEqual([3, 0]);
});

test.each<[unknown, object, string, string]>([
  [undefined, {}, "validation_failed", "payload"],
  [{}, {}, "validation_failed", "payload.name"],
  [{ ...menu, colour: "red" }, {}, "validation_failed", "payload.colour"],
  [{ short_id: "a/b" }, {}, "validation_failed", "payload.short_id"],
  [menu, { data: "x" }, "validation_failed", "data"],
  [menu, { size: 5 }, "validation_failed", "size"],
  [{ ...menu, destination_url: "javascript:alert(1)" }, {}, "url_refused", "payload.destination_url"],
  [{ ...menu, destination_url: "https://QR.example.org/q/loop" }, {}, "url_refused", "payload.destination_url"],
  [{ ...menu, fallback_url: "http://127.0.0.1/" }, {}, "url_refused", "payload.fallback_url"],
])("%j with %j is refused as %s of %s, and nothing is created", async (payload, more, code, field) => {
  const key = await service.addKey("pro");
  const problem = await problemOf(await draw(key, payload, more));
  expect(problem.code).toBe(code);
  expect(Object.keys(problem.errors ?? {})).toContain(field);
  expect(await codesOf(key)).toHaveLength(0);
});

test("regions hear of a code as soon as it is delivered", async () => {
  const key = await service.addKey("pro");
  await draw(key, { ...menu, short_id: "HEARD" });
  const published = await until(async () => {
    const stored = await service.redis.hgetall(codesKey);
    return Object.values(stored).find((text) => text.includes("HEARD"));
  });
  expect(JSON.parse(published as string)).toMatchObject({ schema: publishedCodeSchema, short_id: "HEARD" });
});

test("a key draws only with the scope render, and creates only with codes:write", async () => {
  const [reader, drawer] = [await service.addKey("pro"), await service.addKey("pro")];
  const allow = (key: WorkspaceKey, scopes: string[]) =>
    service.db.apiKey.update({ where: { id: key.keyId }, data: { scopes } });
  await allow(reader, ["codes:read", "codes:write"]);
  await allow(drawer, ["render"]);
  for (const key of [reader, drawer]) {
    const response = await draw(key, menu);
    expect([response.status, (await problemOf(response)).code]).toEqual([403, "forbidden"]);
    expect(await codesOf(key)).toEqual([]);
  }
  const plain = await service.post("/api/v1/generate/", drawer, { data_type: "text", data: "hello", size: 200 });
  expect(plain.status).toBe(200);
  expect(await service.used(reader)).toBe(0);
});
