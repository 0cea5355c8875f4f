import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { liveCode } from "./codes.fixture.js";
import { readSnapshot, writeSnapshot } from "./snapshot.js";
import { createTable, type Table } from "./table.js";

const temp = makeTempDirectory("snapshot-");
const resume = { generation: "first", position: { id: "17-3", ordinal: 20 } };
let directory: string;
let count = 0;
let now: number;
let refused: string[];

beforeEach(() => {
  directory = join(temp.path, String(count++));
  now = 1_000_000;
  refused = [];
});
afterAll(() => temp.remove());

function fullTable(version: number, rows = 100): Table {
  const table = createTable({ chunkBits: 12 });
  for (let n = 0; n < rows; n++) table.apply(liveCode(`CODE-${n}`, version));
  table.markFull();
  return table;
}

const write = (version: number, rows?: number) =>
  writeSnapshot({ directory, table: fullTable(version, rows), resume, now: () => ++now });
const read = () => readSnapshot({ directory, onRefused: (name, reason) => refused.push(`${name} ${reason}`) });
const files = () => readdirSync(directory).sort();
const newest = () => join(directory, files().at(-1) as string);

test("a table comes back full, with the place from which its changes go on", async () => {
  const { writtenAt } = await write(1);
  const snapshot = read();
  expect(snapshot).toMatchObject({ resume, writtenAt });
  expect(snapshot?.table.isFull()).toBe(true);
  expect(snapshot?.table.counts()).toEqual({ live: 100, deleted: 0 });
  expect(snapshot?.table.find("CODE-99")?.destinationUrl).toBe("https://example.com/1");
  expect(refused).toEqual([]);
});

test("only its owner reads a snapshot, also in a directory that another program made", async () => {
  const before = process.umask(0);
  for (const isThere of [false, true]) {
    directory = join(temp.path, String(count++));
    if (isThere) mkdirSync(directory, { mode: 0o777 });
    await write(1);
    const modes = [directory, newest()].map((path) => (statSync(path).mode & 0o777).toString(8));
    expect(modes).toEqual(["700", "600"]);
  }
  process.umask(before);
});

test("an empty table that is full is one, too", async () => {
  await write(1, 0);
  expect(read()?.table.isFull()).toBe(true);
});

test("a table that is not full is never written", async () => {
  await expect(writeSnapshot({ directory, table: createTable(), resume })).rejects.toThrow("not full");
  expect(read()).toBeNull();
});

test("the three newest are kept, and nothing else is left, also when the clock goes back", async () => {
  for (let version = 1; version <= 4; version++) await write(version);
  now = 5;
  await write(5);
  expect(files()).toHaveLength(3);
  expect(files().every((name) => name.endsWith(".snapshot"))).toBe(true);
  expect(read()?.table.find("CODE-0")?.version).toBe(5);
});

/** Damages of a file, as functions of its bytes. */
const damages: [what: string, damage: (bytes: Buffer) => Buffer][] = [
  ["empty", () => Buffer.alloc(0)],
  ["of another kind", () => Buffer.from("SQLite format 3\0 and more of that")],
  ["of another version", (bytes) => Buffer.concat([Buffer.from("QRFTABL\x03", "latin1"), bytes.subarray(8)])],
  ["with a block too many", (bytes) => Buffer.concat([bytes, Buffer.alloc(8)])],
  ["with a length of gigabytes", (bytes) => Buffer.concat([bytes.subarray(0, 8), Buffer.alloc(8, 0xff)])],
  ["of zeros", (bytes) => Buffer.alloc(bytes.length)],
  ...[1, 9, 0.3, 0.7].map((part): [string, (bytes: Buffer) => Buffer] => [
    `cut off at ${part}`,
    (bytes) => bytes.subarray(0, part < 1 ? Math.floor(part * bytes.length) : bytes.length - part),
  ]),
];
test.each(damages)(
  "a newest file that is %s is refused with a reason, and the one before it is read",
  async (_, damage) => {
    await write(1);
    await write(2);
    writeFileSync(newest(), damage(readFileSync(newest())));
    expect(read()?.table.find("CODE-5")?.version).toBe(1);
    expect(refused).toHaveLength(1);
  },
);

test("a file of the version before is read, and what its writer could not have known is loaded again", async () => {
  await write(1);
  const bytes = readFileSync(newest());
  bytes[7] = 1;
  writeFileSync(newest(), bytes);
  const snapshot = read();
  expect([snapshot?.table.counts().live, snapshot?.resume, refused]).toEqual([100, null, []]);
});

test("a single bit that was flipped anywhere is noticed", async () => {
  await write(1, 3);
  const good = readFileSync(newest());
  for (let at = 0; at < good.length; at++) {
    const bytes = Buffer.from(good);
    bytes[at] = (good[at] as number) ^ (1 << (at % 8));
    writeFileSync(newest(), bytes);
    expect(read()).toBeNull();
  }
  expect(refused).toHaveLength(good.length);
});

test("with no whole file there is no snapshot", async () => {
  expect(read()).toBeNull();
  for (let version = 1; version <= 3; version++) await write(version);
  for (const name of files()) truncateSync(join(directory, name), 100);
  expect(read()).toBeNull();
  expect(refused).toHaveLength(3);
});

test("a disk that refuses leaves the files that were there, and no others", async () => {
  await write(1);
  const before = files();
  // A directory stands where the file should be written.
  mkdirSync(join(directory, "table.partial", "inside"), { recursive: true });
  await expect(write(2)).rejects.toThrow();
  expect(files().filter((name) => name.endsWith(".snapshot"))).toEqual(before);
  expect(read()?.table.find("CODE-0")?.version).toBe(1);
});

test("what changes while a snapshot is written is in the table, not in the snapshot", async () => {
  const table = fullTable(1);
  const writing = writeSnapshot({ directory, table, resume });
  for (let version = 2; version < 20; version++) {
    for (let n = 0; n < 100; n++) table.apply(liveCode(`CODE-${n}`, version));
  }
  await writing;
  expect(table.find("CODE-1")?.version).toBe(19);
  expect(read()?.table.find("CODE-1")?.version).toBe(1);
});
