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
