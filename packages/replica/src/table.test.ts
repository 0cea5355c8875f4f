import { randomUUID } from "node:crypto";
import { expect, test } from "@jest/globals";
import type { LiveCode, PublishedCode } from "@qrfactory/domain/published-code";
import { createTable, parseTableRow } from "@qrfactory/replica/table";
import fc from "fast-check";

const id = randomUUID();
const workspace_id = randomUUID();

function live(short_id: string, version: number, more: Partial<LiveCode> = {}): LiveCode {
  const destination_url = `https://example.com/${version}`;
  const state = { is_active: true, expires_at: null, fallback_url: null };
  return { schema: 1, id, workspace_id, short_id, version, destination_url, ...state, ...more };
}

const tombstone = (short_id: string, version: number): PublishedCode => ({
  schema: 1,
  id,
  short_id,
  version,
  deleted: true,
});

test("permuted, repeated and stale rows converge to the newest version of each code", () => {
  const history = fc
    .uniqueArray(fc.record({ code: fc.constantFrom("AAA", "BBB", "CCC"), version: fc.integer({ min: 1, max: 9 }) }), {
      selector: ({ code, version }) => `${code} ${version}`,
      minLength: 1,
    })
    .map((rows) =>
      rows.map(({ code, version }) => (version % 4 === 0 ? tombstone(code, version) : live(code, version))),
    );
  const deliveries = history.chain((rows) =>
    fc.tuple(
      fc.constant(rows),
      fc.shuffledSubarray(rows, { minLength: rows.length }),
      fc.array(fc.constantFrom(...rows), { maxLength: 20 }),
    ),
  );
  fc.assert(
    fc.property(deliveries, ([rows, once, again]) => {
      const table = createTable();
      for (const row of [...once, ...again]) table.apply(row);
      for (const code of ["AAA", "BBB", "CCC"]) {
        const versions = rows.filter((row) => row.short_id === code).map((row) => row.version);
        const newest = Math.max(0, ...versions);
        expect(table.find(code)?.version).toBe(newest === 0 || newest % 4 === 0 ? undefined : newest);
      }
      const { live: count, deleted } = table.counts();
      expect(count).toBe(["AAA", "BBB", "CCC"].filter((code) => table.find(code)).length);
      expect(count + deleted).toBe(new Set(rows.map((row) => row.short_id)).size);
    }),
  );
});

test("a row is held with its times as numbers", () => {
  const table = createTable();
  table.apply(live("ABC", 1, { expires_at: "2026-11-21T10:00:00Z", fallback_url: "https://example.com/late" }));
  expect(table.find("ABC")).toEqual({
    id,
    workspaceId: workspace_id,
    version: 1,
    destinationUrl: "https://example.com/1",
    isActive: true,
    expiresAt: Date.UTC(2026, 10, 21, 10),
    fallbackUrl: "https://example.com/late",
  });
});

const good = live("ABC", 1);
test.each([
  ["no JSON", "{"],
  ["no object", "null"],
  ["no address", JSON.stringify({ ...good, destination_url: null })],
  ["an address of ten megabytes", JSON.stringify({ ...good, destination_url: `https://x/${"a".repeat(10_000_000)}` })],
  ["an address that is not of the web", JSON.stringify({ ...good, destination_url: "javascript:alert(1)" })],
  ["an address with a line break", JSON.stringify({ ...good, destination_url: "https://x/\r\nSet-Cookie: a=b" })],
  ["a fallback address with a blank", JSON.stringify({ ...good, fallback_url: "https://x/a b" })],
  ["an unknown field", JSON.stringify({ ...good, surprise: 1 })],
  ["a newer schema", JSON.stringify({ ...good, schema: 2 })],
  ["a version of zero", JSON.stringify({ ...good, version: 0 })],
])("a row with %s is refused", (_what, json) => {
  expect(parseTableRow(JSON.stringify(good))).toEqual(good);
  expect(parseTableRow(json)).toBeNull();
});
