import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { until } from "@qrfactory/processes/until";
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

test("log-ins with the old password at the moment of its change leave no session behind", async () => {
  const { email, password, as } = await api.signUp();
  const body = { old_password: password, password: "a password that is new" };
  const [changed, ...loggedIn] = await Promise.all([
    as("POST", "/api/v1/auth/password/", { body }),
    ...Array.from({ length: 10 }, () => logIn({ email, password })),
  ]);
  expect(changed.status).toBe(204);
  for (const { status, body: session } of loggedIn) {
    expect([200, 401]).toContain(status);
    if (status === 200) expectProblem(await refresh(session), 401, "unauthenticated");
  }
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

test("a mail about a new password means nothing any more once the password was changed", async () => {
  const { email, password, as } = await api.signUp();
  await api.send("POST", "/api/v1/auth/password/forgot", { body: { email } });
  const token = await api.mailedToken(email, "password");
  const body = { old_password: password, password: "a password that is new" };
  expect((await as("POST", "/api/v1/auth/password", { body })).status).toBe(204);
  const reset = { token, password: "a password of somebody else" };
  expectProblem(await api.send("POST", "/api/v1/auth/password/reset", { body: reset }), 401, "unauthenticated");
  expect((await logIn({ email, password: body.password })).status).toBe(200);
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

const forget = (email: string) => api.send("POST", "/api/v1/auth/password/forgot/", { body: { email } });
const reset = (token: string, password = "a password that is new") =>
  api.send("POST", "/api/v1/auth/password/reset/", { body: { token, password } });

test("a forgotten password is reset with the mailed token, once, and every session ends", async () => {
  const { email, session } = await api.signUp();
  expect((await forget(` ${email.toUpperCase()}`)).status).toBe(202);
  const token = await api.mailedToken(email, "password");
  expectProblem(await reset(token, "short"), 400, "validation_failed");
  const answers = await Promise.all([reset(token), reset(token), reset(token)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 401, 401]);
  expectProblem(await api.sendAs(session.access_token)("GET", "/api/v1/me"), 401, "unauthenticated");
  const again = await logIn({ email, password: "a password that is new" });
  expect(again.body.user).toMatchObject({ email, email_verified: true });
});

test("a reset makes the other mails for it worthless, and one that is an hour old is worthless by itself", async () => {
  const { email } = await api.signUp();
  await forget(email);
  const first = await api.mailedToken(email, "password");
  const count = api.mails.length;
  await forget(email);
  await until(() => api.mails.length > count);
  const second = await api.mailedToken(email, "password");
  expect((await reset(second)).status).toBe(204);
  expectProblem(await reset(first), 401, "unauthenticated");
  await forget(email);
  await until(() => api.mails.length > count + 1);
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  const aged = await db.$executeRaw`
    UPDATE mailed_tokens SET expires_at = expires_at - interval '1 hour' WHERE purpose = 'reset'`;
  await db.$disconnect();
  expect(aged).toBe(1);
  expectProblem(await reset(await api.mailedToken(email, "password")), 401, "unauthenticated");
});

test("nobody learns from a forgotten password whether there is such an account", async () => {
  const { email } = await api.signUp();
  const [known, unknown] = [await forget(email), await forget("nobody@example.com")];
  expect([known.status, known.text]).toEqual([202, ""]);
  expect([unknown.status, unknown.text]).toEqual([202, ""]);
  expect([...unknown.headers.keys()]).toEqual([...known.headers.keys()]);
  await api.mailedToken(email, "password");
  expect(api.mails.filter(({ to }) => to === "nobody@example.com")).toEqual([]);
});

test("an address is verified by the token that was mailed to it, once, and by no other", async () => {
  const { email, as } = await api.signUp();
  const verify = (token: string) => api.send("POST", "/api/v1/auth/verify/", { body: { token } });
  const isVerified = async () => (await as("GET", "/api/v1/me")).body.user.email_verified;
  const token = await api.mailedToken(email, "your address");
  expect(await isVerified()).toBe(false);
  expectProblem(await reset(token), 401, "unauthenticated");
  await forget(email);
  expectProblem(await verify(await api.mailedToken(email, "password")), 401, "unauthenticated");
  expect(await isVerified()).toBe(false);
  expect((await verify(token)).status).toBe(204);
  expect(await isVerified()).toBe(true);
  expectProblem(await verify(token), 401, "unauthenticated");
});

test("a mail to verify the address is sent again until it is verified", async () => {
  const { email, as } = await api.signUp();
  const first = await api.mailedToken(email, "your address");
  expect((await as("POST", "/api/v1/auth/verify/send/")).status).toBe(202);
  const second = await api.mailedToken(email, "your address");
  expect(second).not.toBe(first);
  expect((await api.send("POST", "/api/v1/auth/verify", { body: { token: second } })).status).toBe(204);
  const count = api.mails.length;
  expect((await as("POST", "/api/v1/auth/verify/send")).status).toBe(202);
  expect(api.mails).toHaveLength(count);
});
