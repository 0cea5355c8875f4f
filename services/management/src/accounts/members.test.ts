import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** An owner whose plan has ten seats. */
async function foundTeam() {
  const owner = await api.signUp();
  await api.setPlan(owner.workspaceId, "agency");
  return owner;
}

const accept = (body: object) => api.send("POST", "/api/v1/auth/invitations/accept/", { body });
const rowsOf = async ({ as }: Pick<Awaited<ReturnType<typeof foundTeam>>, "as">) =>
  (await as("GET", "/api/v1/members")).body.results as { id: string; email: string; role: string; status: string }[];

test("an invited person accepts with the mailed token, once, and is a member with the role given", async () => {
  const owner = await foundTeam();
  const email = "grace@example.com";
  const invited = await owner.as("POST", "/api/v1/members/", {
    body: { email: " Grace@Example.com ", role: "member" },
  });
  expect(invited.status).toBe(201);
  expect(invited.body).toMatchObject({ email, role: "member", status: "invited", user_id: null });
  const token = await api.mailedToken(email, "invited");
  expect(invited.text).not.toContain(token);
  expectProblem(await accept({ token, password: "short" }), 400, "validation_failed");
  const accepted = await accept({ token, password: "a password of her own" });
  expect(accepted.status).toBe(201);
  expect(accepted.body).toMatchObject({ user: { email }, workspace: { id: owner.workspaceId, role: "member" } });
  expectProblem(await accept({ token, password: "a password of her own" }), 401, "unauthenticated");
  const rows = await rowsOf(owner);
  expect(rows).toMatchObject([{ role: "owner" }, { id: invited.body.id, role: "member", status: "active" }]);
});

test("the mail of an invitation says who invites, to what and as what, and links to the page that accepts it", async () => {
  const owner = await foundTeam();
  await owner.as("POST", "/api/v1/members/", { body: { email: "linked@example.com", role: "admin" } });
  const token = await api.mailedToken("linked@example.com", "invited");
  const { text = "", subject = "" } = api.mails.findLast(({ to }) => to === "linked@example.com") ?? {};
  expect(subject).toContain(owner.email);
  expect(text).toContain(`${owner.email} invites you to the workspace`);
  expect(text).toContain("as an admin");
  expect(text).toContain(`/account/#invitation=${token}\n`);
});

test("who is logged in with the invited address accepts without a password, and nobody else does", async () => {
  const [owner, guest, stranger] = [await foundTeam(), await api.signUp(), await api.signUp()];
  await owner.as("POST", "/api/v1/members/", { body: { email: guest.email, role: "viewer" } });
  const token = await api.mailedToken(guest.email, "invited");
  const refused = await accept({ token });
  expectProblem(refused, 400, "validation_failed");
  expect(Object.keys(refused.body.errors)).toEqual(["password"]);
  const accepting = (person: typeof guest) =>
    person.as("POST", "/api/v1/auth/invitations/accept/", { body: { token } });
  expectProblem(await accepting(stranger), 403, "forbidden");
  const accepted = await accepting(guest);
  expect(accepted.status).toBe(201);
  expect(accepted.body).toMatchObject({
    user: { email: guest.email, email_verified: true },
    workspace: { id: owner.workspaceId, role: "viewer" },
  });
  expectProblem(await accepting(guest), 401, "unauthenticated");
});

test("of four transfers at once one is made, and there is one owner", async () => {
  const owner = await foundTeam();
  const members = [];
  for (let n = 0; n < 4; n += 1) members.push(await api.addMember(owner.as, "admin"));
  const answers = await Promise.all(members.map(({ id }) => owner.as("POST", `/api/v1/members/${id}/transfer`)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403]);
  expect((await rowsOf(owner)).filter(({ role }) => role === "owner")).toHaveLength(1);
});

test("an admin who is demoted at the same moment makes nobody an admin, invites nobody and makes no key", async () => {
  const owner = await foundTeam();
  const [admin, friend] = [await api.addMember(owner.as, "admin"), await api.addMember(owner.as, "viewer")];
  const demotion = owner.as("PATCH", `/api/v1/members/${admin.id}`, { body: { role: "viewer" } });
  const attempts = [
    admin.as("PATCH", `/api/v1/members/${friend.id}`, { body: { role: "admin" } }),
    admin.as("POST", "/api/v1/members", { body: { email: "friend@example.com", role: "admin" } }),
    admin.as("POST", "/api/v1/keys", { body: { name: "late" } }),
  ];
  expect((await demotion).status).toBe(200);
  // Each came wholly before the demotion or not at all.
  const made = (await Promise.all(attempts)).map(({ status }) => status);
  for (const status of made) expect([200, 201, 403]).toContain(status);
  const trail = (await owner.as("GET", "/api/v1/audit/?limit=100")).body.results as { action: string; actor: object }[];
  const demotedAt = trail.findIndex(({ action }) => action === "member.role_changed");
  const later = trail.slice(0, demotedAt).filter(({ action }) => action !== "member.role_changed");
  expect(later.map(({ action }) => action)).toEqual([]);
});

