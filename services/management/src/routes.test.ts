// Every route by everybody: who may, who is told what. The table of it is packages/docs/reference/routes.md.
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { setOperator } from "@qrfactory/db/accounts/operators";
import { noOrigin } from "@qrfactory/db/audit/audit";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { includesRole, type Role, roles } from "@qrfactory/domain/access/roles";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { findFamily } from "@qrfactory/runtime/redis-keys";
import { listStrayKeys } from "@qrfactory/testing/redis-keys";
import { type Answer, type Api, expectProblem, type Send, startApi } from "./api.fixture.js";
import { addressOf, spellPath, triedRoutes } from "./routes.fixture.js";
import type { TriedRoute, World } from "./routes-world.fixture.js";

const documentFile = new URL("../../../packages/docs/reference/routes.md", import.meta.url);

let api: Api;
/** The same with strict throttles for those who are nobody yet. */
let strict: Api;
let shared: World;
let foreign: World;
/** Somebody who uses up their minute. */
let hasty: Send;

beforeAll(async () => {
  api = await startApi();
  strict = await startApi({ LOGINS_PER_MINUTE: 1, SIGNUPS_PER_HOUR: 2 });
  [shared, foreign] = [await makeWorld(), await makeWorld()];
  ({ as: hasty } = await api.signUp());
}, 60_000);
afterAll(async () => {
  await strict.close();
  await api.close();
});

async function makeWorld(): Promise<World> {
  const owner = await api.signUp();
  const { workspaceId, password, as, email } = owner;
  await api.setPlan(workspaceId, "enterprise");
  await makeOperator(email);
  const others = new Map<Role, Awaited<ReturnType<Api["addMember"]>>>();
  for (const role of ["viewer", "member", "admin"] as const) others.set(role, await api.addMember(as, role));
  const { raw_key } = (await as("POST", "/api/v1/keys", { body: { name: "All" } })).body;
  const byRole = <T>(own: T, of: (member: Awaited<ReturnType<Api["addMember"]>>) => T) =>
    Object.fromEntries(roles.map((role) => [role, role === "owner" ? own : of(others.get(role) as never)])) as Record<
      Role,
      T
    >;
  return {
    api,
    workspaceId,
    password,
    as: byRole(as, (member) => member.as),
    emails: byRole(email, (member) => member.email),
    byKey: (method, path, options = {}) =>
      api.send(method, path, { ...options, headers: { "X-Api-Key": raw_key, ...options.headers } }),
  };
}

/** As somebody at a shell does. */
async function makeOperator(email: string): Promise<void> {
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  await setOperator(db, email, true, { kind: "operator", id: "test", ...noOrigin });
  await db.$disconnect();
}

/** Subjects of reads in the shared world: they stay as they are, so all reads may share them. */
const readTargets = new Map<TriedRoute, Promise<string>>();

function makeTarget(route: TriedRoute, world: World): Promise<string> | undefined {
  if (world !== shared || !route.route.startsWith("GET ")) return route.target?.(world);
  const target = readTargets.get(route) ?? route.target?.(world);
  if (target) readTargets.set(route, target);
  return target;
}

/** Asks as somebody; what it is about is made before, by the owner of `world`. */
async function ask(by: Send, route: TriedRoute, world: World): Promise<Answer> {
  const target = await makeTarget(route, world);
  const body = await route.body?.(world, target ?? "");
  const { method, path } = addressOf(route, target);
  return by(method, path, body ? { body } : {});
}

/** Asks for something wrong, by a field that nobody knows. */
async function askWrongly(by: Send, route: TriedRoute, world: World): Promise<Answer> {
  const target = await makeTarget(route, world);
  const { method, path } = addressOf({ ...route, query: "unknown_field=1" }, target);
  return method === "GET" ? by(method, path) : by(method, path.replace(/\?.*/, ""), { body: { unknown_field: 1 } });
}

/** The rows of the document, by route. */
const columns = ["nobody", ...roles, "key", "wrong input", "other workspace", "too many"] as const;
const document = new Map<string, Partial<Record<(typeof columns)[number], string>>>();
function note(route: TriedRoute, column: (typeof columns)[number], answer: Answer): void {
  const row = document.get(route.route) ?? {};
  document.set(route.route, { ...row, [column]: String(answer.status) });
}

const titled = triedRoutes.map((route) => [route.route, route] as const);
const ofUsers = titled.filter(([, { needs, key }]) => needs !== null && key !== "alone");

test.each(ofUsers)("%s obeys each role", async (_title, route) => {
  // A refused caller changes nothing; an allowed one ends only their own account, or comes last.
  const world = route.ends ? await makeWorld() : shared;
  for (const role of roles) {
    const answer = await ask(world.as[role], route, world);
    note(route, role, answer);
    if (includesRole(role, route.needs as Role)) expect([role, answer.status]).toEqual([role, route.success]);
    else expectProblem(answer, 403, "forbidden");
  }
});

test.each(titled.filter(([, { needs }]) => needs !== null))("%s takes keys where it says so", async (_title, route) => {
  const answer = await ask(shared.byKey, route, shared);
  note(route, "key", answer);
  if (route.key) expect(answer.status).toBe(route.success);
  else expectProblem(answer, 401, "unauthenticated");
  if (route.key !== "alone") return;
  const byUser = await ask(shared.as.owner, route, shared);
  for (const role of roles) note(route, role, byUser);
  expectProblem(byUser, 401, "unauthenticated");
});

