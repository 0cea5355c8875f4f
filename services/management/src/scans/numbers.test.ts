// Every number of a report twice more: written down by hand for a few scans around a change of the clocks and a
// midnight, and counted in the raw rows by plain SQL for a seeded month.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { type Api, type Send, startApi } from "../api.fixture.js";
import { scanRow, seededScans, summarise, takeIn } from "./scans.fixture.js";

let api: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
});

/** Somebody with two codes. */
async function makeOwner() {
  const { as, workspaceId } = await api.signUp();
  const codes: { id: string; shortId: string }[] = [];
  for (const name of ["Busy", "Quiet"]) {
    const { body } = await as("POST", "/api/v1/dynamic", { body: { name, destination_url: "https://example.com" } });
    codes.push({ id: body.id, shortId: body.short_id });
  }
  return { as, workspaceId, codes: codes as [(typeof codes)[0], (typeof codes)[0]] };
}

const summariseMonth = () =>
  summarise(api.database.url, "2026-10-03T00:00:00Z", "2026-11-06T00:00:00Z", "2026-10-25T00:00:00Z");

async function read(as: Send, path: string, query: Record<string, string>) {
  const answer = await as("GET", `${path}?${new URLSearchParams(query)}`);
  expect(answer.status).toBe(200);
  return answer.body;
}

describe("a few scans around the night in which the clocks of Vienna go back", () => {
  let owner: Awaited<ReturnType<typeof makeOwner>>;
  beforeAll(async () => {
    owner = await makeOwner();
    const code = { id: owner.codes[0].id, workspaceId: owner.workspaceId };
    await takeIn(api.database.url, [
      scanRow(code, "2026-10-24T21:59:59.999Z", { visitor: "a", country: "AT" }),
      scanRow(code, "2026-10-24T22:00:00.000Z", { visitor: "a", country: "AT" }),
      scanRow(code, "2026-10-24T23:59:59.999Z", { visitor: "a", country: "AT" }),
      // UTC midnight: the salt changes, and with it who is the same.
      scanRow(code, "2026-10-25T00:00:00.000Z", { visitor: "a", country: "AT" }),
      // Half past two, twice.
      scanRow(code, "2026-10-25T00:30:00.000Z", { visitor: "b", country: "FR" }),
      scanRow(code, "2026-10-25T01:30:00.000Z", { visitor: "b", country: "FR" }),
      scanRow(code, "2026-10-25T22:59:59.999Z", { visitor: "c", country: "US", bot_class: "preview" }),
      scanRow(code, "2026-10-25T23:00:00.000Z", { visitor: "b", country: null }),
    ]);
  });

  describe.each(["rows", "summaries"])("read from %s", (source) => {
    beforeAll(async () => {
      if (source === "summaries") await summariseMonth();
    });
    const range = { from: "2026-10-24", to: "2026-10-26" };

    test("by day in Vienna", async () => {
      const report = await read(owner.as, "/api/v1/analytics", { ...range, timezone: "Europe/Vienna" });
      expect(report).toMatchObject({
        ...{ total_scans: 7, unique_visitors: 3, bots: 1, last_scanned_at: "2026-10-25T23:00:00.000Z" },
        timeseries: [
          { start: "2026-10-23T22:00:00.000Z", scans: 1, unique_visitors: 1 },
          { start: "2026-10-24T22:00:00.000Z", scans: 5, unique_visitors: 3 },
          { start: "2026-10-25T23:00:00.000Z", scans: 1, unique_visitors: 1 },
        ],
        countries: [
          { key: "AT", scans: 4 },
          { key: "FR", scans: 2 },
          { key: "unknown", scans: 1 },
        ],
        bot_classes: [{ key: "preview", scans: 1 }],
      });
    });

    test("by day in UTC, machines included", async () => {
      const report = await read(owner.as, "/api/v1/analytics", { ...range, include_bots: "true" });
      expect(report).toMatchObject({
        ...{ total_scans: 8, unique_visitors: 4, bots: 1 },
        timeseries: [
          { start: "2026-10-24T00:00:00.000Z", scans: 3, unique_visitors: 1 },
          { start: "2026-10-25T00:00:00.000Z", scans: 5, unique_visitors: 3 },
          { start: "2026-10-26T00:00:00.000Z", scans: 0, unique_visitors: 0 },
        ],
        countries: [
          { key: "AT", scans: 4 },
          { key: "FR", scans: 2 },
          { key: "US", scans: 1 },
          { key: "unknown", scans: 1 },
        ],
      });
    });

    test("by hour of the day of 25 hours", async () => {
      const report = await read(owner.as, `/api/v1/dynamic/${owner.codes[0].shortId}/analytics`, {
        ...{ from: "2026-10-25", to: "2026-10-25", interval: "hour", timezone: "Europe/Vienna" },
      });
      const hours = report.timeseries.map(({ scans }: { scans: number }) => scans);
      expect(hours).toEqual([1, 1, 2, 1, ...Array.from({ length: 21 }, () => 0)]);
      expect(report.timeseries[3].start).toBe("2026-10-25T01:00:00.000Z");
    });
  });
});

const sumOf = (list: { scans: number }[]) => list.reduce((sum, { scans }) => sum + scans, 0);

