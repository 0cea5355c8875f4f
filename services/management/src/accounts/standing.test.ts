// Limits of each plan, and the rights of a frozen workspace: every limit and every route that changes
// something, by people and by keys.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { makeDueChange } from "@qrfactory/db/codes/scheduled-changes";
import { type PlanName, planNames, plans } from "@qrfactory/domain/plan/plans";
import { until } from "@qrfactory/processes/until";
import { type Answer, type Api, expectProblem, type Send, startApi } from "../api.fixture.js";

let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 2 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
});

const code = { name: "Menu", destination_url: "https://example.com/" };

/** Codes as they are after a creation, many at once. */
async function addCodes(workspaceId: string, count: number): Promise<void> {
  await db.$executeRaw`
    INSERT INTO dynamic_codes (id, workspace_id, short_id, name, destination_url)
    SELECT gen_random_uuid(), ${workspaceId}::uuid, upper(replace(gen_random_uuid()::text, '-', '')), 'Menu',
           'https://example.com/'
    FROM generate_series(1, ${count}::int)`;
}

test.each(planNames)(
  "the plan %s includes as many active codes, seats and requests a minute as its table says",
  async (name) => {
    const { as, workspaceId } = await api.signUp();
    if (name !== "free") await api.operate(workspaceId, { action: "workspace.plan_changed", plan: name });
    const plan = plans[name];
    const next = (plan_: PlanName) => planNames[planNames.indexOf(plan_) + 1] ?? "";

    const codes = Math.min(plan.activeCodesMax, 2_000);
    await addCodes(workspaceId, codes - 1);
    expect((await as("POST", "/api/v1/dynamic", { body: code })).status).toBe(201);
    const oneMore = await as("POST", "/api/v1/dynamic", { body: code });
    if (Number.isFinite(plan.activeCodesMax)) {
      expectProblem(oneMore, 403, "plan_limit");
      expect(oneMore.body.detail).toContain(`the plan ${next(name)} allows`);
    } else expect(oneMore.status).toBe(201);

    const seats = Math.min(plan.seatsMax, 12);
    const invite = (n: number) =>
      as("POST", "/api/v1/members", { body: { email: `${name}-${n}@example.com`, role: "viewer" } });
    for (let n = 1; n < seats; n++) expect((await invite(n)).status).toBe(201);
    const another = await invite(seats);
    if (Number.isFinite(plan.seatsMax)) {
      expectProblem(another, 403, "plan_limit");
      expect(another.body.detail).toContain(planNames.find((other) => plans[other].seatsMax > seats));
    } else expect(another.status).toBe(201);

    const { headers } = await as("GET", "/api/v1/dynamic");
    const quota = Number.isFinite(plan.requestsPerMinute) ? plan.requestsPerMinute : 999_999_999_999_999;
    expect(headers.get("ratelimit-policy")).toBe(`"caller";q=${quota};w=60`);
    expect(headers.get("ratelimit")).toMatch(/^"caller";r=\d+;t=\d+$/);
  },
);

/** A workspace with a member, an invitation, a key, two active codes and a deleted one; `as` is its owner. */
async function furnish() {
  const owner = await api.signUp();
  const { as, workspaceId } = owner;
  await api.operate(workspaceId, { action: "workspace.plan_changed", plan: "agency" });
  const member = await api.addMember(as, "member");
  const { body: key } = await as("POST", "/api/v1/keys", { body: { name: "Shop" } });
  const make = async () => (await as("POST", "/api/v1/dynamic", { body: code })).body.short_id as string;
  const [first, second, deleted] = [await make(), await make(), await make()];
  await as("DELETE", `/api/v1/dynamic/${deleted}`);
  const byKey: Send = (method, path, options = {}) =>
    api.send(method, path, { ...options, headers: { "X-Api-Key": key.raw_key, ...options.headers } });
  return { ...owner, member, key, byKey, first, second, deleted };
}

type Furnished = Awaited<ReturnType<typeof furnish>>;

const freezes = [
  ["suspended", { action: "workspace.suspended", reason: "spam" }, "forbidden", /suspended/],
  ["lapsed", { action: "workspace.lapsed" }, "plan_limit", /plan agency has lapsed; renew/],
  ["over its limit", { action: "workspace.plan_changed", plan: "free" }, "plan_limit", /starter has 10, pro 200/],
] as const;

