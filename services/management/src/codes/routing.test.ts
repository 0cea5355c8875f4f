import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { Redis } from "ioredis";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
let redis: Redis;
beforeAll(async () => {
  api = await startApi();
  redis = new Redis(api.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
});

const code = { name: "Menu", destination_url: "https://example.com/menu" };
const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

/** Somebody whose plan includes rules and variants, and a code with these fields. */
async function createCode(fields: object = {}) {
  const { as, workspaceId } = await api.signUp();
  await api.setPlan(workspaceId, "pro");
  const created = await as("POST", "/api/v1/dynamic", { body: { ...code, ...fields } });
  return { as, workspaceId, created, path: `/api/v1/dynamic/${created.body.short_id}` };
}

const ruleId = /^rule_[0-9a-f]{12}$/;

const published = async (shortId: string) => JSON.parse((await redis.hget("qrf:codes", shortId)) ?? "null");

const ways = {
  max_scans: 100,
  rules: [
    { when: { country: ["AT", "de"], os: "ios" }, destination_url: "https://example.com/at" },
    {
      when: { days: ["sat", "sun"], hours: "22:00-02:00", timezone: "europe/vienna", language: "de" },
      destination_url: "https://example.com/night",
    },
    {
      when: { from: "2026-12-01T00:00:00+01:00", until: "2026-12-24T00:00:00Z" },
      destination_url: "https://example.com/x",
    },
  ],
  variants: [
    { destination_url: "https://example.com/a", weight: 70 },
    { destination_url: "https://example.com/b", weight: 30 },
  ],
  forward_query: true,
  utm: { source: "print", campaign: "Früh" },
  app_links: { ios: "menu://table/7", android: "https://app.example.com/t/7" },
};

test("ways on are kept as they were written, and published as numbers and lists", async () => {
  const { created, as, path } = await createCode(ways);
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject(ways);
  expect((await as("GET", path)).body).toEqual(created.body);
  expect(await published(created.body.short_id)).toMatchObject({
    limit: { max: 100, used: 0 },
    routing: {
      rules: [
        { url: "https://example.com/at", country: ["AT", "DE"], os: ["ios"] },
        { url: "https://example.com/night", days: 96, hours: [1320, 120], zone: "Europe/Vienna", language: ["de"] },
        { url: "https://example.com/x", from: Date.UTC(2026, 10, 30, 23), until: Date.UTC(2026, 11, 24) },
      ],
      variants: [
        { url: "https://example.com/a", weight: 70 },
        { url: "https://example.com/b", weight: 30 },
      ],
      query: true,
      utm: "utm_source=print&utm_campaign=Fr%C3%BCh",
      apps: { ios: "menu://table/7", android: "https://app.example.com/t/7" },
    },
  });
  const none = { max_scans: null, rules: [], variants: [], forward_query: false, utm: null, app_links: null };
  expect((await as("PATCH", path, { body: none })).body).toMatchObject(none);
  const row = await published(created.body.short_id);
  expect([row.limit, row.routing]).toEqual([undefined, undefined]);
});

const rule = (when: object, destination_url = "https://example.com/r") => ({ rules: [{ when, destination_url }] });
const variants = (...urls: string[]) => ({ variants: urls.map((destination_url) => ({ destination_url, weight: 1 })) });
test.each<[string, object, string, string]>([
  ["a rule without a condition", rule({}), "validation_failed", "rules.0.when"],
  ["a rule with a time zone alone", rule({ timezone: "UTC" }), "validation_failed", "rules.0.when"],
  ["an unknown condition", rule({ os: "iOS", moon: "full" }), "validation_failed", "rules.0.when.moon"],
  ["an unknown country", rule({ country: "UK" }), "validation_failed", "rules.0.when.country"],
  ["an unknown country of some", rule({ country: ["AT", "XX"] }), "validation_failed", "rules.0.when.country.1"],
  ["an unknown device", rule({ device: "fridge" }), "validation_failed", "rules.0.when.device"],
  ["an unknown system", rule({ os: "BeOS" }), "validation_failed", "rules.0.when.os"],
  ["an unknown zone", rule({ days: "mon", timezone: "Mars/Base" }), "validation_failed", "rules.0.when.timezone"],
  ["an offset as a zone", rule({ days: "mon", timezone: "+01:00" }), "validation_failed", "rules.0.when.timezone"],
  ["an unknown day", rule({ days: ["mon", "Montag"] }), "validation_failed", "rules.0.when.days.1"],
  ["hours that are none", rule({ hours: "9-17" }), "validation_failed", "rules.0.when.hours"],
  ["hours of 25", rule({ hours: "09:00-25:00" }), "validation_failed", "rules.0.when.hours"],
  ["empty hours", rule({ hours: "09:00-09:00" }), "validation_failed", "rules.0.when.hours"],
  ["a moment without an offset", rule({ from: "2026-01-01T00:00:00" }), "validation_failed", "rules.0.when.from"],
  [
    "an end before the beginning",
    rule({ from: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" }),
    "validation_failed",
    "rules.0.when.until",
  ],
  ["a rule to a script", rule({ os: "iOS" }, "javascript:alert(1)"), "url_refused", "rules.0.destination_url"],
  ["a rule to ourselves", rule({ os: "iOS" }, "https://qr.example.org/q/A"), "url_refused", "rules.0.destination_url"],
  ["51 rules", { rules: Array(51).fill(rule({ os: "iOS" }).rules[0]) }, "validation_failed", "rules"],
  [
    "rules that are too long together",
    { rules: Array(50).fill(rule({ os: "iOS" }, `https://example.com/${"a".repeat(1_900)}`).rules[0]) },
    "validation_failed",
    "rules",
  ],
  ["one variant", variants("https://example.com/a"), "validation_failed", "variants"],
  [
    "a private variant",
    variants("https://example.com/", "http://10.0.0.1/"),
    "url_refused",
    "variants.1.destination_url",
  ],
  [
    "variants without weight",
    { variants: [0, 0].map((weight) => ({ destination_url: "https://example.com/", weight })) },
    "validation_failed",
    "variants",
  ],
  ["no scans", { max_scans: 0 }, "validation_failed", "max_scans"],
  ["half a scan", { max_scans: 1.5 }, "validation_failed", "max_scans"],
  ["a password of 3 characters", { password: "abc" }, "validation_failed", "password"],
  ["a password of 257 characters", { password: "a".repeat(257) }, "validation_failed", "password"],
  ["a campaign without words", { utm: {} }, "validation_failed", "utm"],
  ["a campaign with a line break", { utm: { source: "a\r\nb" } }, "validation_failed", "utm.source"],
  ["an app that runs a script", { app_links: { ios: "javascript://x%0aalert(1)" } }, "url_refused", "app_links.ios"],
  ["an app that is a file", { app_links: { android: "file:///etc/passwd" } }, "url_refused", "app_links.android"],
  ["an app that is an intent", { app_links: { android: "intent://x#Intent;end" } }, "url_refused", "app_links.android"],
  ["an app with a quote", { app_links: { ios: 'menu://"><b>' } }, "url_refused", "app_links.ios"],
  ["an app on a private host", { app_links: { ios: "https://10.0.0.1/" } }, "url_refused", "app_links.ios"],
])("%s is refused and named", async (_name, fields, problem, field) => {
  const { created, as } = await createCode(fields);
  expectProblem(created, 400, problem);
  expect(Object.keys(created.body.errors)).toEqual([field]);
  const { body } = await as("POST", "/api/v1/dynamic", { body: code });
  const edited = await as("PATCH", "/api/v1/dynamic", { body: { short_ids: [body.short_id], changes: fields } });
  expectProblem(edited, 400, problem);
  expect(Object.keys(edited.body.errors)).toEqual([`changes.${field}`]);
});

test("rules and variants need a plan that includes them; those that are there stay after a downgrade", async () => {
  const { as, workspaceId, path, created } = await createCode({ rules: ways.rules });
  await api.setPlan(workspaceId, "starter");
  for (const body of [{ rules: ways.rules }, { variants: ways.variants }]) {
    const refused = await as("PATCH", path, { body });
    expectProblem(refused, 403, "plan_limit");
    expect(refused.body.detail).toMatch(/^The plan starter does not include (rules|variants); the plan pro does\.$/);
    expectProblem(await as("POST", "/api/v1/dynamic", { body: { ...code, ...body } }), 403, "plan_limit");
    const bulk = { short_ids: [created.body.short_id], changes: body };
    expectProblem(await as("PATCH", "/api/v1/dynamic", { body: bulk }), 403, "plan_limit");
  }
  const renamed = await as("PATCH", path, { body: { name: "Still there", password: "open sesame", max_scans: 9 } });
  expect(renamed.body).toMatchObject({ rules: ways.rules, password_protected: true, max_scans: 9 });
  expect((await as("PATCH", path, { body: { rules: [] } })).body.rules).toEqual([]);
  expectProblem(await as("POST", `${path}/rollback`, { body: { version: 1 } }), 403, "plan_limit");
});

test("a password is written and never read: neither it nor its hash is in any answer, history or audit trail", async () => {
  const { as, path, created } = await createCode({ password: "open sesame" });
  expect(created.body.password_protected).toBe(true);
  const changed = await as("PATCH", path, { body: { password: "another one" } });
  const removed = await as("PATCH", path, { body: { password: null } });
  expect(removed.body.password_protected).toBe(false);
  const back = await as("POST", `${path}/rollback`, { body: { version: 1 } });
  // The secret itself is not part of a version, so here there is nothing to roll back.
  expect(back.body.password_protected).toBe(false);
  await as("PATCH", "/api/v1/dynamic", {
    body: { short_ids: [created.body.short_id], changes: { password: "a third" } },
  });
  const history = await as("GET", `${path}/history`);
  const states = history.body.results.map((row: { password_protected: boolean }) => row.password_protected);
  expect(states).toEqual([true, false, true, true]);
  const later = await as("PATCH", path, { body: { password: "a fourth", effective_at: "2027-01-01T00:00:00Z" } });
  const others = await Promise.all(
    [
      path,
      `${path}/scheduled`,
      `${path}?at=${new Date().toISOString()}`,
      "/api/v1/dynamic",
      "/api/v1/dynamic/export?format=csv",
      "/api/v1/audit",
    ].map((address) => as("GET", address)),
  );
  const resolved = await as("POST", `${path}/resolve`, { body: {} });
  for (const { text } of [created, changed, removed, back, history, later, resolved, ...others]) {
    expect(text).not.toMatch(/argon2|sesame|another one|a third|a fourth|password_?hash/i);
  }
  const { short_id } = created.body;
  expect((await published(short_id)).routing.password).toMatch(/^\$argon2id\$/);
  expect((await as("GET", "/api/v1/dynamic/export?format=json")).body).toEqual({});
});

test("history, the past, rollback and restore know every way on", async () => {
  const { as, path, created } = await createCode(ways);
  const before = new Date().toISOString();
  const none = { max_scans: null, rules: [], variants: [], forward_query: false, utm: null, app_links: null };
  await as("PATCH", path, { body: none });
  const [now, was] = (await as("GET", `${path}/history`)).body.results;
  expect([now, was]).toMatchObject([none, ways]);
  expect((await as("GET", `${path}?at=${before}`)).body).toMatchObject(ways);
  expect((await as("POST", `${path}/rollback`, { body: { version: 1 } })).body).toMatchObject(ways);
  await as("DELETE", path);
  expect((await as("POST", `${path}/restore`)).body).toMatchObject(ways);
  expect((await published(created.body.short_id)).routing.rules).toHaveLength(3);
  const bulk = { short_ids: [created.body.short_id], changes: none };
  expect((await as("PATCH", "/api/v1/dynamic", { body: bulk })).body).toEqual({ changed: 1 });
  expect((await as("GET", path)).body).toMatchObject(none);
  const csv = await as("GET", "/api/v1/dynamic/export?format=csv");
  expect(csv.text.split("\n")[0]).toContain("max_scans,password_protected,rules,variants,forward_query,utm,app_links");
});

test("resolve says where a scan would lead and why, and counts nothing", async () => {
  const { as, path } = await createCode({ rules: ways.rules, variants: ways.variants });
  const resolve = async (body: object) => (await as("POST", `${path}/resolve/`, { body })).body;
  expect(await resolve({ country: "at", user_agent: iphone })).toEqual({
    destination_url: "https://example.com/at",
    matched_rule: { index: 0, id: expect.stringMatching(ruleId) },
    matched_variant: null,
    trace: [{ step: "rule", detail: "Rule 0 matches." }],
  });
  expect(await resolve({ at: "2026-11-21T22:30:00Z", language: "de-AT,en;q=0.5" })).toMatchObject({
    matched_rule: { index: 1 },
  });
  expect(await resolve({ at: "2026-12-10T12:00:00Z" })).toMatchObject({ matched_rule: { index: 2 } });
  const other = await resolve({ at: "2026-11-25T12:00:00Z" });
  const drawn = { id: expect.stringMatching(/^variant_[0-9a-f]{12}$/), index: expect.any(Number) };
  expect(other).toMatchObject({
    matched_rule: null,
    matched_variant: drawn,
    destination_url: expect.stringMatching(/\/[ab]$/),
  });
  expect(other.trace.at(-1)).toMatchObject({ step: "variant" });
  expect((await as("GET", path)).body).toMatchObject({ scan_count: 0, version: 1 });
  for (const body of [{ country: "XX" }, { at: "now" }, { language: 7 }, { ip: "1.2.3.4" }]) {
    expectProblem(await as("POST", `${path}/resolve`, { body }), 400, "validation_failed");
  }
});

test("where a scan would end at a page, resolve has no address, and the trace says why", async () => {
  const { as, path } = await createCode({ password: "open sesame" });
  const resolve = async (body = {}) => (await as("POST", `${path}/resolve`, { body })).body;
  const page = (step: string) => ({ destination_url: null, matched_rule: null, trace: [{ step }] });
  // A password is asked for, and then it goes on.
  const unlocked = [{ step: "password" }, { step: "destination" }];
  expect(await resolve()).toMatchObject({ destination_url: code.destination_url, matched_rule: null, trace: unlocked });
  await as("PATCH", path, { body: { password: null, app_links: { ios: "menu://7" } } });
  const { trace, ...app } = await resolve({ user_agent: iphone } as object);
  expect(app).toEqual({ destination_url: null, matched_rule: null, matched_variant: null });
  expect(trace.at(-1)).toMatchObject({ step: "app" });
  // The rule that matched is named all the same.
  await as("PATCH", path, { body: rule({ os: "iOS" }) });
  expect(await resolve({ user_agent: iphone } as object)).toMatchObject({
    destination_url: null,
    matched_rule: { index: 0 },
  });
  await as("PATCH", path, { body: { rules: [], expires_at: "2026-12-01T00:00:00Z" } });
  expect(await resolve({ at: "2026-12-01T00:00:00Z" } as object)).toMatchObject(page("state"));
  expect(await resolve({ at: "2026-11-30T23:59:59Z" } as object)).toMatchObject({
    destination_url: code.destination_url,
  });
  await as("PATCH", path, { body: { password: "open sesame" } });
  expect(await resolve({ at: "2026-12-01T00:00:00Z" } as object)).toMatchObject(page("state"));
  await as("PATCH", path, { body: { is_active: false, fallback_url: "https://example.com/later" } });
  expect(await resolve()).toMatchObject({ destination_url: "https://example.com/later" });
});

test("resolve takes the words of rules in place of a user agent", async () => {
  const when = (asked: object, name: string) => ({ when: asked, destination_url: `https://example.com/${name}` });
  const rules = [when({ device: "mobile", os: "Android" }, "android"), when({ device: "tv" }, "tv")];
  const { as, path } = await createCode({ rules, app_links: { ios: "menu://7" } });
  const resolve = async (body: object) => (await as("POST", `${path}/resolve`, { body })).body;
  expect(await resolve({ device: "Phone", os: "ANDROID", browser: "Chrome" })).toMatchObject({
    matched_rule: { index: 0 },
  });
  expect(await resolve({ device: "mobile", os: "android" })).toMatchObject({ matched_rule: { index: 0 } });
  expect(await resolve({ device: "tv" })).toMatchObject({
    destination_url: "https://example.com/tv",
    matched_rule: { index: 1 },
  });
  expect(await resolve({ device: "tv", user_agent: iphone })).toMatchObject({ matched_rule: { index: 1 } });
  expect((await resolve({ os: "iOS" })).trace.at(-1)).toMatchObject({ step: "app" });
  for (const body of [{ device: "toaster" }, { os: "TempleOS" }, { browser: "" }]) {
    expectProblem(await as("POST", `${path}/resolve`, { body }), 400, "validation_failed");
  }
});

test("whoever may only read codes may resolve them, and nobody else's", async () => {
  const { as, path } = await createCode();
  const key = await as("POST", "/api/v1/keys", { body: { name: "Reader", scopes: ["codes:read"] } });
  const byKey = await api.send("POST", `${path}/resolve`, { headers: { "X-Api-Key": key.body.raw_key }, body: {} });
  expect(byKey.body).toMatchObject({ destination_url: code.destination_url, matched_rule: null });
  const stranger = await api.signUp();
  expectProblem(await stranger.as("POST", `${path}/resolve`, { body: {} }), 404, "not_found");
});

test("a code is used up once its scans are counted, and works again when it may have more", async () => {
  const { as, path, created } = await createCode({ max_scans: 2 });
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  await db.$executeRaw`UPDATE dynamic_codes SET scan_count = 2 WHERE id = ${created.body.id}::uuid`;
  await db.$disconnect();
  const resolve = async () => (await as("POST", `${path}/resolve`, { body: {} })).body;
  expect(await resolve()).toMatchObject({ destination_url: null });
  await as("PATCH", path, { body: { max_scans: 3 } });
  expect(await resolve()).toMatchObject({ destination_url: code.destination_url });
  expect((await published(created.body.short_id)).limit).toEqual({ max: 3, used: 2 });
});
