import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createApiKey } from "@qrfactory/auth/api-key";
import { type Answer, type Api, expectProblem, type Send, startApi } from "./api.fixture.js";
import { triedRoutes } from "./routes.fixture.js";

/** Ids of nothing: who is asked about them is told before they are looked up. */
const nothing = "8b1d9a52-35c4-4f0e-9c77-6a2f3e4d5c6b";
const cases = triedRoutes.map(({ route, needs }) => {
  const [method = "", pattern = ""] = route.split(" ");
  return { method, path: pattern.replaceAll(":id", nothing), needs };
});
const routes = [...new Set(cases.map(({ path }) => path))].map((path) => ({
  path,
  methods: cases.filter((other) => other.path === path).map(({ method }) => method),
}));
const bodies = cases.filter(({ method }) => method === "POST" || method === "PATCH");
const closed = cases.filter(({ needs }) => needs !== null);

let api: Api;
let as: Send;
beforeAll(async () => {
  api = await startApi();
  ({ as } = await api.signUp());
});
afterAll(() => api.close());

test.each(closed)("$method $path without credentials, or with foreign ones, is 401", async ({ method, path }) => {
  const attempts: Record<string, string>[] = [
    {},
    { Authorization: "Bearer x" },
    { Authorization: "Basic dXNlcjpwYXNz" },
    { "X-Api-Key": "smk_wrong" },
    { "X-Api-Key": `smk_${"A".repeat(36)}` },
  ];
  for (const headers of attempts) {
    const answers = [await api.send(method, path, { headers }), await api.send(method, `${path}/`, { headers })];
    for (const answer of answers) expectProblem(answer, 401, "unauthenticated");
  }
  // Keys in a query end up in logs: they are not looked at.
  expectProblem(await api.send(method, `${path}?api_key=smk_x&key=smk_x`), 401, "unauthenticated");
});

test.each(routes)("$path refuses other methods and says which it has", async ({ path, methods }) => {
  const others = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].filter((method) => !methods.includes(method));
  for (const method of others) {
    const answer = await as(method, `${path}/`);
    expectProblem(answer, 405, "method_not_allowed");
    const allowed = methods.flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name]));
    expect(answer.headers.get("allow")).toBe(allowed.join(", "));
  }
});

const json = { "Content-Type": "application/json" };
const wrongBodies: [string, { raw: string; headers: Record<string, string> }, number, string][] = [
  ["text that is no JSON", { raw: "{", headers: json }, 400, "malformed_request"],
  ["a member twice", { raw: '{"name":"a","name":"b"}', headers: json }, 400, "malformed_request"],
  ["__proto__", { raw: '{"__proto__":{"role":"owner"}}', headers: json }, 400, "malformed_request"],
  ["a thousand brackets", { raw: "[".repeat(1_000) + "]".repeat(1_000), headers: json }, 400, "malformed_request"],
  ["an array", { raw: "[]", headers: json }, 400, "validation_failed"],
  ["null", { raw: "null", headers: json }, 400, "validation_failed"],
  ["an unknown field", { raw: '{"unknown_field":1}', headers: json }, 400, "validation_failed"],
  [
    "a form",
    { raw: "a=b", headers: { "Content-Type": "application/x-www-form-urlencoded" } },
    415,
    "unsupported_media_type",
  ],
  ["no media type", { raw: "{}", headers: { "Content-Type": "" } }, 415, "unsupported_media_type"],
  ["2 MB", { raw: `{"name":"${"x".repeat(2_000_000)}"}`, headers: json }, 413, "body_too_large"],
];

test.each(bodies)("$method $path refuses every kind of wrong body", async ({ method, path }) => {
  // A user of its own, because all of them together are more requests than one may send in a minute.
  const { as } = await api.signUp();
  for (const [name, options, status, code] of wrongBodies) {
    // Tables of rows may be as large.
    if (status === 413 && path.endsWith("/bulk")) continue;
    const answer: Answer = await as(method, path, options);
    expect([name, answer.status]).toEqual([name, status]);
    expectProblem(answer, status, code);
  }
});

test("what does not exist is 404, also below what exists", async () => {
  for (const path of ["/", "/api", "/api/v1", "/api/v1/nothing", "/api/v1/keys/a/b/c", "/api/v2/me", "/.env"]) {
    expectProblem(await as("GET", path), 404, "not_found");
  }
});

