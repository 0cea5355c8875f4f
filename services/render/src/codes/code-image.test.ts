import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { decodeOne } from "@qrfactory/testing/decode";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { type Assembled, startAssembled, type WorkspaceKey } from "../assembled.fixture.js";

let service: Assembled;
beforeAll(async () => {
  service = await startAssembled();
});
afterAll(() => service.close());

/** A workspace with a code, and the path of the code's image. */
async function addCode(plan: "free" | "pro" = "pro") {
  const key = await service.addKey(plan);
  const payload = { name: "Menu", destination_url: "https://example.com/menu" };
  const drawn = await service.post("/api/v1/generate/", key, { data_type: "dynamic", payload, size: 200 });
  const shortId = drawn.headers.get("X-QR-Short-Id") as string;
  return { key, shortId, path: `/api/v1/dynamic/${shortId}/image/` };
}

const get = (path: string, headers: Record<string, string>) => fetchOurs(service.url + path, { headers });
const byKey = ({ raw }: WorkspaceKey) => ({ "X-Api-Key": raw });

test("a code is drawn as its query describes, for a key and for somebody at a dashboard", async () => {
  const { key, shortId, path } = await addCode();
  const callers = [byKey(key), { Authorization: await service.logIn(key) }];
  for (const headers of callers) {
    const answer = await get(`${path}?format=png&size=300&pattern=dot&color=%23123456`, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Content-Type")).toBe("image/png");
    expect(answer.headers.get("X-QR-Short-Id")).toBe(shortId);
    const image = Buffer.from(await answer.arrayBuffer());
    expect(image.readUInt32BE(16)).toBe(300);
    expect(await decodeOne(image)).toBe(`HTTPS://QR.EXAMPLE.ORG/Q/${shortId}`);
  }
  expect(await service.used(key)).toBe(3);
});

test("a viewer, who spends nothing, is refused before anything is drawn", async () => {
  const { key, path } = await addCode();
  const authorization = await service.logIn(key);
  const { workspaceId, userId } = key;
  await service.db.member.update({
    where: { workspaceId_userId: { workspaceId, userId } },
    data: { role: "viewer" },
  });
  const answer = await get(path, { Authorization: authorization });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, "forbidden"]);
  expect(await service.used(key)).toBe(1);
});

test("who has the image already is told so, for nothing", async () => {
  const { key, path } = await addCode();
  const first = await get(path, byKey(key));
  expect(first.headers.get("Cache-Control")).toBe("private, no-cache");
  const again = await get(path, { ...byKey(key), "If-None-Match": first.headers.get("ETag") as string });
  expect(again.status).toBe(304);
  expect(await service.used(key)).toBe(2);
});

test("a code of another workspace looks like a missing one, and costs nothing", async () => {
  const [mine, theirs] = [await addCode(), await addCode()];
  const bodies = await Promise.all(
    [theirs.path, "/api/v1/dynamic/NOBODYS/image/", "/api/v1/dynamic/!!/image/"].map(async (path) => {
      const answer = await get(path, { ...byKey(mine.key), "X-Request-Id": "same" });
      expect(answer.status).toBe(404);
      return answer.text();
    }),
  );
  expect(new Set(bodies).size).toBe(1);
  expect(await service.used(mine.key)).toBe(1);
});

test.each([
  ["data=x", "data"],
  ["payload=%7B%7D", "payload"],
  ["data_type=text", "data_type"],
  ["size=5", "size"],
  ["colour=red", "colour"],
])("%s is refused by the name of its field", async (query, field) => {
  const { key, path } = await addCode();
  const answer = await get(`${path}?${query}`, byKey(key));
  expect(answer.status).toBe(400);
  expect(((await answer.json()) as { errors: object }).errors).toHaveProperty(field);
});

test("nobody, a bad token and a used-up quota are told what is wrong", async () => {
  const { key, path } = await addCode("free");
  expect((await get(path, {})).status).toBe(401);
  expect((await get(path, { Authorization: "Bearer none" })).status).toBe(401);
  for (let i = 0; i < 49; i++) expect((await get(path, byKey(key))).status).toBe(200);
  const refused = await get(path, byKey(key));
  expect(refused.status).toBe(429);
  expect(refused.headers.get("Retry-After")).toMatch(/^\d+$/);
});
