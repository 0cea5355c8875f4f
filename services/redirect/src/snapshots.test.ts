import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "@jest/globals";
import type { LiveCode } from "@qrfactory/codes/published/published";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { type Journal, journaled, openJournal } from "@qrfactory/state/codes/table/journal";
import { readSnapshot } from "@qrfactory/state/codes/table/snapshot";
import { createTable, type Table } from "@qrfactory/state/codes/table/table";
import { type KeepSnapshotsOptions, keepSnapshots, type Snapshots } from "./snapshots.js";

const temp = makeTempDirectory("snapshots-");
let count = 0;
let directory: string;
let table: Table;
let journal: Journal;
let snapshots: Snapshots;

const code = (version: number): LiveCode => ({
  schema: 1,
  id: "0b8c3a52-6d8f-4c5b-9a51-2f5d0d3d8f11",
  workspace_id: "7f1f6c0e-3a62-4b0e-8f3c-5c2f9b7f6a22",
  short_id: "CODE",
  version,
  destination_url: "https://example.com/",
  is_active: true,
  expires_at: null,
  fallback_url: null,
});

beforeEach(() => {
  directory = join(temp.path, String(count++));
  const rows = createTable();
  journal = openJournal({ directory, table: rows });
  table = journaled(rows, journal);
});
afterEach(async () => {
  await snapshots.stop();
  journal.close();
});
afterAll(() => temp.remove());

function keep(options: Partial<KeepSnapshotsOptions> = {}): Snapshots {
  snapshots = keepSnapshots({ directory, table, journal, resume: () => null, intervalMs: 10, last: null, ...options });
  return snapshots;
}
const savedVersion = () => readSnapshot({ directory })?.table.find("CODE")?.version;

test("a table is saved once it is full, and again only when it has changed", async () => {
  table.apply(code(1));
  keep();
  table.markFull();
  await until(() => savedVersion() === 1);
  table.apply(code(2));
  await until(() => savedVersion() === 2);
  const writtenAt = readSnapshot({ directory })?.writtenAt;
  await until(() => snapshots.state().writtenAt === writtenAt);
  expect(table.apply(code(2))).toBe(false);
  await snapshots.stop();
  expect(snapshots.state()).toMatchObject({ isWorking: true, writtenAt });
  expect(readdirSync(directory)).toHaveLength(2);
});

test("a clean stop saves what has changed since, and a table that is not full never", async () => {
  table.apply(code(1));
  await keep({ intervalMs: 1_000_000 }).stop();
  expect(readSnapshot({ directory })).toBeNull();
  table.markFull();
  await keep({ intervalMs: 1_000_000 }).stop();
  expect(savedVersion()).toBe(1);
  const last = readSnapshot({ directory });
  expect(journal.state().bytes).toBe(0);
  table = last?.table ?? table;
  await keep({ intervalMs: 1_000_000, last }).stop();
  expect(readdirSync(directory)).toHaveLength(1);
});

test("a disk that refuses is told once, harms nothing, and is used again when it works", async () => {
  const states: (string | null)[] = [];
  table.apply(code(1));
  table.markFull();
  // A file stands where the directory should be.
  writeFileSync(directory, "in the way");
  keep({ onState: (error) => states.push(error && "refused") });
  await until(() => !snapshots.state().isWorking);
  table.apply(code(2));
  expect(table.find("CODE")?.version).toBe(2);
  renameSync(directory, `${directory}.away`);
  mkdirSync(directory);
  await until(() => savedVersion() === 2);
  await until(() => snapshots.state().isWorking);
  expect(states).toEqual(["refused", null]);
});

test("what a journal brought is saved with the next snapshot, and then it is gone", async () => {
  table.apply(code(1));
  table.markFull();
  keep();
  await until(() => savedVersion() === 1);
  await snapshots.stop();
  table.apply(code(2));
  journal.close();

  const last = readSnapshot({ directory });
  const rows = last?.table as Table;
  journal = openJournal({ directory, table: rows });
  expect([rows.find("CODE")?.version, journal.state().restored]).toEqual([2, 1]);
  table = journaled(rows, journal);
  keep({ last, intervalMs: 1_000_000 });
  snapshots.save();
  await until(() => savedVersion() === 2 && journal.state().bytes === 0);
});