test("an API key sees its usage, a user that of the whole workspace", async () => {
  const key = await as("POST", "/api/v1/keys", { body: { name: "Shop" } });
  const ofKey = await api.send("GET", "/api/v1/usage/", { headers: { "X-Api-Key": key.body.raw_key } });
  const usage = {
    plan: "free",
    monthly_quota: 50,
    used_this_month: 0,
    remaining: 50,
    max_size_inches: 3,
    max_dpi: 300,
    max_active_dynamic_qrs: 3,
    active_dynamic_qrs: 0,
    max_bulk_items: 10,
    resets_at: expect.stringMatching(/^\d{4}-\d\d-01T00:00:00\.000Z$/),
  };
  expect(ofKey.body).toEqual({ key_prefix: key.body.key_prefix, ...usage });
  expect((await as("GET", "/api/v1/usage/me")).body).toEqual({
    ...usage,
    overage: { enabled: false, renders_max: null, renders: 0, usd: "0.00" },
    thresholds: [],
    by_key: [],
    daily: [],
  });
});

test("requests of a key are limited by its plan, and every answer says how many are left", async () => {
  const { as: other } = await api.signUp();
  const key = await other("POST", "/api/v1/keys", { body: { name: "Busy" } });
  const headers = { "X-Api-Key": key.body.raw_key };
  const answers = await Promise.all(Array.from({ length: 125 }, () => api.send("GET", "/api/v1/usage", { headers })));
  const refused = answers.filter((answer) => answer.status === 429);
  expect(refused).toHaveLength(5);
  for (const answer of refused) expectProblem(answer, 429, "rate_limited");
  const served = answers.filter((answer) => answer.status === 200);
  expect(served[0]?.headers.get("ratelimit-policy")).toBe('"caller";q=120;w=60');
  expect(served[0]?.headers.get("ratelimit")).toMatch(/^"caller";r=\d+;t=\d+$/);
  const [limit, remaining, reset] = ["limit", "remaining", "reset"].map((name) =>
    Number(served[0]?.headers.get(`x-ratelimit-${name}`)),
  );
  expect([limit, Number(remaining) < 120]).toEqual([120, true]);
  // Seconds since 1970, not seconds to go.
  expect(Number(reset)).toBeGreaterThan(1_700_000_000);
});

test("more keys do not make more requests: a workspace as a whole is limited, and no key uses up another's share", async () => {
  const { as: other } = await api.signUp();
  const keys: string[] = [];
  for (let n = 0; n < 3; n += 1) keys.push((await other("POST", "/api/v1/keys", { body: { name: "x" } })).body.raw_key);
  /** Requests that are let in; what a busy machine answers them is not the point. */
  const askAs = async (key: string, count: number) => {
    const headers = { "X-Api-Key": key };
    let letIn = 0;
    for (let asked = 0; asked < count; asked += 20) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => api.send("GET", "/api/v1/usage", { headers })),
      );
      letIn += answers.filter(({ status }) => status !== 429).length;
    }
    return letIn;
  };
  const [greedy, second, third] = keys as [string, string, string];
  // Of 200 requests 80 are beyond the key's own limit, and do not count for the workspace.
  expect(await askAs(greedy, 200)).toBe(120);
  const served = [await askAs(second, 100), await askAs(third, 100)];
  // The workspace's 240 less 120, and less the three that made the keys.
  expect(served).toEqual([100, 17]);
  const refused = await api.send("GET", "/api/v1/usage", { headers: { "X-Api-Key": third } });
  expectProblem(refused, 429, "rate_limited");
  expect(refused.headers.get("ratelimit-policy")).toBe('"workspace";q=240;w=60');
});

test("a network that tries one unknown key after the other is put off; keys that are known and other networks are not", async () => {
  const strict = await startApi({ REFUSALS_PER_MINUTE: 20 });
  try {
    const { as } = await strict.signUp();
    const [{ raw_key }, unused] = await Promise.all(
      ["good", "unused"].map(async (name) => (await as("POST", "/api/v1/keys", { body: { name } })).body),
    );
    const by = (key: string, network = "203.0.113.1") =>
      strict.send("GET", "/api/v1/usage", { headers: { "X-Api-Key": key, "X-Forwarded-For": network } });
    expect((await by(raw_key)).status).toBe(200);
    for (let n = 0; n < 20; n += 1) expectProblem(await by(createApiKey().raw), 401, "unauthenticated");
    for (let n = 0; n < 5; n += 1) expectProblem(await by(createApiKey().raw), 429, "rate_limited");
    // Also one that this process has never seen.
    for (const good of [raw_key, unused.raw_key]) expect((await by(good)).status).toBe(200);
    expectProblem(await by(createApiKey().raw, "203.0.113.2"), 401, "unauthenticated");
    expectProblem(await strict.send("GET", "/api/v1/usage"), 401, "unauthenticated");
  } finally {
    await strict.close();
  }
});
