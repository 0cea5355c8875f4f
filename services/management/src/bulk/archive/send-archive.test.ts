// Archives in a folder and in a bucket of a real S3 service, as whoever has a link or a session fetches them.
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import S3rver from "@20minutes/s3rver";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { type Answer, type Api, expectProblem, startApi } from "../../api.fixture.js";
import type { ManagementConfig } from "../../config.js";
import type { ObjectStore } from "./object-store.js";
import { openObjectStore } from "./open-object-store.js";

const zip = Buffer.from(Array.from({ length: 100 }, (_, n) => n));
/** Larger than a part of an upload, so that several are put together. */
const largeBytes = 6_000_000;

type Place = { name: string; open: () => Promise<Partial<ManagementConfig>>; close: () => Promise<void> | void };

function folder(): Place {
  const temp = makeTempDirectory();
  return {
    name: "a folder",
    open: async () => ({ OBJECT_STORE: join(temp.path, "archives") }),
    close: () => temp.remove(),
  };
}

function bucket(): Place {
  const temp = makeTempDirectory();
  const server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    directory: temp.path,
    silent: true,
    configureBuckets: [{ name: "archives", configs: [] }],
    // It signs the address of a bucket without the slash that the SDK sends.
    allowMismatchedSignatures: true,
  });
  const credentials = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
  return {
    name: "a bucket",
    async open() {
      const { port } = (await server.run()) as AddressInfo;
      const endpoint = `http://127.0.0.1:${port}`;
      const { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY } = credentials;
      return { OBJECT_STORE: "s3://archives/done", S3_ENDPOINT: endpoint, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY };
    },
    async close() {
      await server.close();
      temp.remove();
    },
  };
}

