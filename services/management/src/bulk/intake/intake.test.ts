// Orders through the front door, up to the moment they wait for a worker: what is refused, what is charged, how often.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { until } from "@qrfactory/processes/until";
import { Redis } from "ioredis";
import { type Answer, type Api, expectProblem, type Send, startApi } from "../../api.fixture.js";

const path = "/api/v1/generate/bulk";
const item = { data: "https://example.com/" };
const csv = (text: string) => ({ raw: text, headers: { "Content-Type": "text/csv" } });
const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ data: `https://example.com/${n}` }));

/** Stands where render does; what it judges is its own business, so a row is bad here when it says so. */
const judge = createServer(async (req, res) => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const { requests } = JSON.parse(Buffer.concat(chunks).toString()) as { requests: { color?: string }[] };
  const errors = { color: ["color and background differ too little."] };
  const verdicts = requests.map(({ color }) => (color === "#eee" ? { code: "unscannable", errors } : null));
  res.setHeader("Content-Type", "application/json").end(JSON.stringify({ verdicts }));
});

let api: Api;
let db: Db;
beforeAll(async () => {
  judge.listen(0, "127.0.0.1");
  await once(judge, "listening");
  api = await startApi({ RENDER_URL: `http://127.0.0.1:${(judge.address() as AddressInfo).port}` });
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 2 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
  judge.close();
});

/** Somebody with a workspace of the plan, and what it has spent by counter and by ledger. */
async function customer(plan: "free" | "pro" | "agency" = "pro") {
  const { as, workspaceId, session } = await api.signUp();
  await api.setPlan(workspaceId, plan);
  const spent = async () => {
    const ledger = await db.$queryRaw<{ credits: number }[]>`
      SELECT coalesce(sum(credits), 0)::int AS credits FROM calls WHERE workspace_id = ${workspaceId}::uuid`;
    const months = await db.$queryRaw<{ credits: number }[]>`
      SELECT coalesce(sum(renders), 0)::int AS credits FROM usage_monthly WHERE workspace_id = ${workspaceId}::uuid`;
    const { body } = await as("GET", "/api/v1/usage/me");
    return { counter: body.used_this_month, calls: ledger[0]?.credits, months: months[0]?.credits };
  };
  const jobs = () => db.bulkJob.count({ where: { workspaceId } });
  return { as, workspaceId, session, spent, jobs };
}
const charged = (credits: number) => ({ counter: credits, calls: credits, months: credits });

async function sendForm(
  as: { session: { access_token: string } },
  fields: Record<string, string | Blob>,
): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value as string);
  const response = await fetch(api.url + path, {
    method: "POST",
    headers: { Authorization: `Bearer ${as.session.access_token}` },
    body: form,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

test("the three forms of one table are one and the same order", async () => {
  const who = await customer();
  const items = [
    { data: "https://example.com/1", size: 300 },
    { data: "https://example.com/2", filename: "two" },
  ];
  const table = "data,size,filename\nhttps://example.com/1,300,\nhttps://example.com/2,,two\n";
  const answers = [
    await who.as("POST", path, { body: { defaults: { color: "#0b3d91" }, items } }),
    await who.as("POST", `${path}/?color=%230b3d91`, csv(table)),
    await sendForm(who, { color: "#0b3d91", file: new Blob([table]) }),
  ];
  for (const { status, body, headers } of answers) {
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: "queued", total: 2, completed: 0, failed: 0, download_url: null });
    expect(headers.get("Location")).toBe(body.status_url);
    expect(body.events_url).toBe(`https://qr.example.org/api/v1/bulk/${body.id}/events/`);
  }
  const inputs = await Promise.all(
    answers.map(({ body }) => db.bulkInput.findUniqueOrThrow({ where: { jobId: body.id } })),
  );
  const [first, ...others] = inputs.map(({ rows }) => gunzipSync(rows).toString());
  for (const other of others) expect(JSON.parse(other)).toEqual(JSON.parse(first ?? ""));
  expect(await who.spent()).toEqual(charged(6));
});

test("a bad row anywhere refuses the whole table, names every mistake and costs nothing", async () => {
  const who = await customer();
  const items = [item, { data: "javascript:alert(1)" }, { size: 5, data: item.data, colour: "red" }, 7, item];
  const answer = await who.as("POST", path, { body: { items } });
  expect(answer.status).toBe(422);
  expect(answer.body.code).toBe("bulk_rejected");
  expect(
    Object.fromEntries(Object.entries(answer.body.errors).map(([row, fields]) => [row, Object.keys(fields as object)])),
  ).toEqual({
    2: ["data"],
    3: ["colour", "size"],
    4: ["row", "data"],
  });
  expect(answer.body.detail).toContain("3 of 5 rows");
  expect([await who.jobs(), await who.spent()]).toEqual([0, charged(0)]);
});

