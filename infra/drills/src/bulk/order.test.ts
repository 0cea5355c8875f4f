// A bulk order from the request to the archive, with every service as a process of its own: the archive is opened by
// programs of other makers, and every image in it is read back and compared with its row.
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { decodeOne } from "@qrfactory/testing/decode";
import { PNG } from "pngjs";
import { type Entry, manifestOf, readArchive } from "./archive.js";
import { type BulkRig, type Job, startBulkRig } from "./rig.js";

const path = "/api/v1/generate/bulk";

let rig: BulkRig;
beforeAll(async () => {
  rig = await startBulkRig();
}, 60_000);
afterAll(() => rig.close());

async function deliver(body: object): Promise<{ job: Job; zip: Buffer; entries: Entry[] }> {
  const job = await rig.finished((await rig.order(body)).id);
  expect(job).toMatchObject({ status: "completed", failure: null });
  const zip = await rig.download(job);
  return { job, zip, entries: await readArchive(zip) };
}

/** A plain red square: a logo is judged by what it is, not by what it shows. */
function redSquare(): Buffer {
  const png = new PNG({ width: 32, height: 32 });
  for (let at = 0; at < png.data.length; at += 4) png.data.set([200, 0, 0, 255], at);
  return PNG.sync.write(png);
}

test("every image in the archive says what its row says, in the order of the rows", async () => {
  const items = Array.from({ length: 40 }, (_, n) => ({
    size: 200,
    data: `https://example.com/table/${n + 1}`,
    placement: `Table ${n + 1}`,
    ...(n % 3 === 1 && { pattern: "dot", color: "#0b3d91" }),
    ...(n % 10 === 4 && { filename: "menu", size: 300 }),
  }));
  const { job, zip, entries } = await deliver({ items });
  expect(job).toMatchObject({ total: 40, completed: 40, failed: 0, credits_refunded: 0 });
  const manifest = manifestOf(entries);
  expect(entries.map(({ name }) => name)).toEqual([
    ...manifest.map(({ filename }) => filename),
    "manifest.csv",
    "manifest.json",
  ]);
  for (const [n, row] of manifest.entries()) {
    const { bytes, isStored } = entries[n] as Entry;
    expect(row).toMatchObject({
      row: n + 1,
      data: items[n]?.data,
      placement: items[n]?.placement,
      format: "png",
      cache: "MISS",
    });
    expect([await decodeOne(bytes), bytes.length, isStored]).toEqual([row.data, row.bytes, true]);
    expect(PNG.sync.read(bytes).width).toBe(row.pixels);
  }
  const names = manifest.flatMap(({ filename }) => (filename?.startsWith("menu") ? [filename] : []));
  expect(names).toEqual(["menu.png", "menu-2.png", "menu-3.png", "menu-4.png"]);
  openElsewhere(zip, entries);
}, 60_000);

/** Other programs find the archive whole; which of them the machine lacks is printed. */
function openElsewhere(zip: Buffer, entries: Entry[]): void {
  const file = join(rig.directory, "archive.zip");
  writeFileSync(file, zip);
  const list =
    "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(len(z.namelist()))";
  const programs: [string, string[], RegExp][] = [
    ["unzip", ["-tq", file], /No errors detected/],
    ["python3", ["-c", list, file], new RegExp(`^${entries.length}$`, "m")],
    ["bsdtar", ["-tf", file], /manifest\.json/],
  ];
  for (const [program, args, pattern] of programs) {
    if (spawnSync(program, [program === "unzip" ? "-v" : "--version"]).error)
      console.log(`${program} is not here to open it`);
    else expect(execFileSync(program, args, { encoding: "utf8" })).toMatch(pattern);
  }
}

