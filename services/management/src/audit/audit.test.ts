import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Api, expectProblem, type Send, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

type Event = { action: string; target: string; actor: { kind: string; id: string; name: string }; details: object };

async function listEvents(as: Send, query = ""): Promise<Event[]> {
  const answer = await as("GET", `/api/v1/audit/?limit=100${query}`);
  expect(answer.status).toBe(200);
  return answer.body.results;
}

const code = { name: "Menu", destination_url: "https://example.com/" };

test("every change of a code says who made it, when, from which network and by which request", async () => {
  const { as, session, email } = await api.signUp();
  const headers = { "X-Request-Id": "the-request" };
  const { body: created } = await as("POST", "/api/v1/dynamic", { body: code, headers });
  const path = `/api/v1/dynamic/${created.short_id}`;
  await as("PATCH", path, { body: { name: "Card", tags: ["a"] } });
  await as("POST", `${path}/rollback`, { body: { version: 1 } });
  await as("DELETE", path);
  await as("POST", `${path}/restore`, {});
  await as("PATCH", "/api/v1/dynamic", { body: { short_ids: [created.short_id], changes: { folder: "F" } } });
  const events = await listEvents(as, `&target=${created.short_id}`);
  expect(events.map(({ action, details }) => [action, details])).toEqual([
    ["dynamic.updated", { version: 6, fields: ["folder"] }],
    ["dynamic.restored", { version: 5 }],
    ["dynamic.deleted", { version: 4 }],
    ["dynamic.rolled_back", { version: 3, to: 1 }],
    ["dynamic.updated", { version: 2, fields: ["name", "tags"] }],
    ["dynamic.created", { version: 1 }],
  ]);
  expect(events.at(-1)).toMatchObject({
    actor: { kind: "user", id: session.user.id, name: email },
    network: "127.0.0.0/24",
    request_id: "the-request",
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});

test("what is done to keys, members, sessions and passwords is in the trail, and no secret is", async () => {
  const { as, email, password, workspaceId } = await api.signUp();
  await api.setPlan(workspaceId, "agency");
  const { body: key } = await as("POST", "/api/v1/keys", { body: { name: "Shop" } });
  const { body: rotated } = await as("POST", `/api/v1/keys/${key.id}/rotate`, { body: {} });
  const byKey = { "X-Api-Key": rotated.raw_key };
  await api.send("POST", "/api/v1/dynamic", { body: code, headers: byKey });
  await as("DELETE", `/api/v1/keys/${key.id}`);
  const member = await api.addMember(as, "member");
  await as("PATCH", `/api/v1/members/${member.id}`, { body: { role: "viewer" } });
  await as("DELETE", `/api/v1/members/${member.id}`);
  const newPassword = "another good password";
  await as("POST", "/api/v1/auth/password", { body: { old_password: password, password: newPassword } });
  const { body: second } = await api.send("POST", "/api/v1/auth/login", { body: { email, password: newPassword } });
  await api.send("POST", "/api/v1/auth/logout", { body: { refresh_token: second.refresh_token } });
  const events = await listEvents(as);
  expect(events.map(({ action }) => action).reverse()).toEqual([
    "workspace.created",
    "session.started",
    "key.created",
    "key.rotated",
    "dynamic.created",
    "key.revoked",
    "member.invited",
    "member.joined",
    "user.email_verified",
    "session.started",
    "member.role_changed",
    "member.removed",
    "user.password_changed",
    "session.started",
    "session.ended",
  ]);
  expect(events.find(({ actor }) => actor.kind === "key")?.actor).toEqual({ kind: "key", id: key.id, name: "Shop" });
  const shown = JSON.stringify(events);
  const secrets = [key.raw_key, key.signing_secret, rotated.raw_key, password, newPassword, second.refresh_token];
  for (const secret of secrets) expect(shown).not.toContain(secret);
});

test("a change that was refused or replayed leaves no second event", async () => {
  const { as } = await api.signUp();
  const headers = { "Idempotency-Key": "once" };
  const { body: created } = await as("POST", "/api/v1/dynamic", { body: code, headers });
  await as("POST", "/api/v1/dynamic", { body: code, headers });
  await as("PATCH", `/api/v1/dynamic/${created.short_id}`, { body: { name: "X" }, headers: { "If-Match": '"9"' } });
  expect(await listEvents(as, `&target=${created.short_id}`)).toHaveLength(1);
});

test("pages that are followed by their cursor show every event once, while others are added", async () => {
  const { as } = await api.signUp();
  const { body: created } = await as("POST", "/api/v1/dynamic", { body: code });
  const edit = (name: string) => as("PATCH", `/api/v1/dynamic/${created.short_id}`, { body: { name } });
  for (let i = 0; i < 5; i++) await edit(`Name ${i}`);
  const before = (await listEvents(as)).map((event) => (event as { id?: string }).id);
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const { body } = await as("GET", `/api/v1/audit?limit=2${query}`);
    seen.push(...body.results.map(({ id }: { id: string }) => id));
    cursor = body.next_cursor;
    await edit("Later");
  }
  expect(seen).toEqual(before);
});

test("the trail is narrowed down by action, actor, target and time", async () => {
  const { as, session } = await api.signUp();
  await as("POST", "/api/v1/dynamic", { body: code });
  const actions = async (query: string) => (await listEvents(as, query)).map(({ action }) => action);
  expect(await actions("&action=dynamic.created,workspace.created")).toEqual(["dynamic.created", "workspace.created"]);
  expect(await actions(`&actor_id=${session.user.id}&action=session.started`)).toEqual(["session.started"]);
  expect(await actions("&target=NOBODY")).toEqual([]);
  expect(await actions(`&from=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
  expect(await actions(`&to=${new Date(Date.now() + 60_000).toISOString()}`)).toHaveLength(3);
});

test.each(["action=dynamic.eaten", "cursor=bm9uc2Vuc2U", "limit=101", "limit=0", "from=yesterday", "page=1"])(
  "%s is refused",
  async (query) => {
    const { as } = await api.signUp();
    expectProblem(await as("GET", `/api/v1/audit?${query}`), 400, "validation_failed");
  },
);

test("only admins read the trail, each that of their own workspace", async () => {
  const { as, workspaceId } = await api.signUp();
  await api.setPlan(workspaceId, "agency");
  for (const role of ["member", "viewer"] as const) {
    expectProblem(await (await api.addMember(as, role)).as("GET", "/api/v1/audit"), 403, "forbidden");
  }
  expect(await listEvents((await api.addMember(as, "admin")).as)).not.toHaveLength(0);
  expectProblem(await api.send("GET", "/api/v1/audit"), 401, "unauthenticated");
  const stranger = await api.signUp();
  expect((await listEvents(stranger.as)).every(({ actor }) => actor.name === stranger.email)).toBe(true);
});
