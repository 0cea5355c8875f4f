import { afterEach, expect, test } from "@jest/globals";
import * as errors from "../errors.js";
import { type Answer, clientOf, closeServers, problem, serve } from "./unreliable.fixture.js";

afterEach(closeServers);

const zip = Buffer.from("0123456789".repeat(20_000));

/** Sends the ZIP from where it is asked for, and cuts it after so many bytes. */
const zipCut =
  (bytes: number, etag = '"zip"'): Answer =>
  (res, { headers }) => {
    const from = headers["if-range"] === etag ? Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0) : 0;
    const part = zip.subarray(from);
    res.writeHead(from > 0 ? 206 : 200, {
      ...{ "Content-Type": "application/zip", "Accept-Ranges": "bytes", ETag: etag },
      ...{ "Content-Length": String(part.length), "Content-Disposition": 'attachment; filename="codes.zip"' },
    });
    if (bytes >= part.length) res.end(part);
    else res.write(part.subarray(0, bytes), () => setTimeout(() => res.socket?.destroy(), 50));
  };

test("a download that breaks off goes on where it was", async () => {
  const server = await serve(zipCut(70_000), zipCut(50_000), problem(503, "overloaded"), zipCut(1_000_000));
  const file = await clientOf(server.url).bulk.download("order-1");
  expect([file.size, file.fileName, file.contentType]).toEqual([zip.length, "codes.zip", "application/zip"]);
  expect(Buffer.from(await file.bytes()).equals(zip)).toBe(true);
  expect(server.seen).toHaveLength(4);
  const ranges = server.seen.slice(1).map(({ headers }) => Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1]));
  expect(ranges.every((from) => from > 0)).toBe(true);
});

test("a file that is another one meanwhile is not put together with the first", async () => {
  const server = await serve(zipCut(70_000), zipCut(1_000_000, '"another"'));
  const file = await clientOf(server.url).bulk.download("order-1");
  await expect(file.bytes()).rejects.toBeInstanceOf(errors.ConnectionError);
});

test("an export, which cannot be gone on with, fails rather than end too early", async () => {
  const server = await serve((res) => {
    res.writeHead(200, { "Content-Type": "text/csv" });
    res.write("a,b\n", () => setTimeout(() => res.socket?.destroy(), 50));
  });
  const file = await clientOf(server.url).codes.exportAll({ format: "csv" });
  const read: string[] = [];
  const reading = (async () => {
    for await (const chunk of file) read.push(new TextDecoder().decode(chunk));
  })();
  await expect(reading).rejects.toBeInstanceOf(errors.ConnectionError);
  expect(read.join("")).toBe("a,b\n");
});

test("a file that falls silent is a time-out, and one that is aborted ends", async () => {
  const silent: Answer = (res) => void res.writeHead(200, { "Content-Type": "text/csv" }).write("a\n");
  const server = await serve(silent);
  const qr = clientOf(server.url, { timeoutMs: 150, maxRetries: 0 });
  await expect((await qr.codes.exportAll({ format: "csv" })).text()).rejects.toBeInstanceOf(errors.TimeoutError);
  const leaving = new AbortController();
  const patient = clientOf(server.url);
  const file = await patient.codes.exportAll({ format: "csv" }, { signal: leaving.signal });
  const reading = expect(file.text()).rejects.toBeInstanceOf(errors.AbortedError);
  leaving.abort();
  await reading;
});
