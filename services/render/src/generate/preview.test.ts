import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { decodeOne } from "@qrfactory/testing/decode";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { PNG } from "pngjs";
import { type Assembled, startAssembled, type WorkspaceKey } from "../assembled.fixture.js";

let service: Assembled;
beforeAll(async () => {
  service = await startAssembled();
});
afterAll(() => service.close());

const data = "https://example.com/menu";
const path = "/api/v1/preview/";

const post = (address: string, headers: Record<string, string>, body: object) =>
  fetchOurs(service.url + address, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const byKey = ({ raw }: WorkspaceKey) => ({ "X-Api-Key": raw });

test("a preview is small, marked, readable and free, for a key and for somebody at a dashboard", async () => {
  const key = await service.addKey("free");
  const plain = PNG.sync.read(
    Buffer.from(await (await post("/api/v1/generate/", byKey(key), { data, size: 512 })).arrayBuffer()),
  );
  for (const headers of [byKey(key), { Authorization: await service.logIn(key) }]) {
    const answer = await post(path, headers, { data });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(Number(answer.headers.get("X-QR-Scan-Score"))).toBeGreaterThan(0);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const image = PNG.sync.read(bytes);
    expect([image.width, await decodeOne(bytes)]).toEqual([512, data]);
    // A banner with its label stands below the symbol.
    expect(image.data.equals(plain.data)).toBe(false);
  }
  expect(await service.used(key)).toBe(1);
});

test.each([
  [{ size: 513 }, "size"],
  [{ size_inches: 2 }, "size"],
  [{ format: "pdf" }, "format"],
  [{ colour: "red" }, "colour"],
])("%j is no preview", async (fields, field) => {
  const answer = await post(path, byKey(await service.addKey("pro")), { data, ...fields });
  expect(answer.status).toBe(400);
  expect(((await answer.json()) as { errors: object }).errors).toHaveProperty(field);
});

test.each([
  [{ frame_style: "box", frame_color: "white", frame_label: "Menu", frame_label_color: "white" }],
  [{ frame_style: "ticket", frame_label: "A label of forty characters, all of them" }],
  [{ frame_style: "banner-top", frame_color: "#003366", frame_label_color: "#003366" }],
  [{ pattern: "dot", background: "#ffeecc" }],
])("the mark of %j cannot be made invisible", async (fields) => {
  const headers = byKey(await service.addKey("pro"));
  const draw = async (more: object) => {
    const answer = await post(path, headers, { data, format: "svg", ...fields, ...more });
    return [answer.status, await answer.text()] as const;
  };
  const [status, shown] = await draw({});
  expect(status).toBe(200);
  // The same with a label colour of its own is the same: nobody chooses the colour of the mark.
  expect((await draw({ frame_label_color: "#ff0000" }))[1]).toBe(shown);
  expect(shown).not.toBe((await draw({ frame_label: "Another" }))[1]);
});

test("a viewer sees previews and judgements, and draws nothing that costs", async () => {
  const key = await service.addKey("pro");
  const headers = { Authorization: await service.logIn(key) };
  const { workspaceId, userId } = key;
  const where = { workspaceId_userId: { workspaceId, userId } };
  expect((await post("/api/v1/generate/", headers, { data })).status).toBe(200);
  await service.db.member.update({ where, data: { role: "viewer" } });
  for (const [address, status] of [
    [path, 200],
    ["/api/v1/validate/", 200],
    ["/api/v1/generate/", 403],
  ] as const)
    expect([address, (await post(address, headers, { data })).status]).toEqual([address, status]);
  expect(await service.used(key)).toBe(1);
});

test("somebody at a dashboard creates a code with its image, under their own name", async () => {
  const key = await service.addKey("pro");
  const payload = { name: "Menu", destination_url: "https://example.com/" };
  const headers = { Authorization: await service.logIn(key) };
  const answer = await post("/api/v1/generate/", headers, { data_type: "dynamic", payload });
  expect(answer.status).toBe(200);
  const shortId = answer.headers.get("X-QR-Short-Id") as string;
  const event = await service.db.auditEvent.findFirst({ where: { target: shortId } });
  expect(event).toMatchObject({ actorKind: "user", actorId: key.userId });
  const preview = await post(path, headers, { data_type: "dynamic", payload });
  expect([preview.status, await service.db.dynamicCode.count({ where: { workspaceId: key.workspaceId } })]).toEqual([
    200, 1,
  ]);
});

test("more than twenty previews in a second wait, and leave the requests of a minute alone", async () => {
  const key = await service.addKey("free");
  const answers = await Promise.all(Array.from({ length: 60 }, () => post(path, byKey(key), { data, size: 100 })));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]?.headers.get("Retry-After")).toBe("1");
  const { headers } = await post("/api/v1/validate/", byKey(key), { data });
  expect(headers.get("RateLimit")).toMatch(/^"caller";r=119;/);
});

test("a 401 names what the route takes", async () => {
  const challengeOf = async (address: string, init: RequestInit = { method: "POST" }) =>
    (await fetchOurs(service.url + address, init)).headers.get("WWW-Authenticate");
  expect(await challengeOf(path)).toBe('Bearer, ApiKey header="X-Api-Key"');
  expect(await challengeOf("/api/v1/generate/", {})).toBe('SignedUrl parameters="key expires sig"');
});
