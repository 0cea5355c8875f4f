import { expect, test } from "@jest/globals";
import { expectProblem, startApi } from "../api.fixture.js";

test("guessing passwords and signing up in bulk are slowed down, with the time to wait", async () => {
  const api = await startApi({ LOGINS_PER_MINUTE: 3, SIGNUPS_PER_HOUR: 2 });
  try {
    const { email } = await api.signUp();
    const guess = () => api.send("POST", "/api/v1/auth/login", { body: { email, password: "a wrong guess" } });
    for (let i = 0; i < 3; i++) expectProblem(await guess(), 401, "unauthenticated");
    const refused = await guess();
    expectProblem(refused, 429, "rate_limited");
    expect(refused.headers.get("ratelimit-policy")).toBe('"login";q=3;w=60');
    expect(refused.headers.get("ratelimit")).toMatch(/^"login";r=0;t=\d+$/);
    await api.signUp();
    await expect(api.signUp()).rejects.toThrow("rate_limited");
  } finally {
    await api.close();
  }
});

test("one network that tries many accounts is slowed down, too", async () => {
  const api = await startApi({ LOGINS_PER_MINUTE: 1 });
  try {
    const guess = (name: number) =>
      api.send("POST", "/api/v1/auth/login", { body: { email: `p${name}@example.com`, password: "a wrong guess" } });
    for (let i = 0; i < 10; i++) expectProblem(await guess(i), 401, "unauthenticated");
    expectProblem(await guess(10), 429, "rate_limited");
  } finally {
    await api.close();
  }
});

test("one account that many networks try is slowed down, and its old password is guessed no faster", async () => {
  const api = await startApi({ LOGINS_PER_MINUTE: 2 });
  try {
    const { email, as } = await api.signUp();
    const guess = (network: number) =>
      api.send("POST", "/api/v1/auth/login", {
        body: { email, password: "a wrong guess" },
        headers: { "X-Forwarded-For": `203.0.113.${network}` },
      });
    for (let i = 0; i < 2; i++) expectProblem(await guess(i), 401, "unauthenticated");
    expectProblem(await guess(2), 429, "rate_limited");
    const body = { old_password: "a wrong guess", password: "another password" };
    for (let i = 0; i < 2; i++) expectProblem(await as("POST", "/api/v1/auth/password", { body }), 403, "forbidden");
    expectProblem(await as("POST", "/api/v1/auth/password", { body }), 429, "rate_limited");
  } finally {
    await api.close();
  }
});