/** Makes of every summary what it was before: cities by names that may have a district, nothing by ids or districts. */
const asBefore = `
  UPDATE scan_summaries AS s SET (dimensions, keys, key_scans, key_bots) = (
    SELECT array_agg(dimension), array_agg(key), array_agg(scans), array_agg(bots) FROM (
      SELECT * FROM unnest(s.dimensions, s.keys, s.key_scans, s.key_bots) AS u(dimension, key, scans, bots)
      WHERE dimension NOT IN (3, 13, 14, 15)
      UNION ALL
      SELECT 3, coalesce(nullif(district, ''), city, 'unknown'), count(*) FILTER (WHERE bot_class IS NULL), count(bot_class) FROM scans
      WHERE s.subject_id IN (code_id, workspace_id) AND served <> 'fallback'
        AND scanned_at >= s.start AND scanned_at < s.start + ('1 ' || s.span)::interval GROUP BY 2) AS entries)
  WHERE cardinality(dimensions) > 0`;

describe("a seeded month", () => {
  let owner: Awaited<ReturnType<typeof makeOwner>>;
  beforeAll(async () => {
    owner = await makeOwner();
    const [busy, quiet] = owner.codes;
    await takeIn(api.database.url, seededScans(owner.workspaceId, busy.id, quiet.id));
  });

  /** Name in a report → column. */
  const dimensions = {
    ...{ countries: "country", regions: "region_name", devices: "device", os: "os" },
    cities: "CASE WHEN district IS NULL THEN split_part(city, ' (', 1) ELSE city END",
    districts: "CASE WHEN district IS NULL AND city LIKE '%(%' THEN city ELSE nullif(district, '') END",
    ...{ browsers: "browser", languages: "language", referrers: "referrer_host", variants: "variant" },
    ...{ serving_regions: "region", served: "served", rule_ids: "rule_id", variant_ids: "variant_id" },
  };
  const people = "bot_class IS NULL AND served <> 'fallback' AND scanned_at >= $2 AND scanned_at < $3";
  const visitors =
    "count(DISTINCT ((scanned_at AT TIME ZONE 'UTC')::date, visitor)) FILTER (WHERE visitor IS NOT NULL)";

  describe.each(["rows", "summaries", "summaries of before"])("read from %s", (source) => {
    beforeAll(async () => {
      if (source === "summaries") await summariseMonth();
      if (source === "summaries of before") await db.$executeRawUnsafe(asBefore);
    });
    // Those do not know them; that all scans are counted is all that can be asked.
    const unknown = new Set(source === "summaries of before" ? ["rule_ids", "variant_ids"] : []);

    test.each([
      ["UTC", "2026-10-03T00:00:00Z", "2026-11-06T00:00:00Z"],
      ["Europe/Vienna", "2026-10-02T22:00:00Z", "2026-11-02T23:00:00Z"],
      ["Asia/Kathmandu", "2026-10-04T18:15:00Z", "2026-10-25T19:12:34Z"],
    ])("says what SQL counts in the rows, in %s", async (timezone, from, to) => {
      const { as, codes, workspaceId } = owner;
      const subjects = [
        ["/api/v1/analytics", "workspace_id", workspaceId],
        [`/api/v1/dynamic/${codes[0].shortId}/analytics`, "code_id", codes[0].id],
        [`/api/v1/dynamic/${codes[1].shortId}/analytics`, "code_id", codes[1].id],
      ] as const;
      for (const [path, column, id] of subjects) {
        const report = await read(as, path, { from, to, timezone });
        const ask = <Row>(text: string) =>
          db.$queryRawUnsafe<Row[]>(text, id, new Date(from), new Date(to)) as Promise<Row[]>;
        const where = `${column} = $1::uuid AND ${people}`;
        const [total] = await ask(`SELECT count(*)::int AS total_scans, ${visitors}::int AS unique_visitors,
          max(scanned_at) AS last FROM scans WHERE ${where}`);
        const { total_scans, unique_visitors, last_scanned_at } = report;
        expect({ total_scans, unique_visitors, last: new Date(last_scanned_at) }).toEqual(total);

        const days = await ask<{ day: string }>(`
          SELECT to_char(scanned_at AT TIME ZONE '${timezone}', 'YYYY-MM-DD') AS day, count(*)::int AS scans,
            ${visitors}::int AS unique_visitors
          FROM scans WHERE ${where} GROUP BY 1 ORDER BY 1`);
        const localDay = new Intl.DateTimeFormat("en-CA", { timeZone: timezone });
        const seen = report.timeseries.map(({ start, ...counts }: { start: string }) => ({
          day: localDay.format(new Date(start)),
          ...counts,
        }));
        expect(seen.filter(({ scans }: { scans: number }) => scans > 0)).toEqual(days);
        expect(new Set(seen.map(({ day }: { day: string }) => day)).size).toBe(seen.length);

        for (const [name, dimension] of Object.entries(dimensions)) {
          const counted = await ask(`
            SELECT coalesce((${dimension})::text, 'unknown') AS key, count(*)::int AS scans
            FROM scans WHERE ${where} GROUP BY 1 ORDER BY scans DESC, key`);
          if (!unknown.has(name)) expect([name, report[name]]).toEqual([name, counted]);
          expect([name, sumOf(report[name])]).toEqual([name, total_scans]);
        }
      }
    });
  });
});