describe.each([folder(), bucket()])("in $name", (place) => {
  let api: Api;
  let db: Db;
  let store: ObjectStore;
  beforeAll(async () => {
    const overrides = await place.open();
    api = await startApi(overrides);
    db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
    store = await openObjectStore({ ...api.config, ...overrides });
  });
  afterAll(async () => {
    await db.$disconnect();
    await api.close();
    await place.close();
  });

  /** An order as a worker leaves it, and how its archive is asked for. */
  async function delivered(expiresInMs = 60_000) {
    const { as, workspaceId } = await api.signUp();
    const body = { items: [{ data: "https://example.com/" }] };
    const { id } = (await as("POST", "/api/v1/generate/bulk", { body })).body as { id: string };
    const name = `${id}-1.zip`;
    const archiveBytes = await store.put(name, Readable.from([zip]));
    const times = { finishedAt: new Date(), expiresAt: new Date(Date.now() + expiresInMs) };
    await db.bulkJob.update({
      where: { id },
      data: { status: "completed", completed: 1, archive: name, archiveBytes, ...times },
    });
    const { download_url } = (await as("GET", `/api/v1/bulk/${id}`)).body as { download_url: string | null };
    const path = download_url?.replace(api.config.PUBLIC_BASE_URL, "") ?? "";
    const get = (headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
      api.send(method, path, { headers });
    return { as, id, name, path, get, workspaceId };
  }

  test("a link gives the archive without a caller, a session gives it without a link", async () => {
    const { as, id, path } = await delivered();
    const [byLink, byCaller] = [await fetch(api.url + path), await as("GET", `/api/v1/bulk/${id}/download/`)];
    expect(Buffer.from(await byLink.arrayBuffer())).toEqual(zip);
    expect(byLink.headers.get("Content-Type")).toBe("application/zip");
    expect(byLink.headers.get("Content-Disposition")).toBe(`attachment; filename="qr-codes-${id.slice(0, 8)}.zip"`);
    expect(byLink.headers.get("Cache-Control")).toBe("private, no-cache");
    expect([byCaller.status, byCaller.headers.get("Content-Length")]).toEqual([200, "100"]);
  });

  test("HEAD says what GET would, and sends nothing", async () => {
    const { get } = await delivered();
    const head = await get({}, "HEAD");
    expect([head.status, head.headers.get("Content-Length"), head.text]).toEqual([200, "100", ""]);
    // A range is about the content of a GET (RFC 9110, 14.2).
    const part = await get({ Range: "bytes=10-19" }, "HEAD");
    expect([part.status, part.headers.get("Content-Length")]).toEqual([200, "100"]);
  });

  test("who has the archive is told so", async () => {
    const { get } = await delivered();
    const etag = (await get()).headers.get("ETag") ?? "";
    for (const tag of [etag, `"other", W/${etag}`, "*"]) {
      const answer = await get({ "If-None-Match": tag, Range: "bytes=0-1" });
      expect([answer.status, answer.headers.get("ETag"), answer.text]).toEqual([304, etag, ""]);
    }
    expect((await get({ "If-None-Match": '"other"' })).status).toBe(200);
  });

  test.each([
    ["bytes=0-9", 0, 9],
    ["bytes=90-", 90, 99],
    ["bytes=-5", 95, 99],
    ["bytes=98-200", 98, 99],
    ["bytes=0-4,5-9", 0, 9],
  ])("%s is that part", async (range, first, last) => {
    const { path } = await delivered();
    const response = await fetch(api.url + path, { headers: { Range: range } });
    expect(response.status).toBe(206);
    expect(response.headers.get("Content-Range")).toBe(`bytes ${first}-${last}/100`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(zip.subarray(first, last + 1));
  });

  test("several parts come as one body that tells them apart", async () => {
    const { path } = await delivered();
    const response = await fetch(api.url + path, { headers: { Range: "bytes=0-1,50-52" } });
    const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(response.headers.get("Content-Type") ?? "")?.[1];
    const body = Buffer.from(await response.arrayBuffer());
    expect([response.status, body.length]).toEqual([206, Number(response.headers.get("Content-Length"))]);
    const part = (range: string, bytes: string) =>
      `\r\n--${boundary}\r\nContent-Type: application/zip\r\nContent-Range: bytes ${range}/100\r\n\r\n${bytes}`;
    expect(body.toString("latin1")).toBe(`${part("0-1", "\0\x01")}${part("50-52", "234")}\r\n--${boundary}--\r\n`);
  });

  test("a part that is not there is refused, what is no range gives the whole", async () => {
    const { get } = await delivered();
    const beyond = await get({ Range: "bytes=100-" });
    expectProblem(beyond, 416, "range_not_satisfiable");
    expect(beyond.headers.get("Content-Range")).toBe("bytes */100");
    for (const Range of ["lines=1-2", "bytes", `bytes=${Array.from({ length: 20 }, (_, n) => `${n * 5}-${n * 5}`)}`])
      expect((await get({ Range })).headers.get("Content-Length")).toBe("100");
  });

  test("a download is continued only with the archive it began with", async () => {
    const { get } = await delivered();
    const etag = (await get()).headers.get("ETag") ?? "";
    expect((await get({ Range: "bytes=1-", "If-Range": etag })).status).toBe(206);
    expect((await get({ Range: "bytes=1-", "If-Range": '"another"' })).status).toBe(200);
  });

  test("a link is good for its order and its day alone", async () => {
    const [one, other] = [await delivered(), await delivered()];
    const swapped = one.path.replace(one.id, other.id);
    const longer = one.path.replace(/expires=(\d)/, "expires=9");
    for (const path of [swapped, longer]) expectProblem(await api.send("GET", path), 401, "unauthenticated");
    await db.bulkJob.update({ where: { id: one.id }, data: { expiresAt: new Date() } });
    expectProblem(await one.get(), 410, "gone");
    expect((await one.as("GET", `/api/v1/bulk/${one.id}`)).body.download_url).toBeNull();
  });

  test("an archive that cannot be read is told before anything is sent", async () => {
    const { get, name } = await delivered();
    await store.remove(name);
    expectProblem(await get(), 503, "unavailable");
  });

  test("what breaks off while it is stored is not there, not even in part", async () => {
    async function* broken() {
      yield Buffer.alloc(largeBytes);
      await setImmediate();
      throw new Error("the packer died");
    }
    const name = "00000000-0000-4000-8000-000000000000-1.zip";
    await expect(store.put(name, Readable.from(broken()))).rejects.toThrow();
    await expect(store.get(name)).rejects.toThrow();
  });

  test("large archives are the same when they come back", async () => {
    const large = Buffer.alloc(largeBytes, "0123456789");
    const name = "00000000-0000-4000-8000-000000000001-1.zip";
    expect(await store.put(name, Readable.from([large.subarray(0, 10), large.subarray(10)]))).toBe(largeBytes);
    const end = await store.get(name, { first: largeBytes - 3, last: largeBytes - 1 });
    expect(Buffer.concat(await end.toArray()).toString()).toBe("789");
    await store.remove(name);
    await store.remove(name);
    await expect(store.get(name)).rejects.toThrow();
  });

  test("what nobody owns is swept, what is new stays", async () => {
    const name = "00000000-0000-4000-8000-000000000002-3.zip";
    await store.put(name, Readable.from([zip]));
    await store.sweep(new Date(Date.now() - 60_000));
    (await store.get(name)).destroy();
    await store.sweep(new Date(Date.now() + 60_000));
    await expect(store.get(name)).rejects.toThrow();
  });
});

test("a sweep of a folder leaves other people's files alone, and takes what was never finished", async () => {
  const temp = makeTempDirectory();
  const { sweep } = await openObjectStore({ OBJECT_STORE: temp.path, S3_REGION: "us-east-1" });
  const files = ["notes.txt", "backup.zip", ".00000000-0000-4000-8000-000000000003.part"];
  for (const file of files) {
    writeFileSync(join(temp.path, file), "x");
    utimesSync(join(temp.path, file), 0, 0);
  }
  await sweep(new Date());
  expect(readdirSync(temp.path).sort()).toEqual(["backup.zip", "notes.txt"]);
  temp.remove();
});
