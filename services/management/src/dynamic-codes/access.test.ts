// Who may do what with dynamic codes: every route by every role, without a caller, and from another workspace.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db } from "@qrfactory/db/client";
import { type Answer, type Api, expectProblem, type Send, startApi } from "../api.fixture.js";

let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { poolMax: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
});

type Route = {
  method: string;
  /** `:id` stands for a code of the workspace. */
  path: string;
  body?: object;
  success: number;
  /** The least role that may. */
  needs: "viewer" | "member";
  /** Takes If-Match. */
  conditional?: boolean;
  /** Done to the code before. */
  deleted?: boolean;
};

const destination_url = "https://example.com/";
const routes: Route[] = [
  { method: "GET", path: "", success: 200, needs: "viewer" },
  { method: "POST", path: "", body: { name: "New", destination_url }, success: 201, needs: "member" },
  { method: "PATCH", path: "", body: { short_ids: [":id"], changes: { name: "A" } }, success: 200, needs: "member" },
  { method: "GET", path: "/export?format=csv", success: 200, needs: "viewer" },
  { method: "GET", path: "/:id", success: 200, needs: "viewer" },
  { method: "GET", path: "/:id/history", success: 200, needs: "viewer" },
  { method: "PATCH", path: "/:id", body: { name: "A" }, success: 200, needs: "member", conditional: true },
  { method: "POST", path: "/:id/rollback", body: { version: 1 }, success: 200, needs: "member", conditional: true },
  { method: "DELETE", path: "/:id", success: 204, needs: "member", conditional: true },
  { method: "POST", path: "/:id/restore", success: 200, needs: "member", conditional: true, deleted: true },
];
const titled = routes.map((route) => [`${route.method} /api/v1/dynamic${route.path}`, route] as const);

type Headers = Record<string, string>;

/** Sends a route's request about a code. */
function request(send: Send, { method, path, body }: Route, shortId: string, headers: Headers = {}): Promise<Answer> {
  const about = body && JSON.parse(JSON.stringify(body).replace(":id", shortId));
  return send(method, `/api/v1/dynamic${path.replace(":id", shortId)}`, { headers, ...(about && { body: about }) });
}

/** A paused code, deleted where the route is about deleted ones. */
async function makeCode(as: Send, { deleted }: Route): Promise<string> {
  const code = await as("POST", "/api/v1/dynamic", { body: { name: "Code", destination_url, is_active: false } });
  if (deleted) await as("DELETE", `/api/v1/dynamic/${code.body.short_id}`);
  return code.body.short_id;
}

test.each(titled)("%s obeys each role", async (_title, route) => {
  const { as, workspaceId } = await api.signUp();
  for (const role of ["viewer", "member", "admin", "owner"]) {
    await db.member.updateMany({ where: { workspaceId }, data: { role: "owner" } });
    const shortId = await makeCode(as, route);
    await db.member.updateMany({ where: { workspaceId }, data: { role } });
    const answer = await request(as, route, shortId);
    if (role === "viewer" && route.needs === "member") expectProblem(answer, 403, "forbidden");
    else expect(answer.status).toBe(route.success);
  }
});

test.each(titled)("%s needs a caller", async (_title, route) => {
  const { as } = await api.signUp();
  const answer = await request(api.send, route, await makeCode(as, route));
  expectProblem(answer, 401, "unauthenticated");
});

test.each(titled.filter(([, { path }]) => path.includes(":id")))(
  "%s tells nobody of another workspace whether a code exists",
  async (_title, route) => {
    const [mine, theirs] = [await api.signUp(), await api.signUp()];
    const foreign = await request(mine.as, route, await makeCode(theirs.as, route), { "X-Request-Id": "same" });
    const missing = await request(mine.as, route, "NOSUCHID", { "X-Request-Id": "same" });
    expectProblem(foreign, 404, "not_found");
    expect(foreign.text).toBe(missing.text);
  },
);

test.each(titled.filter(([, { conditional }]) => conditional))("%s refuses a stale If-Match", async (_title, route) => {
  const { as } = await api.signUp();
  const shortId = await makeCode(as, route);
  expectProblem(await request(as, route, shortId, { "If-Match": '"9"' }), 412, "version_mismatch");
  const version = route.deleted ? 2 : 1;
  expect((await request(as, route, shortId, { "If-Match": `"${version}"` })).status).toBe(route.success);
});
