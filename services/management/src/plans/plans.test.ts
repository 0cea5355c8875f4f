import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Api, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

test("anybody reads the plans, the smallest first, unlimited as null", async () => {
  const { status, body, headers } = await api.send("GET", "/api/v1/plans/");
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("public, max-age=3600");
  expect(body.results.map(({ name }: { name: string }) => name)).toEqual([
    ...["free", "starter", "pro", "agency", "enterprise"],
  ]);
  expect(body.results[0]).toMatchObject({
    renders_per_month: 50,
    dpi_max: 300,
    active_codes_max: 3,
    overage_usd: null,
  });
  expect(body.results[4]).toMatchObject({ renders_per_month: null, seats_max: null, bulk_rows_max: 5_000 });
});
