import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { startScript } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { counterKey } from "@qrfactory/state/credits/credits";
import { type Api, startApi } from "../api.fixture.js";
import { runProgram } from "./program.js";

// The commands are run in here; that the program around them is what a shell starts is shown by a few processes.
jest.setTimeout(60_000);

const temp = makeTempDirectory("admin-");
let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
  temp.remove();
});

const environment = () => ({
  PATH: process.env.PATH,
  DATABASE_URL: api.database.url,
  STATE_REDIS_URL: api.redis.url,
  SEAL_KEY: Buffer.alloc(32, 7).toString("base64"),
  OPERATOR: "grace",
});

type Ended = { code: number | null; lines: string[] };

/** Runs a command as the program does, and returns how it ended and what it printed. */
async function admin(...words: string[]): Promise<Ended> {
  const lines: string[] = [];
  const print = (text: string) => void lines.push(...text.split("\n"));
  return { code: await runProgram({ words, env: environment(), print, complain: print }), lines };
}

/** The same as a process, as an operator starts it. */
async function adminProcess(...args: string[]): Promise<Ended> {
  const lines: string[] = [];
  const script = fileURLToPath(new URL("../../dist/processes/admin.js", import.meta.url));
  const onLine = (line: string) => void lines.push(line);
  const child = await startScript(script, { args, env: environment(), onLine });
  const { code } = await child.exited;
  return { code, lines };
}

/** Audit rows of operators on a workspace, oldest first. */
async function operatorEvents(workspaceId: string) {
  const rows = await db.auditEvent.findMany({ where: { workspaceId, actorKind: "operator" }, orderBy: { id: "asc" } });
  return rows.map(({ action, details }) => [action, details]);
}

test("words that are no command end with 2 and the whole help", async () => {
  const [none, wrong, tooFew] = await Promise.all([admin(), admin("workspaces", "burn"), admin("workspaces", "show")]);
  expect(none).toMatchObject({ code: 2, lines: expect.arrayContaining(["usage: qrfactory-admin COMMAND"]) });
  expect(wrong.code).toBe(2);
  expect(wrong.lines.join("\n")).toContain("workspaces suspend ID --reason TEXT");
  expect(tooFew).toEqual({ code: 2, lines: ["Write: ID [--json]"] });
  const help = await admin("--help");
  expect(help).toEqual({ code: 0, lines: none.lines });
});

test("a shell starts it: it prints, changes, fails and ends by itself", async () => {
  const { workspaceId } = await api.signUp();
  expect(await adminProcess("--help")).toEqual(await admin("--help"));
  const changed = await adminProcess("workspaces", "suspend", workspaceId, "--reason", "spam");
  expect(changed).toEqual({ code: 0, lines: [expect.stringContaining(`${workspaceId}\tfree\tsuspended`)] });
  expect(await operatorEvents(workspaceId)).toEqual([["workspace.suspended", { reason: "spam" }]]);
  const failed = await adminProcess("workspaces", "show", "00000000-0000-4000-8000-000000000000");
  expect(failed).toEqual({ code: 1, lines: ["There is no such workspace."] });
});

test("a workspace is found by its owner's address, and shown with what it holds", async () => {
  const { email, as, workspaceId } = await api.signUp();
  await as("POST", "/api/v1/dynamic", { body: { name: "Menu", destination_url: "https://example.com/" } });
  const list = await admin("workspaces", "list", "--search", email.toUpperCase(), "--json");
  expect(list.code).toBe(0);
  expect(JSON.parse(list.lines.join("\n"))).toMatchObject([
    { id: workspaceId, plan: "free", frozen: null, owners: [email] },
  ]);
  const show = await admin("workspaces", "show", workspaceId);
  expect(show.lines).toEqual(expect.arrayContaining([`owners: ${email}`, "frozen: -", "active_codes: 1"]));
  expect(await admin("workspaces", "show", "00000000-0000-4000-8000-000000000000")).toEqual({
    code: 1,
    lines: ["There is no such workspace."],
  });
});

test("a new plan holds for keys once services look again, and the trail says who set it", async () => {
  const { as, workspaceId } = await api.signUp();
  const { body: key } = await as("POST", "/api/v1/keys", { body: { name: "Shop" } });
  const planOfKey = async () =>
    (await api.send("GET", "/api/v1/usage", { headers: { "X-Api-Key": key.raw_key } })).body.plan;
  expect(await planOfKey()).toBe("free");
  expect(await admin("workspaces", "set-plan", workspaceId, "gold")).toMatchObject({ code: 2 });
  expect(await admin("workspaces", "set-plan", workspaceId, "pro")).toMatchObject({ code: 0 });
  await until(async () => (await planOfKey()) === "pro");
  // Once more changes nothing, and is no event.
  expect(await admin("workspaces", "set-plan", workspaceId, "pro")).toMatchObject({ code: 0 });
  const events = await db.auditEvent.findMany({ where: { workspaceId, actorKind: "operator" } });
  expect(events).toMatchObject([
    { action: "workspace.plan_changed", actorId: "grace", details: { from: "free", to: "pro" } },
  ]);
});