test.each(titled)("%s knows nobody without credentials, but where it asks for none", async (_title, route) => {
  const world = route.ends && route.needs === null ? await makeWorld() : shared;
  const answer = await ask(api.send, route, world);
  note(route, "nobody", answer);
  if (route.needs === null) expect(answer.status).toBe(route.success);
  else expectProblem(answer, 401, "unauthenticated");
});

/** An example in which texts in braces are what the case sends in the same field. */
function fillExample(example: unknown, sent: object): object {
  const fields = Object.entries(example as object);
  return Object.fromEntries(
    fields.map(([name, value]) => [name, /^\{.+\}$/.test(String(value)) ? sent[name as keyof typeof sent] : value]),
  );
}

test.each(titled)("%s succeeds with the example of its declaration", async (_title, route) => {
  const world = route.ends ? await makeWorld() : shared;
  const by = route.key === "alone" ? world.byKey : route.needs ? world.as.owner : api.send;
  const target = await makeTarget(route, world);
  const { query, body: example } = route.example;
  const { method, path } = addressOf(
    { route: route.route, ...(query && { query: String(new URLSearchParams(query)) }) },
    target,
  );
  const sent = (await route.body?.(world, target ?? "")) ?? {};
  const answer = await by(method, path, example === undefined ? {} : { body: fillExample(example, sent) });
  expect([answer.status, answer.text]).toEqual([route.success, expect.anything()]);
});

test.each(titled.filter(([, { takesNothing }]) => !takesNothing))(
  "%s refuses what it does not know",
  async (_title, route) => {
    const by = route.key === "alone" ? shared.byKey : route.needs ? shared.as.owner : api.send;
    const answer = await askWrongly(by, route, shared);
    note(route, "wrong input", answer);
    expectProblem(answer, 400, "validation_failed");
    expect(answer.body.errors).toHaveProperty("unknown_field");
  },
);

test.each(titled.filter(([, { target }]) => target))(
  "%s tells nobody of another workspace whether there is such a thing",
  async (_title, route) => {
    const target = await route.target?.(foreign);
    const body = await route.body?.(foreign, target ?? "");
    const options = { headers: { "X-Request-Id": "same" }, ...(body && { body }) };
    const askFor = (id: string) => {
      const { method, path } = addressOf(route, id);
      return shared.as.owner(method, path, options);
    };
    const answer = await askFor(target ?? "");
    note(route, "other workspace", answer);
    expectProblem(answer, 404, "not_found");
    const nothing = route.route.includes("/dynamic/") ? "NOSUCHID" : crypto.randomUUID();
    const missing = await askFor((target ?? "").replace(/^[^/]+/, nothing));
    expect(answer.text).toBe(missing.text);
  },
);

test.each(ofUsers)("%s stops who asks too often", async (_title, route) => {
  const { method, path } = addressOf(route, crypto.randomUUID());
  let answer = await hasty(method, path);
  // The first time, and when the minute has passed meanwhile.
  for (let minute = 0; minute < 3 && answer.status !== 429; minute++) {
    await Promise.all(Array.from({ length: 120 }, () => hasty("GET", "/api/v1/me")));
    answer = await hasty(method, path);
  }
  note(route, "too many", answer);
  expectProblem(answer, 429, "rate_limited");
});

test.each(titled.filter(([, { throttled }]) => throttled))(
  "%s is throttled for each network",
  async (_title, route) => {
    const body = await route.body?.(shared, "");
    const { method, path } = addressOf(route);
    let answer: Answer;
    let asked = 0;
    do answer = await strict.send(method, path, { body });
    while (answer.status !== 429 && asked++ < 20);
    note(route, "too many", answer);
    expectProblem(answer, 429, "rate_limited");
  },
);

test("no route is left out", () => {
  const all = Object.entries(api.routes).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${spellPath(path)}`),
  );
  expect(triedRoutes.map(({ route }) => route).sort()).toEqual(all.sort());
});

test("no key in Redis is outside of the table of keys", async () => {
  const redis = connectRedis({ url: api.redis.url, name: "test" });
  await redisReady(redis, 5_000);
  const stray = await listStrayKeys(redis, findFamily);
  redis.disconnect();
  expect(stray).toEqual([]);
});

test("the document tells these answers", () => {
  const rows = triedRoutes.map(({ route }) => {
    const answers = columns.map((column) => document.get(route)?.[column] ?? "–");
    return `| \`${route}\` | ${answers.join(" | ")} |`;
  });
  const text = `# Every route of management, each with its answers

Written by \`UPDATE_DOCS=1 npm test -- management/src/routes\`, and compared with the answers in every run. 401 is for who is
unknown, 403 for a role below the one needed, 400 for a field that is not known, 404 for what belongs to another workspace
(byte for byte the answer for what does not exist), 429 for who asks too often. A dash: cannot happen. Owners are operators of the product in this table.

| route | ${columns.join(" | ")} |
|---|${columns.map(() => "---|").join("")}
${rows.join("\n")}
`;
  if (process.env.UPDATE_DOCS) writeFileSync(documentFile, text);
  expect(readFileSync(documentFile, "utf8")).toBe(text);
});
