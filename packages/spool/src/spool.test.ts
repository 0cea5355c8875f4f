import {
  appendFileSync,
  chmodSync,
  cpSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import fc from "fast-check";
import { entryHeaderBytes } from "./log-entry.js";
import { openSpool, rebootStride, type Spool } from "./spool.js";
import type { SpoolOptions, SpoolRead } from "./spool-state.js";

const temp = makeTempDirectory("spool-");
afterAll(() => temp.remove());
let directories = 0;
const newDirectory = () => join(temp.path, String(++directories));

const recordsOf = ({ count, lines }: SpoolRead) => (count === 0 ? [] : lines.toString().split("\n"));

/** Reads everything that is left, in reads of a few records, as `[sequence, text]`. */
async function readAll(spool: Spool, from = 1): Promise<[number, string][]> {
  const all: [number, string][] = [];
  for (let next = from; ; ) {
    const read = await spool.read(next, 7, 1_000);
    if (!read) return all;
    next = read.firstSequence;
    for (const record of recordsOf(read)) all.push([next++, record]);
  }
}

async function filled(records: string[], options: Partial<SpoolOptions> = {}): Promise<string> {
  const directory = newDirectory();
  const spool = openSpool({ directory, ...options });
  // One write each, so that segments may be closed in between.
  for (const record of records) await spool.append(record);
  await spool.close();
  return directory;
}

const segmentsOf = (directory: string) => readdirSync(directory).filter((name) => name.endsWith(".seg"));
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `record ${index + 1}`);

test("whatever is appended is read back in order, after any number of restarts", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.string({ unit: "grapheme", maxLength: 60 }), { maxLength: 20 }), { maxLength: 4 }),
      async (sessions) => {
        const directory = newDirectory();
        for (const session of sessions) {
          const spool = openSpool({ directory, segmentBytesMax: 300 });
          await Promise.all(session.map((record) => spool.append(record)));
          await spool.close();
        }
        const spool = openSpool({ directory });
        const expected = sessions.flat().map((record, index) => [index + 1, record]);
        expect(await readAll(spool)).toEqual(expected);
        await spool.close();
      },
    ),
    { numRuns: 40 },
  );
});

test("a record is a line: line feeds in it become spaces, everything else stays", async () => {
  const spool = openSpool({ directory: newDirectory() });
  for (const record of ['{"a":\n1}', "", "\r\u2028 Grüße 😀", "\n"]) await spool.append(record);
  expect((await readAll(spool)).map(([, record]) => record)).toEqual(['{"a": 1}', "", "\r\u2028 Grüße 😀", " "]);
  await spool.close();
});

test("records of one turn share one write", async () => {
  let writes = 0;
  const spool = openSpool({
    directory: newDirectory(),
    writeSync: (...args) => {
      writes += 1;
      return writeSync(...args);
    },
  });
  await Promise.all(numbered(500).map((record) => spool.append(record)));
  expect(writes).toBe(1);
  expect(spool.nextSequence).toBe(501);
  await spool.close();
});

test("a tail torn at any byte costs the records it cuts and nothing else", async () => {
  const directory = await filled(numbered(3));
  const file = join(directory, segmentsOf(directory)[0] as string);
  const whole = readFileSync(file);
  const ends = [0, 1, 2, 3].map((count) => (entryHeaderBytes + "record 1".length) * count);
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    writeFileSync(file, whole.subarray(0, bytes));
    const spool = openSpool({ directory });
    const kept = ends.findLastIndex((end) => end <= bytes);
    expect(spool.stats().bytesCut).toBe(bytes - (ends[kept] as number));
    await spool.append("after");
    expect((await readAll(spool)).map(([, text]) => text)).toEqual([...numbered(kept), "after"]);
    await spool.close();
  }
});

test("zeros behind the last record, as a power failure leaves them, are cut off", async () => {
  const directory = await filled(numbered(2));
  appendFileSync(join(directory, segmentsOf(directory)[0] as string), Buffer.alloc(5_000));
  const spool = openSpool({ directory });
  expect(spool.stats()).toMatchObject({ nextSequence: 3, bytesCut: 5_000 });
  await spool.close();
});