test("what render would refuse is refused with its row before anything is charged, and by a dry run alike", async () => {
  const who = await customer();
  const items = [...rows(150), { ...item, color: "#eee" }, { data: "nowhere" }];
  for (const more of [{}, { dry_run: true }]) {
    const { status, body } = await who.as("POST", path, { body: { items, ...more } });
    expect([status, body.code]).toEqual([422, "bulk_rejected"]);
    expect(body.errors).toEqual({
      151: { color: [expect.stringContaining("too little")] },
      152: { data: [expect.anything()] },
    });
    expect(body.detail).toContain("2 of 152 rows");
  }
  expect([await who.jobs(), await who.spent()]).toEqual([0, charged(0)]);
});

test("a column one letter from a field is refused unless it is to be carried", async () => {
  const who = await customer();
  const table = csv("data,colour,table\nhttps://example.com/,red,7\n");
  const refused = await who.as("POST", path, table);
  expectProblem(refused, 400, "validation_failed");
  expect(refused.body.errors).toEqual({ colour: [expect.stringMatching(/did you mean color\?.*extra_columns=carry/)] });
  const carried = await who.as("POST", `${path}?extra_columns=carry&dry_run=true`, table);
  expect(carried.body.warnings).toEqual(["Not fields, so only carried into the manifest: colour, table."]);
  expectProblem(await who.as("POST", `${path}?extra_columns=all`, table), 400, "validation_failed");
});

test.each([
  ["data_type,ssid,password,hidden\nwifi,Guests,open sesame,true\n", "", "WIFI:T:WPA;S:Guests;P:open sesame;H:true;;"],
  ["ssid;password\nGuests;open sesame\n", "data_type=wifi&", "WIFI:T:WPA;S:Guests;P:open sesame;;"],
  ["data_type,latitude,longitude\ngeo,48.2,-16.37\n", "", "geo:48.2,-16.37"],
  ["data_type,number\nphone,+43 1 5880\n", "", "tel:+4315880"],
  ["data_type,to,subject\nemail,a@example.org;b@example.org,Hi\n", "", "mailto:a@example.org,b@example.org?subject=Hi"],
  [
    "data_type,name,url\nvcard,Ada,https://example.org/\n",
    "",
    expect.stringMatching(/FN:Ada\r\nURL:https:\/\/example.org\/\r\n/),
  ],
])("the columns of %j are a payload", async (table, query, data) => {
  const who = await customer();
  const answer = await who.as("POST", `${path}?${query}dry_run=true`, csv(table));
  expect(answer.body.rows).toEqual([{ row: 1, filename: "qr-0001.png", data }]);
});

test("a mistake in a payload of columns is named as one of the payload", async () => {
  const who = await customer();
  const { body } = await who.as("POST", path, csv("data_type,latitude,longitude\ngeo,200,0\n"));
  expect(body.errors).toEqual({ 1: { "payload.latitude": ["Give a number of degrees from -90 to 90."] } });
});

test("of 5,000 bad rows a thousand are named, and all are counted", async () => {
  const who = await customer("agency");
  const { status, body } = await who.as("POST", path, { body: { items: rows(5_000).map(() => ({ data: "none" })) } });
  expect(status).toBe(422);
  expect(Object.keys(body.errors)).toHaveLength(1_000);
  expect(body.errors).toHaveProperty("1000.data");
  expect(body.detail).toContain("5000 of 5000 rows");
});

test("more rows than the plan has are refused before their mistakes are looked for", async () => {
  const who = await customer("free");
  expectProblem(await who.as("POST", path, { body: { items: rows(11).map(() => ({})) } }), 403, "plan_limit");
  expectProblem(
    await who.as(
      "POST",
      path,
      csv(
        rows(11)
          .map(({ data }) => data)
          .join("\n"),
      ),
    ),
    403,
    "plan_limit",
  );
  expect((await who.as("POST", path, { body: { items: rows(10) } })).status).toBe(202);
});

test("rows that the credits do not cover are refused as a whole", async () => {
  const who = await customer("free");
  for (let n = 0; n < 4; n++) await who.as("POST", path, { body: { items: rows(10) } });
  await who.as("POST", path, { body: { items: rows(8) } });
  expectProblem(await who.as("POST", path, { body: { items: rows(3) } }), 429, "quota_exceeded");
  expect(await who.spent()).toEqual(charged(48));
  expect((await who.as("POST", path, { body: { items: rows(2) } })).status).toBe(202);
  expect([await who.jobs(), await who.spent()]).toEqual([6, charged(50)]);
});

test("eighty identical orders at once are one order, charged once", async () => {
  const who = await customer("agency");
  const headers = { "Idempotency-Key": "menus", "Content-Type": "text/csv" };
  const raw = "data\nhttps://example.com/1\nhttps://example.com/2\n";
  const answers = await Promise.all(Array.from({ length: 80 }, () => who.as("POST", path, { raw, headers })));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.get("Idempotent-Replayed") === null)).toHaveLength(1);
  for (const { headers, body } of answers) expect(headers.get("Location")).toBe(body.status_url);
  expect([await who.jobs(), await who.spent()]).toEqual([1, charged(2)]);
}, 60_000);