/** Refused requests: everything that creates or edits. */
function changesOf({
  as,
  byKey,
  first,
  second,
  deleted,
  member,
  key,
}: Furnished): Record<string, () => Promise<Answer>> {
  return {
    create: () => as("POST", "/api/v1/dynamic", { body: code }),
    "create by key": () => byKey("POST", "/api/v1/dynamic", { body: code }),
    "create paused": () => as("POST", "/api/v1/dynamic", { body: { ...code, is_active: false } }),
    edit: () => as("PATCH", `/api/v1/dynamic/${first}`, { body: { name: "Card" } }),
    "edit by key": () => byKey("PATCH", `/api/v1/dynamic/${first}`, { body: { name: "Card" } }),
    "edit with a pause": () => as("PATCH", `/api/v1/dynamic/${first}`, { body: { name: "Card", is_active: false } }),
    "edit of many": () =>
      as("PATCH", "/api/v1/dynamic", { body: { short_ids: [first, second], changes: { folder: "A" } } }),
    rollback: () => as("POST", `/api/v1/dynamic/${first}/rollback`, { body: { version: 1 } }),
    restore: () => as("POST", `/api/v1/dynamic/${deleted}/restore`),
    "create a key": () => as("POST", "/api/v1/keys", { body: { name: "Other" } }),
    "rotate a key": () => as("POST", `/api/v1/keys/${key.id}/rotate`, { body: {} }),
    invite: () => as("POST", "/api/v1/members", { body: { email: "late@example.com", role: "viewer" } }),
    "change a role": () => as("PATCH", `/api/v1/members/${member.id}`, { body: { role: "viewer" } }),
    "hand over": () => as("POST", `/api/v1/members/${member.id}/transfer`, { body: {} }),
  };
}

test.each(freezes)(
  "a workspace that is %s refuses to create and edit, and reads, pauses and deletes as before",
  async (name, change, problem, says) => {
    const workspace = await furnish();
    const { as, byKey, workspaceId, first, second, member, key } = workspace;
    if (name === "over its limit") await addCodes(workspaceId, 20);
    await api.operate(workspaceId, change);
    for (const [what, attempt] of Object.entries(changesOf(workspace))) {
      const answer = await attempt();
      if (answer.body?.code !== problem) throw new Error(`${what}: ${answer.text}`);
      expectProblem(answer, 403, problem);
      expect(answer.body.detail).toMatch(says);
    }
    for (const path of [
      "dynamic",
      `dynamic/${first}`,
      "dynamic/export?format=csv",
      "keys",
      "members",
      "usage/me",
      "me",
    ]) {
      expect((await as("GET", `/api/v1/${path}`)).status).toBe(200);
    }
    expect((await byKey("GET", "/api/v1/usage")).status).toBe(200);
    const pause = { is_active: false };
    expect((await byKey("PATCH", `/api/v1/dynamic/${first}`, { body: pause })).status).toBe(200);
    expect((await as("PATCH", "/api/v1/dynamic", { body: { short_ids: [second], changes: pause } })).status).toBe(200);
    expect((await as("DELETE", `/api/v1/dynamic/${second}`)).status).toBe(204);
    expect((await as("DELETE", `/api/v1/members/${member.id}`)).status).toBe(204);
    expect((await as("DELETE", `/api/v1/keys/${key.id}`)).status).toBe(204);
  },
);

test("a smaller plan freezes until enough codes are paused or deleted, and changes no code", async () => {
  const { as, workspaceId } = await api.signUp();
  await api.operate(workspaceId, { action: "workspace.plan_changed", plan: "pro" });
  const made = await Promise.all(Array.from({ length: 6 }, () => as("POST", "/api/v1/dynamic", { body: code })));
  const ids = made.map(({ body }) => body.short_id as string);
  const { body: key } = await as("POST", "/api/v1/keys", { body: { name: "Shop" } });
  const before = (await as("GET", "/api/v1/dynamic")).body.results;
  await api.operate(workspaceId, { action: "workspace.plan_changed", plan: "free" });
  expect((await as("GET", "/api/v1/dynamic")).body.results).toEqual(before);
  const edit = () => as("PATCH", `/api/v1/dynamic/${ids[5]}`, { body: { name: "Card" } });

  await as("PATCH", `/api/v1/dynamic/${ids[0]}`, { body: { is_active: false } });
  await as("DELETE", `/api/v1/dynamic/${ids[1]}`);
  expectProblem(await edit(), 403, "plan_limit");
  // Several at once: of these any may be the one that ends it.
  await Promise.all(ids.slice(2, 5).map((id) => as("PATCH", `/api/v1/dynamic/${id}`, { body: { is_active: false } })));
  expect((await edit()).status).toBe(200);
  const row = await db.apiKey.findUniqueOrThrow({ where: { id: key.id } });
  // To be published once more, now that render may draw again.
  expect(row.version).toBeGreaterThan(row.publishedVersion);
});

