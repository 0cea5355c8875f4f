import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { liveCode } from "./codes.fixture.js";
import { type Journal, type JournalOptions, journaled, openJournal } from "./journal.js";
import { createTable, type Table } from "./table.js";

const temp = makeTempDirectory("journal-");
let directory: string;
let count = 0;
beforeEach(() => {
  directory = join(temp.path, String(count++));
});
afterAll(() => temp.remove());

const tombstone = (short_id: string) =>
  ({ schema: 1, id: liveCode("X").id, short_id, version: 9, deleted: true }) as const;

/** A table as a process holds it, read from what the ones before left in the directory. */
function open(options: Partial<JournalOptions> = {}): { table: Table; journal: Journal } {
  const rows = createTable();
  const journal = openJournal({ directory, table: rows, ...options });
  return { table: journaled(rows, journal), journal };
}
const files = () => readdirSync(directory).map((name) => join(directory, name));
const turn = () => Promise.resolve();

test("what was applied is known to the next process without a word of farewell, deletions and the newest version too", async () => {
  const { table } = open();
  table.apply(liveCode("FIRST"));
  table.apply(liveCode("SECOND"));
  await turn();
  table.apply(liveCode("FIRST", 2));
  table.apply(liveCode("FIRST", 1));
  table.apply(tombstone("SECOND"));
  await turn();
  const second = open();
  expect(second.journal.state()).toMatchObject({ restored: 4, isWorking: true, lost: 0 });
  expect(second.table.isFull()).toBe(false);
  expect(second.table.find("FIRST")?.destinationUrl).toBe("https://example.com/2");
  expect(second.table.isDeleted("SECOND")).toBe(true);
  second.table.apply(liveCode("THIRD"));
  await turn();
  const third = open();
  expect(["FIRST", "SECOND", "THIRD"].map((id) => third.table.find(id)?.version)).toEqual([2, undefined, 1]);
});

test("only its owner reads it", async () => {
  const before = process.umask(0);
  open().table.apply(liveCode("CODE"));
  await turn();
  process.umask(before);
  expect([directory, ...files()].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(["700", "600"]);
});

test("a file that was cut off anywhere gives every row before the cut; one bit costs one row", async () => {
  const { table } = open();
  for (let n = 0; n < 5; n++) table.apply(liveCode(`CODE-${n}`));
  await turn();
  const [file] = files() as [string];
  const bytes = readFileSync(file);
  const recordBytes = (bytes.length - 8) / 5;
  for (let length = 0; length <= bytes.length; length += 7) {
    writeFileSync(file, bytes.subarray(0, length));
    const whole = Math.max(0, Math.floor((length - 8) / recordBytes));
    expect(open().table.counts().live).toBe(whole);
  }
  const changed = Buffer.from(bytes);
  changed[8 + recordBytes + 60] = (changed[8 + recordBytes + 60] as number) ^ 4;
  writeFileSync(file, changed);
  const known = open().table;
  expect([0, 1, 2, 3, 4].map((n) => known.find(`CODE-${n}`) !== undefined)).toEqual([true, false, true, true, true]);
});

test("a snapshot that is on disk takes the rows before it away, and leaves those that came meanwhile", async () => {
  const { table, journal } = open();
  table.apply(liveCode("BEFORE"));
  const remove = journal.rotate();
  table.apply(liveCode("MEANWHILE"));
  await turn();
  expect(open().table.counts().live).toBe(2);
  await remove();
  const { table: next } = open();
  expect([next.find("BEFORE"), next.find("MEANWHILE")?.version]).toEqual([undefined, 1]);
  await journal.rotate()();
  expect([files(), journal.state().bytes]).toEqual([[], 0]);
});

test("a disk that refuses is told once; what waits is written when it works again", async () => {
  const states: (string | null)[] = [];
  writeFileSync(directory, "in the way");
  const { table, journal } = open({ onState: (error) => states.push(error && "refused") });
  table.apply(liveCode("FIRST"));
  await turn();
  table.apply(liveCode("SECOND"));
  await turn();
  expect(journal.state()).toMatchObject({ isWorking: false, waiting: 2 });
  renameSync(directory, `${directory}.away`);
  mkdirSync(directory);
  await until(() => journal.state().isWorking);
  expect(open().table.counts().live).toBe(2);
  expect(states).toEqual(["refused", null]);
});

test("a write that is cut short leaves whole rows, and what comes after it is found", async () => {
  let room = Number.POSITIVE_INFINITY;
  const { table, journal } = open({
    writeSync(fd, bytes, offset, length) {
      if (room <= 0) throw Object.assign(new Error("disk full"), { code: "ENOSPC" });
      const written = writeSync(fd, bytes, offset, Math.min(length, room));
      room -= written;
      return written;
    },
  });
  table.apply(liveCode("FIRST"));
  await turn();
  room = 50;
  table.apply(liveCode("SECOND"));
  await turn();
  expect(journal.state()).toMatchObject({ isWorking: false, waiting: 1 });
  expect(open().table.counts().live).toBe(1);
  room = Number.POSITIVE_INFINITY;
  table.apply(liveCode("THIRD"));
  await until(() => journal.state().isWorking);
  expect(open().table.counts().live).toBe(3);
  expect(journal.state().bytes).toBe(files().reduce((sum, path) => sum + statSync(path).size, 0));
});

test("a journal says when a snapshot is due, and takes no more than it may", async () => {
  let calls = 0;
  const { table, journal } = open({ largeBytes: 1_000, bytesMax: 3_000, onLarge: () => calls++ });
  for (let n = 0; n < 30; n++) {
    table.apply(liveCode(`CODE-${n}`));
    await turn();
  }
  expect(calls).toBe(2);
  const { bytes, lost } = journal.state();
  expect(bytes).toBeLessThanOrEqual(3_000);
  expect(open().table.counts().live).toBe(30 - lost);
  await journal.rotate()();
  expect(journal.state()).toMatchObject({ bytes: 0, lost: 0 });
});