test("the bytes of a table decide whether a retry is the same, and so do the defaults", async () => {
  const who = await customer();
  const send = (raw: string, query = "") =>
    who.as("POST", path + query, { raw, headers: { "Idempotency-Key": "k", "Content-Type": "text/csv" } });
  const first = await send("data\nhttps://example.com/\n");
  expect((await send("data\nhttps://example.com/\n")).text).toBe(first.text);
  expectProblem(await send("data\r\nhttps://example.com/\r\n"), 409, "idempotency_key_reused");
  expectProblem(await send("data\nhttps://example.com/\n", "?size=300"), 409, "idempotency_key_reused");
  expect(await who.spent()).toEqual(charged(1));
});

test("a retry is answered as the first was, though the plan takes no such order any more", async () => {
  const { as, workspaceId, spent } = await customer("pro");
  const send = (key: string) => as("POST", path, { body: { items: rows(12) }, headers: { "Idempotency-Key": key } });
  const first = await send("twelve");
  expect(first.status).toBe(202);
  await api.setPlan(workspaceId, "free");
  const again = await send("twelve");
  expect([again.status, again.text, again.headers.get("Idempotent-Replayed")]).toEqual([202, first.text, "true"]);
  expect(again.headers.get("Location")).toBe(first.body.status_url);
  expectProblem(await send("another"), 403, "plan_limit");
  expect(await spent()).toEqual(charged(12));
});

test("a dry run says what would be made, and makes nothing", async () => {
  const who = await customer("free");
  const body = { items: [item, { ...item, placement: "Door" }], dry_run: true, dynamic: false };
  const answer = await who.as("POST", path, { body });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ dry_run: true, total: 2, credits: 2, credits_remaining: 50 });
  // Render is away here, and says nothing of either.
  expect(answer.body).toMatchObject({ refused: 0, unjudged: 2, errors: {} });
  expect(answer.body.rows[1]).toEqual({ row: 2, filename: "qr-0002.png", data: item.data });
  expect(answer.body.warnings).toEqual([
    expect.stringContaining("placement"),
    expect.stringContaining("1 rows repeat"),
  ]);
  expect([await who.jobs(), await who.spent()]).toEqual([0, charged(0)]);
});

test("rows become codes with the order, or with none of it", async () => {
  const who = await customer();
  const items = [
    { url: item.data, name: "Menu", short_id: "bulk-menu" },
    { ...item, dynamic: false },
    { ...item, size: 200 },
  ];
  const { status, body } = await who.as("POST", path, { body: { dynamic: true, items } });
  expect([status, body.total]).toEqual([202, 3]);
  const { body: codes } = await who.as("GET", "/api/v1/dynamic");
  expect(codes.results.map(({ name }: { name: string }) => name).sort()).toEqual(["Menu", "Row 3"]);

  const taken = await who.as("POST", path, { body: { dynamic: true, items: [item, items[0]] } });
  expectProblem(taken, 409, "conflict");
  expect(taken.body.detail).toContain("BULK-MENU");
  expect((await who.as("GET", "/api/v1/dynamic")).body.count).toBe(2);
  expect([await who.jobs(), await who.spent()]).toEqual([1, charged(3)]);
});

test("an order says pending while a region that can be reached has not heard of its codes", async () => {
  const who = await customer();
  const order = async (body: object) => {
    const { status, headers } = await who.as("POST", path, { body });
    return [status, headers.get("X-QR-Published")];
  };
  const dynamic = { dynamic: true, items: [item] };
  expect(await order(dynamic)).toEqual([202, null]);
  const redis = new Redis(api.redis.url);
  await redis.hset("qrf:regions", "slow", `0 ${Date.now()}`);
  expect(await order(dynamic)).toEqual([202, "pending"]);
  await redis.hset("qrf:regions", "slow", `0 ${Date.now()}`);
  expect(await order({ items: [item] })).toEqual([202, null]);
  await redis.hset("qrf:regions", "slow", `1000000 ${Date.now()}`);
  expect(await order(dynamic)).toEqual([202, null]);
  await redis.del("qrf:regions");
  redis.disconnect();
});

test.each([
  ["no short id", "no such id", "Use 3 to 64 of the characters A-Z, 0-9 and -."],
  ["an address of the API", "export", "Choose another short id."],
])("a row may not choose %s for its code", async (_name, short_id, message) => {
  const who = await customer();
  const answer = await who.as("POST", path, { body: { dynamic: true, items: [{ ...item, short_id }] } });
  expectProblem(answer, 422, "bulk_rejected");
  expect(answer.body.errors).toEqual({ 1: { short_id: [message] } });
});

test("codes beyond the plan's are refused with their order", async () => {
  const who = await customer("free");
  const answer = await who.as("POST", path, { body: { dynamic: true, items: rows(4) } });
  expectProblem(answer, 403, "plan_limit");
  expect([await who.jobs(), await who.spent()]).toEqual([0, charged(0)]);
});

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
