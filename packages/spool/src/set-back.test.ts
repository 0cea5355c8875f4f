// Directories that were put back from an older copy, cloned, or damaged. Every record that is appended afterwards
// arrives, and so does every one that lies there.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { makeShipper } from "./shipper.js";
import type { Batch } from "./shipper-state.js";
import { openSpool } from "./spool.js";
import type { SpoolOptions } from "./spool-state.js";

const temp = makeTempDirectory("set-back-");
afterAll(() => temp.remove());
let directories = 0;
const newDirectory = () => join(temp.path, String(++directories));
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.close();
});

/** A far end like ingest: tells rows apart by their text, and acknowledges by spool and number. */
function makeCentre() {
  const rows = new Map<string, number>();
  const covered = new Map<string, [from: number, until: number][]>();
  const acks = new Map<string, number>();
  const centre = {
    rows,
    acks,
    isAway: false,
    async send({ spool_id, from_sequence, first_sequence, count, lines }: Batch) {
      if (centre.isAway) throw new Error("away");
      const ranges = covered.get(spool_id) ?? [];
      covered.set(spool_id, ranges);
      ranges.push([from_sequence, first_sequence + count]);
      for (const record of count === 0 ? [] : lines.toString().split("\n"))
        rows.set(record, (rows.get(record) ?? 0) + 1);
      let next = 1;
      for (const [from, until] of ranges.sort((a, b) => a[0] - b[0])) if (from <= next) next = Math.max(next, until);
      acks.set(spool_id, Math.max(next - 1, acks.get(spool_id) ?? 0));
      return "receipt";
    },
    isWaiting: async () => false,
    async readAck(spoolId: string) {
      if (centre.isAway) throw new Error("away");
      return acks.get(spoolId) ?? null;
    },
  };
  return centre;
}
type Centre = ReturnType<typeof makeCentre>;

/** A process that has the directory open and ships. */
function start(directory: string, centre: Centre, options: Partial<SpoolOptions> = {}) {
  const spool = openSpool({ directory, segmentBytesMax: 2_000, bootId: "monday", ...options });
  const told: (string | null)[] = [];
  const shipper = makeShipper({
    spool,
    ...centre,
    coalesceMs: 1,
    ackPollMs: 2,
    batchRecordsMax: 50,
    onState: (error) => told.push(error?.message ?? null),
  });
  let isOpen = true;
  const stop = async () => {
    if (!isOpen) return;
    isOpen = false;
    await shipper.stop();
    await spool.close();
  };
  open.push({ close: stop });
  const append = (name: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => spool.append(`${name} ${index}`)));
  const settled = () => until(() => shipper.state().waiting === 0 && shipper.state().underWay === 0);
  return { spool, shipper, told, stop, append, settled };
}

const countOf = ({ rows }: Centre, name: string) => [...rows.keys()].filter((row) => row.startsWith(`${name} `)).length;
const putBack = (copy: string, directory: string) => {
  rmSync(directory, { recursive: true });
  cpSync(copy, directory, { recursive: true });
};

/** A directory of which 100 records were copied, and that had 733 more, all acknowledged, before the copy came back. */
async function setBack(centre: Centre, options: Partial<SpoolOptions> = {}) {
  const [directory, copy] = [newDirectory(), newDirectory()];
  const first = start(directory, centre, options);
  await first.append("before", 100);
  await first.settled();
  await first.stop();
  cpSync(directory, copy, { recursive: true });
  const second = start(directory, centre, options);
  await second.append("between", 733);
  await second.settled();
  await second.stop();
  expect(second.told).toEqual([]);
  putBack(copy, directory);
  return { directory, copy, id: second.spool.id };
}

test.each([20, 733, 1_500])(
  "after a directory was set back, %s new records all arrive, under another id and with a word in the log",
  async (count) => {
    const centre = makeCentre();
    const { directory, id } = await setBack(centre);
    const process = start(directory, centre);
    await process.append("after", count);
    await until(() => countOf(centre, "after") === count);
    await process.settled();
    expect([countOf(centre, "before"), countOf(centre, "between")]).toEqual([100, 733]);
    expect(process.spool.id).not.toBe(id);
    expect(process.shipper.state().rewinds).toBe(1);
    expect(process.told).toEqual([
      expect.stringContaining(`Record 833 of spool ${id} is acknowledged, but no more than 100 were handed over`),
      null,
    ]);
  },
);

test.each([20, 733, 1_500])(
  "the same with the far end away at the start, while %s records are written: their numbers prove nothing",
  async (count) => {
    const centre = makeCentre();
    const { directory, id } = await setBack(centre);
    centre.isAway = true;
    const process = start(directory, centre);
    await process.append("after", count);
    await until(() => process.told.length > 0);
    centre.isAway = false;
    await until(() => countOf(centre, "after") === count);
    await process.append("later", 30);
    await process.settled();
    expect([countOf(centre, "later"), process.spool.id === id]).toEqual([30, false]);
  },
);