test("a suspension and a lapse begin and end, each with its event", async () => {
  const { as, workspaceId } = await api.signUp();
  const create = async () =>
    (await as("POST", "/api/v1/keys", { body: { name: "Shop" } })).body.code as string | undefined;
  expect(await admin("workspaces", "suspend", workspaceId)).toMatchObject({ code: 2 });
  const steps: [string[], string | undefined][] = [
    [["suspend", workspaceId, "--reason", "spam"], "forbidden"],
    [["resume", workspaceId, "--reason", "a mistake"], undefined],
    [["lapse", workspaceId], "plan_limit"],
    [["renew", workspaceId], undefined],
  ];
  for (const [words, refusal] of steps) {
    expect(await admin("workspaces", ...words)).toMatchObject({ code: 0 });
    expect(await create()).toBe(refusal);
  }
  expect(await operatorEvents(workspaceId)).toEqual([
    ["workspace.suspended", { reason: "spam" }],
    ["workspace.resumed", { reason: "a mistake" }],
    ["workspace.lapsed", {}],
    ["workspace.renewed", {}],
  ]);
});

test("a workspace is given a longer window, and everybody's again", async () => {
  const { workspaceId } = await api.signUp();
  for (const months of ["24", "0"]) {
    expect(await admin("workspaces", "set-retention", workspaceId, months)).toMatchObject({ code: 0 });
  }
  expect(await admin("workspaces", "set-retention", workspaceId, "1000")).toMatchObject({ code: 2 });
  expect(await operatorEvents(workspaceId)).toEqual([
    ["workspace.retention_changed", { from: null, to: 24 }],
    ["workspace.retention_changed", { from: 24, to: null }],
  ]);
});

test("counters of credits are compared with the ledger, and repaired when told to", async () => {
  const { workspaceId } = await api.signUp();
  const month = new Date().toISOString().slice(0, 7);
  await db.usageMonthly.create({ data: { workspaceId, month: new Date(`${month}-01`), renders: 5 } });
  const redis = connectRedis({ url: api.redis.url, name: "test" });
  await redisReady(redis, 5_000);
  await redis.set(counterKey({ workspaceId, month }), "2");
  const found = {
    lines: [`${workspaceId}\t${month}\tcounter 2\tledger 5\t-3`, expect.stringContaining("3 credits below")],
  };
  expect(await admin("credits", "check")).toMatchObject({ code: 1, ...found });
  expect(await admin("credits", "check", "--repair")).toMatchObject({ code: 0, ...found });
  expect(await admin("credits", "check")).toMatchObject({
    code: 0,
    lines: [expect.stringContaining("0 credits below")],
  });
  redis.disconnect();
});

test("retention is shown before it is done", async () => {
  const { workspaceId } = await api.signUp();
  const at = new Date(Date.now() - 430 * 24 * 60 * 60 * 1000);
  await db.auditEvent.create({ data: { workspaceId, at, action: "key.created", actorKind: "user", actorId: "u" } });
  const old = () => db.auditEvent.count({ where: { workspaceId, at } });
  const shown = await admin("retention", "--dry-run");
  expect(shown).toEqual({ code: 0, lines: [expect.stringMatching(/^audit_events\t-\t1 rows\t\d+ bytes$/)] });
  expect(await old()).toBe(1);
  expect(await admin("retention")).toEqual({ code: 0, lines: ["audit_events\t-\t1 rows\t-"] });
  expect(await old()).toBe(0);
});

test("the demo workspace is made once, however often it is asked for", async () => {
  const file = `${temp.path}/demo.json`;
  expect(await admin("seed-demo", "--file", file)).toEqual({ code: 0, lines: [] });
  expect(await admin("seed-demo", "--file", file)).toEqual({ code: 0, lines: [] });
  const [demo, ...others] = await db.workspace.findMany({ where: { name: "Demo" }, include: { apiKeys: true } });
  expect(others).toEqual([]);
  expect(demo).toMatchObject({ plan: "enterprise", apiKeys: [{ name: "Demo key" }] });
});

test("an operator is made and unmade from a shell, once, and it is noted", async () => {
  const { email, workspaceId } = await api.signUp();
  expect(await admin("operators", "add", email)).toEqual({ code: 0, lines: [`${email} is an operator`] });
  await admin("operators", "add", email);
  expect((await admin("operators", "list")).lines).toEqual([email]);
  await admin("operators", "remove", email);
  expect((await admin("operators", "list")).lines).toEqual([]);
  expect(await operatorEvents(workspaceId)).toEqual([
    ["user.operator_added", {}],
    ["user.operator_removed", {}],
  ]);
  expect((await admin("operators", "add", "nobody@example.com")).code).toBe(1);
});
