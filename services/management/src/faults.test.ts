import { expect, test } from "@jest/globals";
import { migrate } from "@qrfactory/db/migrate";
import { startPostgres } from "@qrfactory/processes/postgres";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { expectProblem, startApi } from "./api.fixture.js";

test("with PostgreSQL frozen every answer is a 503 within 2 seconds, and after the thaw all works again", async () => {
  const directory = makeTempDirectory();
  const postgres = await startPostgres({ dataDirectory: directory.path, durable: false });
  await migrate(postgres.url());
  const api = await startApi({ DATABASE_URL: postgres.url() });
  try {
    const { as } = await api.signUp();
    const create = () =>
      as("POST", "/api/v1/dynamic", {
        body: { name: "x", destination_url: "https://example.com/" },
        headers: { "Idempotency-Key": "frozen" },
      });
    postgres.freeze();
    const at = performance.now();
    const refused = await Promise.all([as("GET", "/api/v1/dynamic"), create(), as("GET", "/api/v1/me"), create()]);
    expect(performance.now() - at).toBeLessThan(2_000);
    for (const answer of refused) expectProblem(answer, 503, "unavailable");

    const status = await api.send("GET", "/api/status");
    expect(status.status).toBe(503);
    expect(status.body.components.database.status).toBe("down");
    expect(status.body.components.state_redis.status).toBe("ok");
    expect(performance.now() - at).toBeLessThan(3_000);

    postgres.thaw();
    const created = await until(async () => {
      const answer = await create();
      return answer.status === 201 && answer;
    });
    expect((await as("GET", "/api/v1/dynamic")).body).toMatchObject({ count: 1, results: [created.body] });
  } finally {
    postgres.thaw();
    await api.close();
    await postgres.stop();
    directory.remove();
  }
});

test("with the state Redis frozen every read and edit is still answered, and the status says so", async () => {
  const api = await startApi();
  try {
    const { as } = await api.signUp();
    const { body } = await as("POST", "/api/v1/dynamic", {
      body: { name: "x", destination_url: "https://example.com/" },
    });
    api.redis.freeze();
    const at = performance.now();
    expect((await as("GET", `/api/v1/dynamic/${body.short_id}`)).status).toBe(200);
    expect((await as("PATCH", `/api/v1/dynamic/${body.short_id}`, { body: { name: "y" } })).status).toBe(200);
    expect(performance.now() - at).toBeLessThan(2_000);
    const created = await as("POST", "/api/v1/dynamic", {
      body: { name: "z", destination_url: "https://example.com/" },
    });
    expect([created.status, created.headers.get("X-QR-Published")]).toEqual([201, "pending"]);
    const status = await api.send("GET", "/api/status/");
    expect(status.body).toMatchObject({ components: { database: { status: "ok" }, state_redis: { status: "down" } } });
    // Once the breaker is open, requests no longer wait for Redis at all.
    const fast = performance.now();
    await as("GET", `/api/v1/dynamic/${body.short_id}`);
    expect(performance.now() - fast).toBeLessThan(600);
  } finally {
    api.redis.thaw();
    await api.close();
  }
});