test("the new id stays with the directory: later starts go on from its acknowledgements", async () => {
  const centre = makeCentre();
  const { directory } = await setBack(centre);
  const process = start(directory, centre);
  await process.append("after", 10);
  await process.settled();
  await process.stop();
  const next = start(directory, centre);
  await next.append("later", 10);
  await until(() => countOf(centre, "later") === 10);
  expect([next.spool.id, next.shipper.state().rewinds, next.told]).toEqual([process.spool.id, 0, []]);
  expect(centre.rows.get("after 0")).toBe(1);
});

test("the same copy may come back again and again, also with a start of the machine in between", async () => {
  const centre = makeCentre();
  const { directory, copy } = await setBack(centre);
  const boots = ["monday", "monday", "tuesday", "wednesday", "wednesday"];
  for (const [round, bootId] of boots.entries()) {
    putBack(copy, directory);
    const process = start(directory, centre, { bootId });
    await process.append(`round ${round}:`, 60 + 10 * round);
    await until(() => countOf(centre, `round ${round}:`) === 60 + 10 * round);
    await process.stop();
  }
});

test.each<[string, (directory: string) => void]>([
  [
    "without its records",
    (directory) => {
      for (const name of readdirSync(directory)) if (name.endsWith(".seg")) rmSync(join(directory, name));
    },
  ],
  ["without the file that names it", (directory) => rmSync(join(directory, "spool.json"))],
  ["with half of that file", (directory) => writeFileSync(join(directory, "spool.json"), '{"id":"0b8c')],
  ["with that file empty", (directory) => writeFileSync(join(directory, "spool.json"), "")],
  ["with another text in it", (directory) => writeFileSync(join(directory, "spool.json"), '{"id":"../../etc"}')],
])("of a directory %s every record that is there and every new one arrives", async (_how, damage) => {
  const centre = makeCentre();
  const directory = newDirectory();
  const first = start(directory, centre);
  await first.append("acknowledged", 100);
  await first.settled();
  centre.isAway = true;
  await first.append("waiting", 100);
  await first.stop();
  damage(directory);
  const waits = readdirSync(directory).some((name) => name.endsWith(".seg"));
  for (const count of [50, 300]) {
    const process = start(directory, centre);
    await process.append(`after ${count}:`, count);
    centre.isAway = false;
    await until(() => countOf(centre, `after ${count}:`) === count);
    await process.settled();
    await process.stop();
  }
  expect(countOf(centre, "waiting")).toBe(waits ? 100 : 0);
});

test("two directories with one id, an original and its clone, leave nothing out", async () => {
  const centre = makeCentre();
  const [directory, clone] = [newDirectory(), newDirectory()];
  const first = start(directory, centre);
  await first.append("before", 100);
  await first.settled();
  await first.stop();
  cpSync(directory, clone, { recursive: true });
  const one = start(directory, centre);
  await one.append("one", 300);
  await one.settled();
  const two = start(clone, centre);
  await two.append("two", 200);
  await one.append("one more", 100);
  await until(() => countOf(centre, "two") === 200 && countOf(centre, "one more") === 100);
  expect(two.spool.id).not.toBe(one.spool.id);
});

test("while the disk refuses the new id nothing is skipped, and once it takes it everything is shipped", async () => {
  const centre = makeCentre();
  const { directory, id } = await setBack(centre);
  // In the place of the file's draft.
  const obstacle = join(directory, "spool.json.draft");
  mkdirSync(obstacle);
  const process = start(directory, centre);
  await process.append("after", 900);
  await until(() => process.told.length > 0);
  expect([process.spool.id, process.shipper.state().acknowledgedSequence]).toEqual([id, 0]);
  expect(JSON.parse(readFileSync(join(directory, "spool.json"), "utf8")).id).toBe(id);
  rmSync(obstacle, { recursive: true });
  await until(() => countOf(centre, "after") === 900);
  await process.settled();
  expect(process.told.at(-1)).toBeNull();
});

test("restarts, reboots and an absent far end give a spool no other id", async () => {
  const centre = makeCentre();
  const directory = newDirectory();
  const ids = new Set<string>();
  for (const [round, bootId] of ["monday", "monday", "tuesday", "tuesday", "friday"].entries()) {
    centre.isAway = round % 2 === 1;
    const process = start(directory, centre, { bootId });
    await process.append(`round ${round}:`, 150);
    if (round % 2 === 0) await process.settled();
    ids.add(process.spool.id);
    await process.stop();
    expect(process.shipper.state().rewinds).toBe(0);
  }
  expect(ids.size).toBe(1);
  expect(centre.rows.size).toBe(750);
});