test("an invitation cannot be accepted into a frozen workspace, and waits", async () => {
  const { as, workspaceId } = await api.signUp();
  await api.operate(workspaceId, { action: "workspace.plan_changed", plan: "pro" });
  await as("POST", "/api/v1/members", { body: { email: "patient@example.com", role: "viewer" } });
  const token = await api.mailedToken("patient@example.com", "invited");
  const accept = () =>
    api.send("POST", "/api/v1/auth/invitations/accept", { body: { token, password: "a password of mine" } });
  await api.operate(workspaceId, { action: "workspace.lapsed" });
  expectProblem(await accept(), 403, "plan_limit");
  await api.operate(workspaceId, { action: "workspace.renewed" });
  expect((await accept()).status).toBe(201);
});

test("a change that was put down for later is refused when it falls due in a frozen workspace, a pause is made", async () => {
  const { as, workspaceId } = await api.signUp();
  const { short_id } = (await as("POST", "/api/v1/dynamic", { body: code })).body;
  const path = `/api/v1/dynamic/${short_id}`;
  const effective_at = new Date(Date.now() + 60_000).toISOString();
  await as("PATCH", path, { body: { name: "Card", effective_at } });
  await as("PATCH", path, { body: { is_active: false, effective_at } });
  await api.operate(workspaceId, { action: "workspace.suspended", reason: "spam" });
  await db.$executeRaw`UPDATE scheduled_changes SET effective_at = effective_at - interval '1 minute'`;
  while ((await makeDueChange(db)) !== null);
  expect((await as("GET", path)).body).toMatchObject({ name: "Menu", is_active: false });
  const { results } = (await as("GET", `${path}/scheduled`)).body;
  expect(JSON.stringify(results)).toContain("suspended");
  const later = new Date(Date.now() + 60_000).toISOString();
  expectProblem(await as("PATCH", path, { body: { name: "Card", effective_at: later } }), 403, "forbidden");
});

test("a larger plan ends it at once, and a suspension outlasts both", async () => {
  const { as, workspaceId } = await api.signUp();
  await addCodes(workspaceId, 4);
  await api.operate(workspaceId, { action: "workspace.plan_changed", plan: "pro" });
  const create = () => as("POST", "/api/v1/dynamic", { body: code });
  await api.operate(workspaceId, { action: "workspace.plan_changed", plan: "free" });
  expectProblem(await create(), 403, "plan_limit");
  await api.operate(workspaceId, { action: "workspace.suspended", reason: "spam" });
  expectProblem(await create(), 403, "forbidden");
  await api.operate(workspaceId, { action: "workspace.plan_changed", plan: "pro" });
  expectProblem(await create(), 403, "forbidden");
  await api.operate(workspaceId, { action: "workspace.resumed", reason: "sorry" });
  expect((await create()).status).toBe(201);
});

test("nothing is created once a suspension is committed, whatever was under way", async () => {
  const { as, workspaceId } = await api.signUp();
  await api.operate(workspaceId, { action: "workspace.plan_changed", plan: "enterprise" });
  let stop = false;
  const creating = Array.from({ length: 4 }, async () => {
    while (!stop) await as("POST", "/api/v1/dynamic", { body: code });
  });
  await until(async () => (await db.dynamicCode.count({ where: { workspaceId } })) > 20);
  await api.operate(workspaceId, { action: "workspace.suspended", reason: "spam" });
  const count = await db.dynamicCode.count({ where: { workspaceId } });
  await as("GET", "/api/v1/dynamic");
  stop = true;
  await Promise.all(creating);
  expect(await db.dynamicCode.count({ where: { workspaceId } })).toBe(count);
});