test("vectors are deflated, documents of both kinds are what they say", async () => {
  const { entries } = await deliver({
    items: [{ format: "svg" }, { format: "pdf" }, { format: "eps" }, { format: "jpeg" }].map((own) => ({
      data: "https://example.com/",
      ...own,
    })),
  });
  const heads = entries
    .slice(0, 4)
    .map(({ name, bytes, isStored }) => [name, bytes.toString("latin1", 0, 4), isStored]);
  expect(heads).toEqual([
    ["qr-0001.svg", "<svg", false],
    ["qr-0002.pdf", "%PDF", false],
    ["qr-0003.eps", "%!PS", false],
    ["qr-0004.jpg", "\xff\xd8\xff\xe0", true],
  ]);
}, 60_000);

/** An address that is refused only when the row is drawn. */
const refusedLogo = "http://127.0.0.1/logo.png";

test("one logo serves all rows, and a row that could not be drawn costs nothing and says why", async () => {
  const before = (await rig.spent()).counter;
  const form = new FormData();
  form.set(
    "file",
    new Blob([`data,logo_url\nhttps://example.com/1,\nhttps://example.com/2,${refusedLogo}\nhttps://example.com/3,`]),
  );
  form.set("logo_file", new Blob([new Uint8Array(redSquare())]));
  const response = await rig.send(path, { method: "POST", body: form });
  const ordered = (await response.json()) as Job;
  expect(response.status).toBe(202);
  const job = await rig.finished(ordered.id);
  expect(job).toMatchObject({ status: "completed", completed: 2, failed: 1, credits_refunded: 1 });
  expect(job.errors).toEqual({ 2: { logo_url: [expect.stringContaining("127.0.0.1")] } });
  const entries = await readArchive(await rig.download(job));
  const manifest = manifestOf(entries);
  expect(manifest.map(({ filename, errors }) => [filename, errors])).toEqual([
    ["qr-0001.png", null],
    [null, job.errors[2]],
    ["qr-0003.png", null],
  ]);
  const event = await rig.db.event.findFirstOrThrow({ where: { subject: job.id } });
  const { id, status, total, completed, failed, credits_refunded, failure, errors } = job;
  expect(event.payload).toEqual({ id, status, total, completed, failed, credits_refunded, failure, errors });
  const image = PNG.sync.read(entries[0]?.bytes ?? Buffer.alloc(0));
  const middle = (image.width / 2) * image.width * 4 + (image.width / 2) * 4;
  expect([...image.data.subarray(middle, middle + 3)]).toEqual([200, 0, 0]);
  expect(await rig.spent()).toEqual({ counter: before + 2, calls: before + 2, months: before + 2 });
}, 60_000);

test("codes are printed by their short links, and the manifest leads from one to the other", async () => {
  const { entries } = await deliver({
    dynamic: true,
    items: [
      { url: "https://example.com/menu", name: "Menu" },
      { url: "https://example.com/bar", name: "=1+1" },
    ],
  });
  const [first, second] = manifestOf(entries);
  expect(first).toMatchObject({ name: "Menu", destination_url: "https://example.com/menu", data: first?.public_url });
  expect(await decodeOne(entries[0]?.bytes ?? Buffer.alloc(0))).toBe(first?.public_url);
  const code = await (await rig.send(`/api/v1/dynamic/${second?.short_id}`)).json();
  expect(code).toMatchObject({ destination_url: "https://example.com/bar", name: "=1+1" });
  // A spreadsheet would run it.
  expect(entries.find(({ name }) => name === "manifest.csv")?.bytes.toString()).toContain("'=1+1");
}, 60_000);

test("who waits gets the archive itself, at once and again", async () => {
  const init = {
    method: "POST",
    headers: { "Content-Type": "text/csv", Prefer: "wait=30", "Idempotency-Key": "wait" },
    body: "https://example.com/1\nhttps://example.com/2\n",
  };
  const [first, again] = [await rig.send(path, init), await rig.send(path, init)];
  for (const response of [first, again]) {
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/zip");
  }
  expect(again.headers.get("Idempotent-Replayed")).toBe("true");
  expect(Buffer.from(await first.arrayBuffer())).toEqual(Buffer.from(await again.arrayBuffer()));
}, 60_000);

