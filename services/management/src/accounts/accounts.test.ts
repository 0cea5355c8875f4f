import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

test("a new account owns a workspace and is logged in", async () => {
  const { session, as, email } = await api.signUp();
  expect(session).toMatchObject({ expires_in: 900, workspace: { plan: "free", role: "owner" } });
  const me = await as("GET", "/api/v1/me/");
  expect(me.body).toMatchObject({ user: { email }, workspace: { id: session.workspace.id, role: "owner" } });
});

test("an address has one account, in whatever case it is written", async () => {
  const { email, password } = await api.signUp();
  const body = { email: ` ${email.toUpperCase()} `, password, workspace_name: "Again" };
  expectProblem(await api.send("POST", "/api/v1/auth/signup/", { body }), 409, "conflict");
});

test("a wrong address and a wrong password look the same", async () => {
  const { email, password } = await api.signUp();
  const logIn = (body: object) => api.send("POST", "/api/v1/auth/login", { body });
  const right = await logIn({ email, password });
  expect(right.status).toBe(200);
  expect(right.body).toMatchObject({ expires_in: 900, user: { email } });
  const wrongPassword = await logIn({ email, password: "not the password" });
  const wrongEmail = await logIn({ email: "nobody@example.com", password });
  expectProblem(wrongPassword, 401, "unauthenticated");
  expectProblem(wrongEmail, 401, "unauthenticated");
  const told = ({ body }: typeof right) => ({ ...body, request_id: "" });
  expect(told(wrongEmail)).toEqual(told(wrongPassword));
});

test("an address that no account can have is refused at a log-in", async () => {
  const body = { email: "a\0b@example.com", password: "long enough" };
  expectProblem(await api.send("POST", "/api/v1/auth/login", { body }), 400, "validation_failed");
});

test("a refresh token works once; used again, it ends the whole family", async () => {
  const { session } = await api.signUp();
  const refresh = (refresh_token: string) => api.send("POST", "/api/v1/auth/refresh", { body: { refresh_token } });
  const second = await refresh(session.refresh_token);
  expect(second.status).toBe(200);
  const third = await refresh(second.body.refresh_token);
  expect(third.status).toBe(200);
  expectProblem(await refresh(second.body.refresh_token), 401, "unauthenticated");
  expectProblem(await refresh(third.body.refresh_token), 401, "unauthenticated");
});

test("of many uses of one refresh token at once, one succeeds", async () => {
  const { session } = await api.signUp();
  const body = { refresh_token: session.refresh_token };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => api.send("POST", "/api/v1/auth/refresh", { body })),
  );
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
});

test("a log-out ends the family and may be repeated", async () => {
  const { session } = await api.signUp();
  const body = { refresh_token: session.refresh_token };
  expect((await api.send("POST", "/api/v1/auth/logout", { body })).status).toBe(204);
  expect((await api.send("POST", "/api/v1/auth/logout", { body })).status).toBe(204);
  expectProblem(await api.send("POST", "/api/v1/auth/refresh", { body }), 401, "unauthenticated");
  expectProblem(await api.sendAs(session.access_token)("GET", "/api/v1/me"), 401, "unauthenticated");
});

test("every token that is not ours gets the same 401", async () => {
  const { session } = await api.signUp();
  const [head, payload, signature] = session.access_token.split(".");
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const tokens = {
    none: `${encode({ alg: "none", typ: "JWT" })}.${payload}.`,
    otherWorkspace: [head, encode({ ...JSON.parse(atob(payload)), wid: session.user.id }), signature].join("."),
    empty: "",
    garbage: "a.b.c",
  };
  const details = new Set<string>();
  for (const token of Object.values(tokens)) {
    const answer = await api.send("GET", "/api/v1/me", { headers: { Authorization: `Bearer ${token}` } });
    expectProblem(answer, 401, "unauthenticated");
    details.add(answer.body.detail);
  }
  expect(details.size).toBe(1);
  expectProblem(await api.send("GET", "/api/v1/me"), 401, "unauthenticated");
});

test.each([
  ["an address that is none", { email: "not an address" }, "email"],
  ["a short password", { password: "short" }, "password"],
  ["a password of 257 characters", { password: "x".repeat(257) }, "password"],
  ["no workspace name", { workspace_name: " " }, "workspace_name"],
  ["a workspace name that cannot be stored", { workspace_name: "a\0b" }, "workspace_name"],
  ["a field with a typo", { pasword: "x" }, "pasword"],
  ["a number as an address", { email: 7 }, "email"],
])("sign-up refuses %s and names the field", async (_name, change, field) => {
  const body = { email: "fine@example.com", password: "long enough", workspace_name: "Fine", ...change };
  const answer = await api.send("POST", "/api/v1/auth/signup", { body });
  expectProblem(answer, 400, "validation_failed");
  expect(Object.keys(answer.body.errors)).toEqual([field]);
});

test("the passwords and tokens of an account are nowhere in the database", async () => {
  const { session, password } = await api.signUp();
  const { connectDatabase, withPatience } = await import("@qrfactory/db/client");
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  const rows = await db.$queryRaw`SELECT u::text FROM users u UNION ALL SELECT t::text FROM refresh_tokens t`;
  await db.$disconnect();
  const dump = JSON.stringify(rows);
  expect(dump).toContain("argon2id");
  for (const secret of [password, session.refresh_token, session.access_token]) expect(dump).not.toContain(secret);
});
