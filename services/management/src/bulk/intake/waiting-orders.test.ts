// Orders that wait: who may make, see and cancel them, and what a form may carry.
import { Readable } from "node:stream";
import { expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { expectProblem, type Send } from "../../api.fixture.js";
import { api, charged, customer, db, item, path, rows, sendForm } from "./intake.fixture.js";

test("a key for bulk orders alone makes no codes", async () => {
  const who = await customer();
  const { body: key } = await who.as("POST", "/api/v1/keys", { body: { name: "Bulk", scopes: ["bulk"] } });
  const byKey: Send = (method, to, options) =>
    api.send(method, to, { ...options, headers: { "X-Api-Key": key.raw_key, ...options?.headers } });
  expect((await byKey("POST", path, { body: { items: [item] } })).status).toBe(202);
  expectProblem(await byKey("POST", path, { body: { dynamic: true, items: [item] } }), 403, "forbidden");
});

test("a workspace that is frozen orders nothing, and cancels what it ordered", async () => {
  const who = await customer();
  const { body: job } = await who.as("POST", path, { body: { items: rows(5) } });
  await api.operate(who.workspaceId, { action: "workspace.suspended", reason: "a test" });
  expect((await who.as("POST", path, { body: { items: [item] } })).status).toBe(403);
  expect((await who.as("DELETE", `/api/v1/bulk/${job.id}`)).status).toBe(204);
  expect(await who.spent()).toEqual(charged(0));
});

test("an order that waits is cancelled for all its credits, as often as asked", async () => {
  const who = await customer();
  const { body: job } = await who.as("POST", path, { body: { items: rows(5) } });
  for (const _ of [1, 2]) expect((await who.as("DELETE", `/api/v1/bulk/${job.id}/`)).status).toBe(204);
  const { body } = await who.as("GET", `/api/v1/bulk/${job.id}`);
  expect(body).toMatchObject({ status: "cancelled", credits_refunded: 5, download_url: null });
  expect(await who.spent()).toEqual(charged(0));
  expect(await db.bulkInput.count({ where: { jobId: job.id } })).toBe(0);
  expectProblem(await who.as("GET", `/api/v1/bulk/${job.id}/download`), 410, "gone");
  const { body: trail } = await who.as("GET", "/api/v1/audit");
  const actions = trail.results.map(({ action }: { action: string }) => action);
  expect(actions.filter((action: string) => action.startsWith("bulk."))).toEqual(["bulk.cancelled", "bulk.ordered"]);
});

test("ten cancellations at once are all answered alike, and give back once", async () => {
  const who = await customer();
  const { body: job } = await who.as("POST", path, { body: { items: rows(5) } });
  const answers = await Promise.all(Array.from({ length: 10 }, () => who.as("DELETE", `/api/v1/bulk/${job.id}/`)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
  expect(await who.spent()).toEqual(charged(0));
});

test("a file of a form may be as large as a table, and no larger", async () => {
  const who = await customer();
  const row = `${"x".repeat(100_000)}\n`;
  const answer = await sendForm(who, { file: new Blob(["data\n", row.repeat(210)]) });
  expectProblem(answer, 413, "body_too_large");
}, 60_000);

test("a refusal reaches a client that is still sending", async () => {
  const who = await customer();
  function* endless() {
    yield Buffer.from("data\nbroken\0\n");
    for (let n = 0; n < 200; n++) yield Buffer.alloc(65_536, "x\n");
  }
  const response = await fetch(api.url + path, {
    method: "POST",
    headers: { Authorization: `Bearer ${who.session.access_token}`, "Content-Type": "text/csv" },
    body: Readable.toWeb(Readable.from(endless())) as ReadableStream,
    duplex: "half",
  } as RequestInit);
  expect(response.status).toBe(400);
});

test.each([
  ["XML", "application/xml", "<rows/>", 415, "unsupported_media_type"],
  ["JSON that is none", "application/json", "{", 400, "malformed_request"],
  ["a list in the place of an object", "application/json", "[]", 400, "validation_failed"],
  ["no rows", "application/json", '{"items":[]}', 400, "validation_failed"],
  [
    "an unknown member",
    "application/json",
    '{"items":[{"data":"https://example.com/"}],"rows":[]}',
    400,
    "validation_failed",
  ],
  ["an unknown default", "application/json", '{"defaults":{"colour":"red"},"items":[{}]}', 400, "validation_failed"],
  [
    "a default that every row has of its own",
    "application/json",
    '{"defaults":{"filename":"a"},"items":[{}]}',
    400,
    "validation_failed",
  ],
  ["a form without its boundary", "multipart/form-data", "x", 400, "malformed_request"],
  ["a form without a file", "multipart/form-data; boundary=b", "--b--\r\n", 400, "validation_failed"],
])("%s is refused", async (_name, type, raw, status, code) => {
  const who = await customer();
  expectProblem(await who.as("POST", path, { raw, headers: { "Content-Type": type } }), status, code);
  expect(await who.spent()).toEqual(charged(0));
});

test("a state Redis that is frozen refuses orders before it thaws, and charges nothing for them afterwards", async () => {
  const who = await customer();
  expect((await who.as("POST", path, { body: { items: rows(2) } })).status).toBe(202);
  api.redis.freeze();
  try {
    expectProblem(await who.as("POST", path, { body: { items: rows(3) } }), 503, "unavailable");
  } finally {
    api.redis.thaw();
  }
  const isBack = async () => (await who.as("POST", path, { body: { items: rows(4) } })).status === 202;
  await until(isBack, { timeoutMs: 10_000 });
  expect([await who.jobs(), await who.spent()]).toEqual([2, charged(6)]);
}, 30_000);

test("nobody sees that another workspace's order exists", async () => {
  const [owner, stranger] = [await customer(), await customer()];
  const { body: job } = await owner.as("POST", path, { body: { items: [item] } });
  const missing = "00000000-0000-4000-8000-000000000000";
  for (const [method, tail] of [
    ["GET", ""],
    ["DELETE", ""],
    ["GET", "/events"],
    ["GET", "/download"],
  ] as const) {
    const [theirs, none] = [
      await stranger.as(method, `/api/v1/bulk/${job.id}${tail}`),
      await stranger.as(method, `/api/v1/bulk/${missing}${tail}`),
    ];
    expectProblem(theirs, 404, "not_found");
    expect(theirs.body.detail).toBe(none.body.detail);
  }
});