test("who waits hears how the order ended: what is missing from the archive, or that there is none", async () => {
  const wait = (items: object[]) =>
    rig.send(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Prefer: "wait=30" },
      body: JSON.stringify({ items }),
    });
  const [good, bad] = [{ data: "https://example.com/1" }, { data: "https://example.com/2", logo_url: refusedLogo }];
  const some = await wait([good, bad]);
  expect([some.status, some.headers.get("X-QR-Bulk-Failed")]).toEqual([200, "1"]);
  const none = await wait([bad]);
  expect([none.status, none.headers.get("X-QR-Bulk-Failed")]).toEqual([202, "1"]);
  expect(await none.json()).toMatchObject({
    status: "failed",
    download_url: null,
    errors: { 1: { logo_url: [expect.anything()] } },
  });
  const pale = await wait([good, { ...good, color: "#fefefe" }]);
  expect(pale.status).toBe(422);
  expect(await pale.json()).toMatchObject({ code: "bulk_rejected", errors: { 2: { color: [expect.anything()] } } });
}, 60_000);

/** An order that takes some seconds. */
const slowOrder = (name: string) => ({
  defaults: { pattern: "dot", size: 1_500 },
  items: Array.from({ length: 600 }, (_, n) => ({ data: `https://example.com/${name}/${n}` })),
});

test("progress is told as it is made, and the end closes the stream", async () => {
  const { id } = await rig.order(slowOrder("progress"));
  const told: [event: string, job: Job][] = [];
  const open = async () => {
    const response = await rig.send(`/api/v1/bulk/${id}/events/`);
    expect(response.headers.get("Content-Type")).toMatch(/^text\/event-stream/);
    return createInterface({ input: Readable.fromWeb(response.body as ReadableStream) });
  };
  let event = "";
  for await (const line of await open()) {
    if (line.startsWith("event: ")) event = line.slice("event: ".length);
    if (!line.startsWith("data: ")) continue;
    const job = JSON.parse(line.slice("data: ".length)) as Job;
    told.push([event, job]);
    if (job.status === "running" && job.completed > 0) await rig.send(`/api/v1/bulk/${id}`, { method: "DELETE" });
  }
  const completed = told.map(([, job]) => job.completed);
  expect(completed).toEqual([...completed].sort((a, b) => a - b));
  expect(completed[0]).toBeLessThan(completed.at(-1) ?? 0);
  expect(told.map(([name]) => name).slice(0, -1)).not.toContain("cancelled");
  expect(told.at(-1)).toMatchObject(["cancelled", { status: "cancelled" }]);

  const afterwards: string[] = [];
  for await (const line of await open()) afterwards.push(line);
  expect(afterwards).toContain("event: cancelled");
}, 60_000);

test("ten rows of one customer do not wait for a thousand of another's", async () => {
  const large = await rig.order(slowOrder("large"));
  const small = await rig.order({
    items: Array.from({ length: 10 }, (_, n) => ({ data: `https://example.com/s/${n}` })),
  });
  expect((await rig.finished(small.id)).status).toBe("completed");
  expect((await rig.job(large.id)).status).toBe("running");
  await rig.send(`/api/v1/bulk/${large.id}`, { method: "DELETE" });
  const { status, completed, credits_refunded } = await rig.job(large.id);
  expect([status, credits_refunded]).toEqual(["cancelled", 600 - completed]);
}, 60_000);

test("an image of a batch is drawn for nobody but our own workers", async () => {
  for (const authorization of ["", "Bearer e30.e30.e30"]) {
    const headers = { Authorization: authorization };
    const response = await fetch(`${rig.renderUrl}/internal/v1/images`, { method: "POST", headers, body: "{}" });
    expect(response.status).toBe(401);
  }
});
