// Orders through the front door, up to the moment they wait for a worker: what is refused, what is charged, how often.
import { gunzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { expectProblem } from "../../api.fixture.js";
import { api, charged, csv, customer, db, item, path, rows, sendForm } from "./intake.fixture.js";

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