test("somebody with an account accepts with its password and then has two workspaces to switch between", async () => {
  const [owner, guest] = [await foundTeam(), await api.signUp()];
  await owner.as("POST", "/api/v1/members", { body: { email: guest.email, role: "viewer" } });
  const token = await api.mailedToken(guest.email, "invited");
  expectProblem(await accept({ token, password: "not the password" }), 401, "unauthenticated");
  expect((await accept({ token, password: guest.password })).status).toBe(201);
  const me = await guest.as("GET", "/api/v1/me");
  expect(me.body.workspaces).toMatchObject([
    { id: guest.workspaceId, role: "owner" },
    { id: owner.workspaceId, role: "viewer" },
  ]);
  const switched = await guest.as("POST", "/api/v1/auth/switch/", { body: { workspace_id: owner.workspaceId } });
  expect(switched.body.workspace).toMatchObject({ id: owner.workspaceId, role: "viewer" });
  expectProblem(
    await api.sendAs(switched.body.access_token)("POST", "/api/v1/keys", { body: { name: "x" } }),
    403,
    "forbidden",
  );
  const { email, password } = guest;
  const logIn = (workspace_id?: string) =>
    api.send("POST", "/api/v1/auth/login", { body: { email, password, workspace_id } });
  expect((await logIn()).body.workspace.id).toBe(guest.workspaceId);
  expect((await logIn(owner.workspaceId)).body.workspace.id).toBe(owner.workspaceId);
  const stranger = await api.signUp();
  expectProblem(await logIn(stranger.workspaceId), 404, "not_found");
  const elsewhere = { body: { workspace_id: stranger.workspaceId } };
  expectProblem(await guest.as("POST", "/api/v1/auth/switch", elsewhere), 404, "not_found");
});

test.each([
  ["viewer", 403, 403],
  ["member", 403, 403],
  ["admin", 201, 403],
] as const)("a %s who invites a member gets %i, and one who invites an owner %i", async (role, member, owner) => {
  const team = await foundTeam();
  const { as } = await api.addMember(team.as, role);
  const invite = (email: string, invited: string) => as("POST", "/api/v1/members", { body: { email, role: invited } });
  expect((await invite(`by-${role}@example.com`, "member")).status).toBe(member);
  expect((await invite(`owner-by-${role}@example.com`, "owner")).status).toBe(owner);
  expect((await as("GET", "/api/v1/members")).status).toBe(200);
});

test("an admin changes and removes members, but never an owner", async () => {
  const team = await foundTeam();
  const admin = await api.addMember(team.as, "admin");
  const viewer = await api.addMember(team.as, "viewer");
  const owner = (await rowsOf(team)).find((row) => row.role === "owner");
  const patch = (id: string | undefined, role: string) =>
    admin.as("PATCH", `/api/v1/members/${id}/`, { body: { role } });
  expect((await patch(viewer.id, "member")).body).toMatchObject({ id: viewer.id, role: "member" });
  expectProblem(await patch(viewer.id, "owner"), 403, "forbidden");
  expectProblem(await patch(owner?.id, "viewer"), 403, "forbidden");
  expectProblem(await patch(viewer.id, "king"), 400, "validation_failed");
  expectProblem(await admin.as("DELETE", `/api/v1/members/${owner?.id}`), 403, "forbidden");
  expectProblem(
    await viewer.as("PATCH", `/api/v1/members/${admin.id}`, { body: { role: "viewer" } }),
    403,
    "forbidden",
  );
  expectProblem(await viewer.as("DELETE", `/api/v1/members/${admin.id}`), 403, "forbidden");
  expect((await admin.as("DELETE", `/api/v1/members/${viewer.id}/`)).status).toBe(204);
  expectProblem(await viewer.as("GET", "/api/v1/me"), 401, "unauthenticated");
  const { refresh_token } = viewer.session;
  expectProblem(await api.send("POST", "/api/v1/auth/refresh", { body: { refresh_token } }), 401, "unauthenticated");
  const { email, password } = viewer;
  expectProblem(await api.send("POST", "/api/v1/auth/login", { body: { email, password } }), 403, "forbidden");
});