test("a flipped bit costs at most one record, wherever it is, and the others keep their numbers", async () => {
  const records = numbered(12);
  const directory = await filled(records, { segmentBytesMax: 60 });
  const spool = openSpool({ directory });
  const files = segmentsOf(directory).map((name) => join(directory, name));
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    const whole = readFileSync(file);
    for (let byte = 0; byte < whole.length; byte++) {
      const damaged = Buffer.from(whole);
      damaged[byte] = (damaged[byte] as number) ^ (1 << (byte % 8));
      writeFileSync(file, damaged);
      const found = await readAll(spool);
      expect(found.length).toBeGreaterThanOrEqual(records.length - 1);
      for (const [sequence, text] of found) expect(text).toBe(`record ${sequence}`);
    }
    writeFileSync(file, whole);
  }
  await spool.close();
});

test("a read says from where on there is nothing more, so that a gap can be acknowledged", async () => {
  const directory = await filled(numbered(3));
  const file = join(directory, segmentsOf(directory)[0] as string);
  const damaged = readFileSync(file);
  damaged[0] = (damaged[0] as number) ^ 1;
  writeFileSync(file, damaged);
  const spool = openSpool({ directory });
  expect(await spool.read(1, 10, 1_000)).toEqual({
    from: 1,
    firstSequence: 2,
    count: 2,
    lines: Buffer.from("record 2\nrecord 3"),
  });
  expect(await spool.read(4, 10, 1_000)).toBeNull();
  await spool.close();
});

test("segments go when they are acknowledged, the newest one when it is old, and numbers go on", async () => {
  let clock = 1_000_000;
  const directory = newDirectory();
  const options = { directory, segmentBytesMax: 100, segmentAgeMsMax: 60_000, now: () => clock };
  let spool = openSpool(options);
  for (const record of numbered(20)) await spool.append(record);
  const before = segmentsOf(directory).length;
  spool.forget(10);
  await until(() => segmentsOf(directory).length < before);
  expect((await readAll(spool, 11))[0]).toEqual([11, "record 11"]);
  spool.forget(20);
  await until(() => segmentsOf(directory).length === 1);
  clock += 60_000;
  spool.forget(20);
  await until(() => segmentsOf(directory).length === 1);
  expect(spool.stats()).toMatchObject({ bytes: 0, segments: 1, firstSequence: 21, nextSequence: 21 });
  await spool.close();
  spool = openSpool(options);
  await spool.append("record 21");
  expect(await spool.read(1, 10, 1_000)).toEqual({
    from: 1,
    firstSequence: 21,
    count: 1,
    lines: Buffer.from("record 21"),
  });
  await spool.close();
});

