import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "@jest/globals";
import type { LiveCode, PublishedCode } from "@qrfactory/codes/published/published";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import fc from "fast-check";
import { readSnapshot, writeSnapshot } from "./snapshot.js";
import { createTable, type Table } from "./table.js";

const temp = makeTempDirectory("table-");
afterAll(() => temp.remove());

const id = randomUUID();
const workspace_id = randomUUID();

function live(short_id: string, version: number, more: Partial<LiveCode> = {}): LiveCode {
  const destination_url = `https://example.com/${short_id}/${version}`;
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

/** Chunks of a dozen rows and two shards: they fill, grow and are compacted within a short history. */
const small = { chunkBits: 11, shardBits: 1 };

test("any delivery of the same rows to any table converges to the newest of each code, also through snapshots", async () => {
  const shortIds = Array.from({ length: 30 }, (_, index) => `CODE-${index}`);
  const rows = shortIds.flatMap((shortId) =>
    Array.from({ length: 9 }, (_, index) => {
      const version = index + 1;
      return version % 4 === 0 ? tombstone(shortId, version) : live(shortId, version);
    }),
  );
  const delivery = fc.record({
    seldom: fc.shuffledSubarray(rows, { minLength: rows.length }),
    again: fc.array(fc.constantFrom(...rows), { maxLength: 100 }),
    reloadAt: fc.nat({ max: rows.length }),
    isWhole: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(rows, { minLength: 1 }),
      fc.array(delivery, { minLength: 2, maxLength: 3 }),
      async (sent, deliveries) => {
        const tables = await Promise.all(
          deliveries.map(async ({ seldom, again, reloadAt, isWhole }, index) => {
            const order = [...seldom, ...again].filter((row) => sent.includes(row));
            let table = createTable(small);
            for (const row of order.slice(0, reloadAt)) table.apply(row);
            table = isWhole ? await reload(table, index) : restored(table);
            for (const row of order.slice(reloadAt)) table.apply(row);
            for (const row of again.filter((row) => sent.includes(row))) table.apply(row);
            return table;
          }),
        );
        const newest = new Map<string, PublishedCode>();
        for (const row of sent) {
          if (row.version > (newest.get(row.short_id)?.version ?? 0)) newest.set(row.short_id, row);
        }
        for (const table of tables) {
          for (const shortId of shortIds) {
            const row = newest.get(shortId);
            const isLive = row !== undefined && !("deleted" in row);
            expect(table.find(shortId)?.destinationUrl).toBe(isLive ? row.destination_url : undefined);
            // A tombstone holds its version, too: nothing older comes back.
            if (row) expect(table.apply(live(shortId, row.version))).toBe(false);
          }
          const isDeleted = [...newest.values()].filter((row) => "deleted" in row).length;
          expect(table.counts()).toEqual({ live: newest.size - isDeleted, deleted: isDeleted });
        }
      },
    ),
    { numRuns: 60 },
  );
});

async function reload(table: Table, index: number): Promise<Table> {
  const directory = `${temp.path}/${index}`;
  table.markFull();
  await writeSnapshot({ directory, table, resume: null });
  return readSnapshot({ directory })?.table ?? createTable();
}

/** The same table again, from its bytes. */
function restored(table: Table): Table {
  const other = createTable(small);
  for (const chunk of table.rows()) other.restore(chunk);
  return other;
}

test("what is superseded gives its memory back: a table of the same codes does not grow with their edits", () => {
  const table = createTable({ chunkBits: 12 });
  const count = 500;
  for (let version = 1; version <= 40; version++) {
    // Never the same order, so that no chunk is superseded as a whole.
    for (let n = 0; n < count; n++) table.apply(live(`CODE-${(n * (2 * version + 1)) % count}`, version));
  }
  const rowsOnly = createTable({ chunkBits: 12 });
  for (let n = 0; n < count; n++) rowsOnly.apply(live(`CODE-${n}`, 40));
  expect(table.bytes()).toBeLessThan(2.5 * rowsOnly.bytes());
  expect(table.counts()).toEqual({ live: count, deleted: 0 });
  for (let n = 0; n < count; n++) expect(table.find(`CODE-${n}`)?.version).toBe(40);
});

test("the rows of a moment stay as they were while the table goes on", () => {
  const table = createTable(small);
  for (let n = 0; n < 50; n++) table.apply(live(`CODE-${n}`, 1));
  const moment = table.rows();
  for (let version = 2; version < 10; version++) {
    for (let n = 0; n < 60; n++) table.apply(live(`CODE-${n}`, version));
  }
  const then = createTable();
  for (const chunk of moment) then.restore(chunk);
  expect(then.counts()).toEqual({ live: 50, deleted: 0 });
  for (let n = 0; n < 50; n++) expect(then.find(`CODE-${n}`)?.version).toBe(1);
});

test("50,000 codes are found, each with its own row, and no others", () => {
  const table = createTable();
  for (let n = 0; n < 50_000; n++) table.apply(live(`N${n}`, 1 + (n % 7)));
  for (let n = 0; n < 50_000; n++) {
    if (table.find(`N${n}`)?.destinationUrl !== `https://example.com/N${n}/${1 + (n % 7)}`) throw new Error(`N${n}`);
  }
  expect(table.counts()).toEqual({ live: 50_000, deleted: 0 });
  for (let n = 50_000; n < 51_000; n++) expect(table.find(`N${n}`)).toBeUndefined();
});

test("a code costs less than 150 bytes, a tombstone less than 30", () => {
  const destination_url = `https://www.example.com/campaign/${"a".repeat(40)}`;
  const perRow = (rowOf: (shortId: string) => PublishedCode) => {
    const table = createTable({ chunkBits: 12 });
    for (let n = 0; n < 10_000; n++) table.apply(rowOf(`AB${String(n).padStart(6, "0")}`));
    return table.bytes() / 10_000;
  };
  expect(perRow((shortId) => live(shortId, 1, { destination_url }))).toBeLessThan(150);
  expect(perRow((shortId) => tombstone(shortId, 1))).toBeLessThan(30);
});

test("bytes that are no rows are refused", () => {
  const [rows] = restored(tableOf([live("ABC", 1)])).rows();
  for (const damaged of [rows?.subarray(0, 5), rows?.subarray(0, -1), Buffer.alloc(20), Buffer.alloc(3)]) {
    expect(() => createTable().restore(damaged as Buffer)).toThrow(RangeError);
  }
});

function tableOf(rows: PublishedCode[]): Table {
  const table = createTable(small);
  for (const row of rows) table.apply(row);
  return table;
}

test("a row is held with its times as numbers", () => {
  const table = createTable();
  table.apply(live("ABC", 1, { expires_at: "2026-11-21T10:00:00Z", fallback_url: "https://example.com/late" }));
  expect(table.find("ABC")).toEqual({
    id,
    workspaceId: workspace_id,
    version: 1,
    destinationUrl: "https://example.com/ABC/1",
    isActive: true,
    expiresAt: Date.UTC(2026, 10, 21, 10),
    fallbackUrl: "https://example.com/late",
    limit: null,
    readExtra: null,
  });
});

test("within a version the row with more scans counted is the newer one, also through a snapshot", () => {
  const limited = (version: number, used: number) => live("ABC", version, { limit: { max: 9, used } });
  const table = tableOf([limited(1, 3)]);
  expect([limited(1, 2), limited(1, 3), live("ABC", 1)].map((row) => table.apply(row))).toEqual([false, false, false]);
  expect(table.apply(limited(1, 4))).toBe(true);
  expect(table.find("ABC")?.limit).toEqual({ max: 9, used: 4 });
  const older = tableOf([limited(1, 3)]);
  for (const rows of table.rows()) older.restore(rows);
  for (const rows of tableOf([limited(1, 2)]).rows()) older.restore(rows);
  expect(older.find("ABC")?.limit?.used).toBe(4);
  expect(table.apply(live("ABC", 2))).toBe(true);
  expect(table.find("ABC")?.limit).toBeNull();
});

test("how a code leads on comes back as it was published", () => {
  const routing = { rules: [{ url: "https://example.com/ruled", country: ["AT"] }], query: true as const };
  const table = tableOf([live("ABC", 1, { routing, limit: { max: 1, used: 0 } })]);
  expect(JSON.parse(table.find("ABC")?.readExtra?.() ?? "")).toEqual(routing);
});
