import { expect, test } from "@jest/globals";
import { migrate } from "@qrfactory/db/migrate";
import { startPostgres } from "@qrfactory/processes/postgres";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { expectProblem, startApi } from "./api.fixture.js";

test("with PostgreSQL frozen every answer is a 503 before the thaw, and after it all works again", async () => {
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
    const refused = await Promise.all([as("GET", "/api/v1/dynamic"), create(), as("GET", "/api/v1/me"), create()]);
    for (const answer of refused) expectProblem(answer, 503, "unavailable");

    const status = await api.send("GET", "/api/status");
    expect(status.status).toBe(503);
    expect(status.body.components.database.status).toBe("down");
    expect(status.body.components.state_redis.status).toBe("ok");

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
    expect((await as("GET", `/api/v1/dynamic/${body.short_id}`)).status).toBe(200);
    expect((await as("PATCH", `/api/v1/dynamic/${body.short_id}`, { body: { name: "y" } })).status).toBe(200);
    const created = await as("POST", "/api/v1/dynamic", {
      body: { name: "z", destination_url: "https://example.com/" },
    });
    expect([created.status, created.headers.get("X-QR-Published")]).toEqual([201, "pending"]);
    const status = await api.send("GET", "/api/status/");
    expect(status.body).toMatchObject({ components: { database: { status: "ok" }, state_redis: { status: "down" } } });
    // By now the breaker is open (see runtime/redis.test.ts), and nothing waits for Redis any more.
    expect((await as("GET", `/api/v1/dynamic/${body.short_id}`)).status).toBe(200);
  } finally {
    api.redis.thaw();
    await api.close();
  }
});