test("reading goes on while segments are forgotten under the reader", async () => {
  const spool = openSpool({ directory: newDirectory(), segmentBytesMax: 200 });
  const records = numbered(500);
  const seen: string[] = [];
  const reading = (async () => {
    for (let next = 1; next <= records.length; ) {
      const read = await spool.read(next, 5, 10_000);
      if (!read) {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      seen.push(...recordsOf(read));
      next = read.firstSequence + read.count;
      spool.forget(next - 1);
    }
  })();
  for (const record of records) await spool.append(record);
  await reading;
  expect(seen).toEqual(records);
  await spool.close();
});

test("a disk that refuses or cuts a write short stops nobody, and everything is written once it takes it again", async () => {
  let bytesLeft = 100;
  const states: (string | null)[] = [];
  const directory = newDirectory();
  const spool = openSpool({
    directory,
    retryMs: 5,
    heldMax: 40,
    onDiskState: (error) => states.push(error?.message ?? null),
    writeSync: (fd, bytes, offset, length) => {
      if (bytesLeft === 0) throw new Error("ENOSPC");
      const count = writeSync(fd, bytes, offset, Math.min(length, bytesLeft));
      bytesLeft -= count;
      return count;
    },
  });
  for (const record of numbered(10)) await spool.append(record);
  // 100 bytes hold four whole entries of 22; the fifth was cut short and taken back.
  expect(spool.stats()).toMatchObject({ nextSequence: 5, atRisk: 6, bytes: 88 });
  expect(statSync(join(directory, segmentsOf(directory)[0] as string)).size).toBe(88);
  await Promise.all(numbered(50).map((record) => spool.append(record)));
  expect(spool.stats()).toMatchObject({ atRisk: 40, lost: 16 });
  bytesLeft = Number.POSITIVE_INFINITY;
  await until(() => spool.stats().atRisk === 0);
  expect((await readAll(spool)).map(([, text]) => text)).toEqual([...numbered(10), ...numbered(34)]);
  expect(states).toEqual(["ENOSPC", null]);
  await spool.close();
});

test("a spool at its size limit takes records again as soon as older ones are acknowledged", async () => {
  const spool = openSpool({ directory: newDirectory(), segmentBytesMax: 50, bytesMax: 200, retryMs: 60_000 });
  for (const record of numbered(20)) await spool.append(record);
  expect(spool.stats().atRisk).toBeGreaterThan(0);
  const shipped = spool.nextSequence - 1;
  spool.forget(shipped);
  expect(spool.stats().atRisk).toBeLessThan(20 - shipped);
  await spool.close();
});

test("a directory belongs to one process, and the lock of a dead one is taken over", async () => {
  const directory = newDirectory();
  const spool = openSpool({ directory });
  expect(() => openSpool({ directory })).toThrow(/in use by process/);
  const lock = readFileSync(join(directory, "lock"), "utf8");
  await spool.close();
  // The same process id, as the first process of a container always has, but another start.
  writeFileSync(join(directory, "lock"), lock.replace(/ (\d+)"/, ' 1"'));
  await openSpool({ directory }).close();
  writeFileSync(join(directory, "lock"), JSON.stringify({ pid: 2 ** 30, started: "" }));
  await openSpool({ directory }).close();
  writeFileSync(join(directory, "lock"), "");
  await openSpool({ directory }).close();
  expect(readdirSync(directory).filter((name) => name.startsWith("lock"))).toEqual([]);
});

test("the id stays with the directory; after a start of the machine no number is given twice", async () => {
  const directory = newDirectory();
  const first = openSpool({ directory, bootId: "monday" });
  await Promise.all(numbered(5).map((record) => first.append(record)));
  await first.close();
  // The power went: what was written last never reached the disk, though it was shipped.
  truncateSync(join(directory, segmentsOf(directory)[0] as string), 60);
  const second = openSpool({ directory, bootId: "tuesday" });
  expect(second.id).toBe(first.id);
  await second.append("new");
  expect(await readAll(second)).toEqual([
    [1, "record 1"],
    [2, "record 2"],
    [3 + rebootStride, "new"],
  ]);
  await second.close();
  const third = openSpool({ directory, bootId: "tuesday" });
  expect(third.nextSequence).toBe(4 + rebootStride);
  await third.close();
});

test("only its owner reads a spool, one that is made and one that was put back", async () => {
  const modesOf = (directory: string) =>
    [directory, ...readdirSync(directory).map((name) => join(directory, name))].map(
      (path) => `${path.slice(directory.length + 1)} ${(statSync(path).mode & 0o777).toString(8)}`,
    );
  const before = process.umask(0);
  const directory = await filled(numbered(12), { segmentBytesMax: 60 });
  const wide = newDirectory();
  cpSync(directory, wide, { recursive: true });
  chmodSync(wide, 0o777);
  for (const name of readdirSync(wide)) chmodSync(join(wide, name), 0o666);
  for (const each of [directory, wide]) {
    const spool = openSpool({ directory: each, segmentBytesMax: 60 });
    await spool.append("one more");
    const modes = modesOf(each);
    expect(modes.length).toBeGreaterThan(5);
    expect(modes.filter((mode) => !/(^ 700|\.seg 600|spool\.json 600|lock 600)$/.test(mode))).toEqual([]);
    await spool.close();
  }
  process.umask(before);
});

test("a record that is too long is refused, and so is everything after close", async () => {
  const spool = openSpool({ directory: newDirectory() });
  await expect(spool.append("x".repeat(65_537))).rejects.toThrow(RangeError);
  await expect(spool.append("x".repeat(65_536))).resolves.toBeUndefined();
  await expect(spool.append("€".repeat(21_846))).rejects.toThrow(RangeError);
  const last = spool.append("just before");
  await spool.close();
  await last;
  await expect(spool.append("x")).rejects.toThrow(/closed/);
});
