import { expect, test } from "@jest/globals";
import { fromBuffer, type ZipFile } from "yauzl";
import { packRows } from "./archive.js";
import type { DrawnRow } from "./draw-rows.js";

const date = new Date("2026-11-21T12:00:00Z");

async function* drawnRows(count: number, over: Partial<DrawnRow["row"]> = {}): AsyncGenerator<DrawnRow> {
  for (let row = 1; row <= count; row++) {
    const bytes = Buffer.from(`image ${row}`);
    yield {
      row: {
        row,
        filename: `qr-${row}.png`,
        request: {},
        data: `text ${row}`,
        widthPx: 1,
        code: null,
        extra: {},
        ...over,
      },
      answer: {
        outcome: "drawn",
        bytes: bytes.length,
        format: "png",
        width_px: 1,
        version: 1,
        cache: "MISS",
        cache_key: "k",
      },
      image: bytes,
    };
  }
}

async function pack(rows: AsyncIterable<DrawnRow>): Promise<Buffer> {
  const { stream, packed } = packRows(rows, { date, signal: new AbortController().signal, onRow: () => {} });
  const zip = Buffer.concat(await stream.toArray());
  await packed;
  return zip;
}

const opened = (zip: Buffer): Promise<ZipFile> =>
  new Promise((resolve, reject) =>
    fromBuffer(zip, { lazyEntries: true }, (error, file) => (error ? reject(error) : resolve(file))),
  );

test("the same rows are the same bytes, whenever they are packed", async () => {
  expect((await pack(drawnRows(50))).equals(await pack(drawnRows(50)))).toBe(true);
});

test("more files than a plain ZIP can count are all there (ZIP64)", async () => {
  const count = 66_000;
  expect((await opened(await pack(drawnRows(count)))).entryCount).toBe(count + 2);
}, 60_000);

test("a client's column does not take the place of ours, and no cell is run by a spreadsheet", async () => {
  const zip = await pack(drawnRows(1, { data: "=1+1", extra: { bytes: "lies", placement: "@SUM(1)" } }));
  const file = await opened(zip);
  const texts = new Map<string, string>();
  await new Promise<void>((resolve, reject) => {
    file.on("end", resolve).on("error", reject);
    file.on("entry", (entry) =>
      file.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        void stream.toArray().then((chunks) => {
          texts.set(entry.fileName, Buffer.concat(chunks).toString());
          file.readEntry();
        });
      }),
    );
    file.readEntry();
  });
  const [row] = JSON.parse(texts.get("manifest.json") ?? "[]");
  expect(row).toMatchObject({ row: 1, data: "=1+1", bytes: 7, placement: "@SUM(1)" });
  expect(texts.get("manifest.csv")).toContain("'=1+1");
  expect(texts.get("manifest.csv")).toContain("'@SUM(1)");
});

test("a packer whose rows break off ends its stream with the error", async () => {
  async function* broken(): AsyncGenerator<DrawnRow> {
    yield* drawnRows(3);
    throw new Error("render is gone");
  }
  await expect(pack(broken())).rejects.toThrow("render is gone");
});
