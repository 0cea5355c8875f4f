import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ownedWorkspacesMax } from "@qrfactory/db/accounts/accounts";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

test("a user makes another workspace, once however often it is tried, and enters it", async () => {
  const { as, session, workspaceId } = await api.signUp();
  const headers = { "Idempotency-Key": "second" };
  const create = () => as("POST", "/api/v1/workspaces", { body: { name: " Client " }, headers });
  const [first, again] = [await create(), await create()];
  expect(first).toMatchObject({ status: 201, body: { name: "Client", plan: "free", role: "owner", frozen: null } });
  expect(again.text).toBe(first.text);
  const list = await as("GET", "/api/v1/workspaces/?page_size=1");
  expect(list.body).toMatchObject({ count: 2, results: [{ id: workspaceId }] });
  expect((await as("GET", new URL(list.body.next).pathname + new URL(list.body.next).search)).body).toMatchObject({
    next: null,
    results: [{ id: first.body.id, name: "Client", role: "owner" }],
  });
  const entered = await as("POST", "/api/v1/auth/switch", { body: { workspace_id: first.body.id } });
  const there = api.sendAs(entered.body.access_token);
  expect((await there("GET", "/api/v1/workspace")).body).toMatchObject({ id: first.body.id, name: "Client" });
  const { results } = (await there("GET", "/api/v1/audit")).body;
  expect(results.at(-1)).toMatchObject({ action: "workspace.created", actor: { id: session.user.id } });
});

test("nobody owns more workspaces than a person needs, also by creations at once", async () => {
  const { as, session } = await api.signUp();
  await api.setPlan(session.workspace.id, "enterprise");
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  await db.$executeRaw`
    WITH made AS (INSERT INTO workspaces (id, name) SELECT gen_random_uuid(), 'W' FROM generate_series(1, ${ownedWorkspacesMax - 3}::int) RETURNING id)
    INSERT INTO members (workspace_id, user_id, role) SELECT id, ${session.user.id}::uuid, 'owner' FROM made`;
  await db.$disconnect();
  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map(() => as("POST", "/api/v1/workspaces", { body: { name: "W" } })),
  );
  const refused = answers.filter(({ status }) => status !== 201);
  expect(refused).toHaveLength(3);
  for (const answer of refused) expectProblem(answer, 409, "conflict");
});

test("whoever's workspace is suspended makes no other", async () => {
  const { as, workspaceId } = await api.signUp();
  await api.operate(workspaceId, { action: "workspace.suspended", reason: "spam" });
  expectProblem(await as("POST", "/api/v1/workspaces", { body: { name: "W" } }), 403, "forbidden");
  await api.operate(workspaceId, { action: "workspace.resumed", reason: "settled" });
  expect((await as("POST", "/api/v1/workspaces", { body: { name: "W" } })).status).toBe(201);
});

test("a workspace of somebody else is not in the list", async () => {
  const [mine, theirs] = [await api.signUp(), await api.signUp()];
  const { results } = (await mine.as("GET", "/api/v1/workspaces")).body;
  expect(results.map(({ id }: { id: string }) => id)).toEqual([mine.workspaceId]);
  expectProblem(
    await mine.as("POST", "/api/v1/auth/switch", { body: { workspace_id: theirs.workspaceId } }),
    404,
    "not_found",
  );
});
