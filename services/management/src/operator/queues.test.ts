import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { setOperator } from "@qrfactory/db/accounts/operators";
import { noOrigin } from "@qrfactory/db/audit/audit";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

const path = "/api/v1/operator/queues/";
const actor = { kind: "operator", id: "grace", ...noOrigin } as const;

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

test("an operator sees the orders of all workspaces, and not what they are about", async () => {
  const [operator, customer] = [await api.signUp(), await api.signUp()];
  await setOperator(db, operator.email, true, actor);
  const body = { items: [{ data: "https://example.com/secret-launch" }] };
  const { body: order } = await customer.as("POST", "/api/v1/generate/bulk", { body });
  const answer = await operator.as("GET", path);
  expect(answer.status).toBe(200);
  expect(answer.body.queues.map(({ name, jobs }: { name: string; jobs: object }) => [name, typeof jobs])).toEqual([
    ["bulk", "object"],
    ["maintenance", "object"],
    ["summaries", "object"],
  ]);
  expect(answer.body.bulk).toMatchObject({ queued: 1, running: 0 });
  const [seen] = answer.body.bulk.unfinished;
  expect(seen).toMatchObject({ id: order.id, workspace_id: customer.workspaceId, total: 1, is_heard_of: false });
  expect(answer.text).not.toContain("secret-launch");
});

test("nobody else does, whatever their role, and no key", async () => {
  const { email, as } = await api.signUp();
  expectProblem(await as("GET", path), 403, "forbidden");
  const { body: key } = await as("POST", "/api/v1/keys", { body: { name: "Key" } });
  await setOperator(db, email, true, actor);
  expectProblem(await api.send("GET", path, { headers: { "X-Api-Key": key.raw_key } }), 401, "unauthenticated");
  expect((await as("GET", path)).status).toBe(200);
  await setOperator(db, email, false, actor);
  expectProblem(await as("GET", path), 403, "forbidden");
  const { body: trail } = await as("GET", "/api/v1/audit?action=user.operator_added,user.operator_removed");
  expect(trail.results.map(({ action }: { action: string }) => action)).toEqual([
    "user.operator_removed",
    "user.operator_added",
  ]);
});

test("queues that cannot be read are said to be unknown while Redis stands still", async () => {
  const { email, as } = await api.signUp();
  await setOperator(db, email, true, actor);
  api.redis.freeze();
  try {
    const { status, body } = await as("GET", path);
    expect([status, body.queues[0].jobs]).toEqual([200, null]);
  } finally {
    api.redis.thaw();
  }
});
