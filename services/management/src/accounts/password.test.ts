import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const logIn = (body: object) => api.send("POST", "/api/v1/auth/login", { body });
const refresh = (session: { refresh_token: string }) =>
  api.send("POST", "/api/v1/auth/refresh", { body: { refresh_token: session.refresh_token } });

test("a changed password ends every other session at once and leaves this one", async () => {
  const { email, password, as, session } = await api.signUp();
  const other = (await logIn({ email, password })).body;
  const body = { old_password: password, password: "a password that is new" };
  expect((await as("POST", "/api/v1/auth/password/", { body })).status).toBe(204);
  expectProblem(await api.sendAs(other.access_token)("GET", "/api/v1/me"), 401, "unauthenticated");
  expectProblem(await refresh(other), 401, "unauthenticated");
  expect((await as("GET", "/api/v1/me")).status).toBe(200);
  expect((await refresh(session)).status).toBe(200);
  expectProblem(await logIn({ email, password }), 401, "unauthenticated");
  expect((await logIn({ email, password: body.password })).status).toBe(200);
});

test("a password is changed only by who knows the old one, and only to a fair one", async () => {
  const { password, as } = await api.signUp();
  const wrong = { old_password: "not the password", password: "a password that is new" };
  expectProblem(await as("POST", "/api/v1/auth/password", { body: wrong }), 403, "forbidden");
  const short = { old_password: password, password: "short" };
  const refused = await as("POST", "/api/v1/auth/password", { body: short });
  expectProblem(refused, 400, "validation_failed");
  expect(Object.keys(refused.body.errors)).toEqual(["password"]);
});

test("a log-out everywhere ends every session of the user and nobody else's", async () => {
  const [mine, theirs] = [await api.signUp(), await api.signUp()];
  const other = (await logIn({ email: mine.email, password: mine.password })).body;
  const logOut = () => mine.as("POST", "/api/v1/auth/logout/", { body: { everywhere: true } });
  expect((await logOut()).status).toBe(204);
  for (const session of [mine.session, other]) {
    expectProblem(await api.sendAs(session.access_token)("GET", "/api/v1/me"), 401, "unauthenticated");
    expectProblem(await refresh(session), 401, "unauthenticated");
  }
  expectProblem(await logOut(), 401, "unauthenticated");
  expect((await theirs.as("GET", "/api/v1/me")).status).toBe(200);
});

test("refreshes at the moment of a log-out everywhere leave no session behind", async () => {
  const { email, password, as } = await api.signUp();
  const others = await Promise.all(Array.from({ length: 5 }, async () => (await logIn({ email, password })).body));
  const [, ...refreshed] = await Promise.all([
    as("POST", "/api/v1/auth/logout/", { body: { everywhere: true } }),
    ...others.map(refresh),
  ]);
  for (const { body } of refreshed.filter((answer) => answer.status === 200)) {
    expectProblem(await api.sendAs(body.access_token)("GET", "/api/v1/me"), 401, "unauthenticated");
    expectProblem(await refresh(body), 401, "unauthenticated");
  }
});
