import { expect, test } from "@jest/globals";
import { parse } from "csv-parse/sync";
import { fromBuffer, type ZipFile } from "yauzl";
import type { DrawnRow } from "../../bulk/render/draw-rows.js";
import { packRows } from "./archive.js";

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

const packing = (rows: AsyncIterable<DrawnRow>) =>
  packRows(rows, { date, signal: new AbortController().signal, onRow: () => {} });

async function pack(rows: AsyncIterable<DrawnRow>): Promise<Buffer> {
  const { stream, packed } = packing(rows);
  const zip = Buffer.concat(await stream.toArray());
  await packed;
  return zip;
}

const opened = (zip: Buffer): Promise<ZipFile> =>
  new Promise((resolve, reject) =>
    fromBuffer(zip, { lazyEntries: true }, (error, file) => (error ? reject(error) : resolve(file))),
  );

/** Every file of an archive by its name. */
async function textsOf(zip: Buffer): Promise<Map<string, string>> {
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
  return texts;
}

test("the same rows are the same bytes, whenever they are packed", async () => {
  expect((await pack(drawnRows(50))).equals(await pack(drawnRows(50)))).toBe(true);
});

test("more files than a plain ZIP can count are all there (ZIP64)", async () => {
  const count = 66_000;
  expect((await opened(await pack(drawnRows(count)))).entryCount).toBe(count + 2);
}, 60_000);

test("a client's column does not take the place of ours, and no cell is run by a spreadsheet", async () => {
  const zip = await pack(drawnRows(1, { data: "=1+1", extra: { bytes: "lies", placement: "@SUM(1)" } }));
  const texts = await textsOf(zip);
  const [row] = JSON.parse(texts.get("manifest.json") ?? "[]");
  expect(row).toMatchObject({ row: 1, data: "=1+1", bytes: 7, placement: "@SUM(1)" });
  expect(texts.get("manifest.csv")).toContain("'=1+1");
  expect(texts.get("manifest.csv")).toContain("'@SUM(1)");
});

test("why a row failed is the same in the order, in manifest.json and in manifest.csv, whatever render told of it", async () => {
  const told = [{ logo_url: ["That host is not public."], size: ['Too large, "really".'] }, undefined];
  async function* refused(): AsyncGenerator<DrawnRow> {
    for await (const drawn of drawnRows(3)) {
      const { row } = drawn.row;
      const answer = { outcome: "refused" as const, code: "url_refused", detail: "No.", errors: told[row - 1] };
      yield row > 2 ? drawn : { ...drawn, answer, image: null };
    }
  }
  const { stream, packed } = packing(refused());
  const texts = await textsOf(Buffer.concat(await stream.toArray()));
  const { errors } = await packed;
  expect(errors).toEqual({ 1: told[0], 2: { row: ["No."] } });
  const rows: { errors: unknown }[] = JSON.parse(texts.get("manifest.json") ?? "");
  expect(rows.map((row) => row.errors)).toEqual([errors[1], errors[2], null]);
  const cells = parse(texts.get("manifest.csv") ?? "", { columns: true }) as { errors: string }[];
  expect(cells.map((row) => row.errors)).toEqual([JSON.stringify(errors[1]), JSON.stringify(errors[2]), ""]);
});

test("a packer whose rows break off ends its stream with the error", async () => {
  async function* broken(): AsyncGenerator<DrawnRow> {
    yield* drawnRows(3);
    throw new Error("render is gone");
  }
  await expect(pack(broken())).rejects.toThrow("render is gone");
});