test("anybody may leave but the last owner, also when two owners leave at once", async () => {
  const team = await foundTeam();
  const viewer = await api.addMember(team.as, "viewer");
  expect((await viewer.as("DELETE", `/api/v1/members/${viewer.id}`)).status).toBe(204);
  const [own] = await rowsOf(team);
  const leave = () => team.as("DELETE", `/api/v1/members/${own?.id}`);
  expectProblem(await leave(), 409, "conflict");
  const demote = { body: { role: "admin" } };
  expectProblem(await team.as("PATCH", `/api/v1/members/${own?.id}`, demote), 409, "conflict");
  const second = await api.addMember(team.as, "owner");
  const answers = await Promise.all([leave(), second.as("DELETE", `/api/v1/members/${second.id}`)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
});

test("an owner hands the workspace over and is an admin then", async () => {
  const team = await foundTeam();
  const heir = await api.addMember(team.as, "member");
  const transfer = (as: typeof team.as, id: string) => as("POST", `/api/v1/members/${id}/transfer/`);
  expectProblem(await transfer(heir.as, heir.id), 403, "forbidden");
  const { body: invited } = await team.as("POST", "/api/v1/members", {
    body: { email: "o@example.com", role: "admin" },
  });
  expectProblem(await transfer(team.as, invited.id), 409, "conflict");
  expect((await transfer(team.as, heir.id)).body).toMatchObject({ id: heir.id, role: "owner" });
  expect((await team.as("GET", "/api/v1/me")).body.workspace.role).toBe("admin");
  expectProblem(await transfer(team.as, heir.id), 403, "forbidden");
});

test("a plan has so many seats, open invitations included, however many invitations come at once", async () => {
  const owner = await api.signUp();
  const invite = (name: string) =>
    owner.as("POST", "/api/v1/members", { body: { email: `${name}-${owner.email}`, role: "viewer" } });
  const refused = await invite("one");
  expectProblem(refused, 403, "plan_limit");
  expect(refused.body.detail).toContain("pro");
  await api.setPlan(owner.workspaceId, "pro");
  const answers = await Promise.all(["a", "b", "c", "d", "e"].map(invite));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 403, 403, 403]);
  const open = (await rowsOf(owner)).filter(({ status }) => status === "invited");
  expect((await owner.as("DELETE", `/api/v1/members/${open[0]?.id}`)).status).toBe(204);
  expect((await invite("f")).status).toBe(201);
  await api.setPlan(owner.workspaceId, "free");
  const token = await api.mailedToken(`f-${owner.email}`, "invited");
  expectProblem(await accept({ token, password: "a password of my own" }), 403, "plan_limit");
});

test("nobody is invited twice, and an invitation sent again with its key is one mail", async () => {
  const team = await foundTeam();
  const email = "twice@example.com";
  const invite = (headers: Record<string, string>) =>
    team.as("POST", "/api/v1/members", { body: { email, role: "viewer" }, headers });
  const first = await invite({ "Idempotency-Key": "invite" });
  const again = await invite({ "Idempotency-Key": "invite" });
  expect([again.status, again.text]).toEqual([201, first.text]);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expectProblem(await invite({}), 409, "conflict");
  expect(api.mails.filter(({ to }) => to === email)).toHaveLength(1);
  expectProblem(
    await team.as("POST", "/api/v1/members", { body: { email: team.email, role: "viewer" } }),
    409,
    "conflict",
  );
});

test("a member of another workspace looks exactly like a missing one", async () => {
  const [mine, theirs] = [await foundTeam(), await foundTeam()];
  const [foreign] = await rowsOf(theirs);
  const headers = { "X-Request-Id": "the-same" };
  for (const [method, suffix, body] of [
    ["PATCH", "", { role: "viewer" }],
    ["DELETE", "", undefined],
    ["POST", "/transfer", undefined],
  ] as const) {
    const send = (id: string | undefined) => mine.as(method, `/api/v1/members/${id}${suffix}`, { body, headers });
    const answer = await send(foreign?.id);
    expectProblem(answer, 404, "not_found");
    expect(answer.text).toBe((await send("00000000-0000-4000-8000-000000000000")).text);
    expect(answer.text).toBe((await send("no-id")).text);
  }
});
