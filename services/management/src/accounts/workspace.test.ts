import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { until } from "@qrfactory/processes/until";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
});

/** Every row of every table as text. */
async function dump(): Promise<string> {
  const tables = await db.$queryRaw<{ name: string }[]>`
    SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`;
  const rows = [];
  for (const { name } of tables) rows.push(await db.$queryRawUnsafe(`SELECT t::text FROM "${name}" t`));
  return JSON.stringify(rows);
}

test("a deleted workspace leaves its codes as they are, and nothing of its people and keys", async () => {
  const [owner, guest] = [await api.signUp(), await api.signUp()];
  await api.setPlan(owner.workspaceId, "agency");
  const member = await api.addMember(owner.as, "admin");
  await owner.as("POST", "/api/v1/members", { body: { email: guest.email, role: "viewer" } });
  const token = await api.mailedToken(guest.email, "invited");
  await api.send("POST", "/api/v1/auth/invitations/accept", { body: { token, password: guest.password } });
  await owner.as("POST", "/api/v1/members", { body: { email: "waiting@example.com", role: "viewer" } });
  const { body: key } = await owner.as("POST", "/api/v1/keys", { body: { name: "Secret project" } });
  const code = { name: "Poster", destination_url: "https://example.com/" };
  const { body: created } = await owner.as("POST", "/api/v1/dynamic", { body: code });
  const findCode = () => db.dynamicCode.findUniqueOrThrow({ where: { shortId: created.short_id } });
  await until(async () => (await findCode()).publishedVersion === 1);
  const before = await findCode();

  const remove = (body: object) => owner.as("DELETE", "/api/v1/workspace/", { body });
  expectProblem(await remove({}), 400, "validation_failed");
  expectProblem(await remove({ password: "not the password" }), 403, "forbidden");
  const byAdmin = await member.as("DELETE", "/api/v1/workspace", { body: { password: member.password } });
  expectProblem(byAdmin, 403, "forbidden");
  expect((await remove({ password: owner.password })).status).toBe(204);

  expect(await findCode()).toEqual(before);
  const useKey = () => api.send("GET", "/api/v1/usage", { headers: { "X-Api-Key": key.raw_key } });
  await until(async () => (await useKey()).status === 401);
  for (const { as } of [owner, member]) expectProblem(await as("GET", "/api/v1/me"), 401, "unauthenticated");
  const { email, password } = owner;
  expectProblem(await api.send("POST", "/api/v1/auth/login", { body: { email, password } }), 401, "unauthenticated");
  const left = await dump();
  for (const trace of [owner.email, member.email, "waiting@example.com", "Secret project"]) {
    expect(left).not.toContain(trace);
  }
  expect((await guest.as("GET", "/api/v1/me")).body.workspaces).toMatchObject([{ id: guest.workspaceId }]);
});

test("no secret that was ever handed out is in the database", async () => {
  const owner = await api.signUp();
  await api.setPlan(owner.workspaceId, "agency");
  const member = await api.addMember(owner.as, "admin");
  const headers = { "Idempotency-Key": "a-key" };
  const { body: key } = await owner.as("POST", "/api/v1/keys", { body: { name: "Shop" }, headers });
  const overlap = { body: { overlap_seconds: 60 }, headers: { "Idempotency-Key": "another" } };
  const { body: rotated } = await owner.as("POST", `/api/v1/keys/${key.id}/rotate`, overlap);
  const invited = { body: { email: "open@example.com", role: "viewer" }, headers };
  await owner.as("POST", "/api/v1/members", invited);
  await api.send("POST", "/api/v1/auth/password/forgot", { body: { email: owner.email } });
  const { refresh_token } = owner.session;
  const { body: refreshed } = await api.send("POST", "/api/v1/auth/refresh", { body: { refresh_token } });
  const { body: switched } = await owner.as("POST", "/api/v1/auth/switch", {
    body: { workspace_id: owner.workspaceId },
  });
  const mailed = [
    await api.mailedToken(owner.email, "your address"),
    await api.mailedToken(owner.email, "password"),
    await api.mailedToken("open@example.com", "invited"),
    await api.mailedToken(member.email, "invited"),
  ];
  const sessions = [owner.session, member.session, refreshed, switched];
  const secrets = [
    ...mailed,
    ...sessions.flatMap((session) => [session.access_token, session.refresh_token]),
    ...[key, rotated].flatMap(({ raw_key, signing_secret }) => [raw_key, signing_secret]),
    owner.password,
  ];
  const all = await dump();
  expect(all).toContain(owner.email);
  expect(all).toContain(key.id);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(15);
    expect(all).not.toContain(secret);
    expect(all).not.toContain(Buffer.from(secret).toString("hex"));
  }
});
