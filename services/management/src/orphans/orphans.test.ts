import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { addOrphans } from "@qrfactory/state/orphans";
import type { Redis } from "ioredis";
import { type Api, expectProblem, startApi } from "../api.fixture.js";

let api: Api;
let redis: Redis;
beforeAll(async () => {
  api = await startApi();
  redis = connectRedis({ url: api.redis.url, name: "test", commandTimeoutMs: 5_000 });
  await redisReady(redis, 5_000);
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
});

test("scans of deleted codes are shown to their workspace, and nobody else's", async () => {
  const [mine, theirs] = [await api.signUp(), await api.signUp()];
  const make = async ({ as }: typeof mine, isDeleted: boolean) => {
    const body = { name: "Menu", destination_url: "https://example.com/" };
    const { short_id } = (await as("POST", "/api/v1/dynamic", { body })).body;
    if (isDeleted) await as("DELETE", `/api/v1/dynamic/${short_id}`);
    return short_id as string;
  };
  const [deleted, live, foreign] = [await make(mine, true), await make(mine, false), await make(theirs, true)];
  await addOrphans(redis, new Map(Object.entries({ [deleted]: 5, [live]: 1, [foreign]: 7, NEVER: 9 })));
  const { body } = await mine.as("GET", "/api/v1/orphans/?days=7");
  expect(body).toEqual({
    days: 7,
    results: [
      {
        short_id: deleted,
        name: "Menu",
        scans: 5,
        last_scanned_on: new Date().toISOString().slice(0, 10),
        deleted_at: expect.any(String),
      },
    ],
  });
  for (const days of ["0", "61", "x"]) {
    expectProblem(await mine.as("GET", `/api/v1/orphans?days=${days}`), 400, "validation_failed");
  }
});
