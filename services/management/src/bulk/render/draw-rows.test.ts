import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type BatchAnswer, type ImageBatch, packAnswer } from "@qrfactory/domain/design/image-batch";
import { until } from "@qrfactory/processes/until";
import { type Listening, listen } from "@qrfactory/testing/http";
import type { BulkRow } from "../intake/judge-rows.js";
import type { SharedPictures } from "../intake/shared-pictures.js";
import { type DrawnRow, drawRows, nameOrderPictures } from "./draw-rows.js";
import { makeFairGate } from "./fair-gate.js";
import { makeFindRefusals } from "./find-refusals.js";

/** In the place of render: what it answers to the n-th batch, or a status. */
type Answer = (batch: ImageBatch, nth: number) => BatchAnswer[] | number;

let server: Listening;
let answer: Answer;
let batches: ImageBatch[];
beforeAll(async () => {
  server = await listen(async (req, res) => {
    const chunks = await req.toArray();
    const batch = JSON.parse(Buffer.concat(chunks).toString()) as ImageBatch;
    const said = answer(batch, batches.push(batch));
    if (typeof said === "number") return void res.writeHead(said).end();
    res.end(
      Buffer.concat(said.flatMap((one) => packAnswer(one, one.outcome === "drawn" ? Buffer.from("x") : undefined))),
    );
  });
});
afterAll(() => server.close());

const drawn: BatchAnswer = {
  outcome: "drawn",
  bytes: 1,
  format: "png",
  width_px: 600,
  version: 2,
  cache: "MISS",
  cache_key: "k",
};
const later = (code: string): BatchAnswer => ({ outcome: "later", code });
const rowsOf = (count: number, widthPx = 600): BulkRow[] =>
  Array.from({ length: count }, (_, n) => ({
    row: n + 1,
    filename: `${n + 1}.png`,
    request: { data: `https://example.com/${n + 1}` },
    data: `https://example.com/${n + 1}`,
    widthPx,
    code: null,
    extra: {},
  }));

type More = { signal?: AbortSignal; pictures?: SharedPictures };

async function draw(rows: BulkRow[], answers: Answer, more: More = {}): Promise<DrawnRow[]> {
  const { signal = new AbortController().signal, pictures = {} } = more;
  [answer, batches] = [answers, []];
  const done: DrawnRow[] = [];
  const options = {
    renderUrl: server.url,
    authorization: () => "Bearer x",
    gate: makeFairGate(),
    jobId: randomUUID(),
    workspaceId: randomUUID(),
    plan: "pro" as const,
    pictures: nameOrderPictures(pictures),
    signal,
  };
  for await (const one of drawRows(rows, options)) done.push(one);
  return done;
}

const all = ({ requests }: ImageBatch) => requests.map(() => drawn);

test("rows come in their order, whatever render puts off, forgets or breaks", async () => {
  const done = await draw(rowsOf(120), (batch, nth) => {
    if (nth % 3 === 1) return 503;
    return batch.requests
      .map((_, n) => (n % 4 === 3 ? later("overloaded") : drawn))
      .slice(0, nth % 5 === 0 ? 3 : undefined);
  });
  expect(done.map(({ row }) => row.row)).toEqual(rowsOf(120).map(({ row }) => row));
  expect(done.every(({ answer: { outcome }, image }) => outcome === "drawn" && image?.toString() === "x")).toBe(true);
}, 30_000);

test("only what is missing is asked for again", async () => {
  await draw(rowsOf(10), (batch, nth) =>
    batch.requests.map((_, n) => (nth === 1 && n > 6 ? later("overloaded") : drawn)),
  );
  expect(batches.map(({ requests }) => requests.length)).toEqual([10, 3]);
});

test("a row at which render fails each time is given up, and costs no other", async () => {
  const done = await draw(rowsOf(3), ({ requests }) =>
    requests.map(({ data }) => (String(data).endsWith("/2") ? later("internal") : drawn)),
  );
  expect(done.map(({ answer: { outcome } }) => outcome)).toEqual(["drawn", "refused", "drawn"]);
  expect(batches).toHaveLength(3);
});

test.each([
  [600, 25],
  [2_000, 9],
  [6_000, 1],
])("of images of %i px a batch has %i", async (widthPx, size) => {
  await draw(rowsOf(50, widthPx), all);
  expect(Math.max(...batches.map(({ requests }) => requests.length))).toBe(size);
});

test("an order that ends is not drawn any further", async () => {
  const ended = new AbortController();
  const drawing = draw(rowsOf(10), () => 503, { signal: ended.signal });
  await until(() => batches.length > 1);
  ended.abort(new Error("the order has ended"));
  await expect(drawing).rejects.toThrow(/aborted|ended/);
});

test("a dry run is told what render would refuse, and what it could not judge", async () => {
  const findRefusals = makeFindRefusals({ renderUrl: server.url, authorization: () => "Bearer x" });
  const order = { workspaceId: randomUUID(), plan: "pro" as const, pictures: {} };
  batches = [];
  answer = ({ requests, is_trial }, nth) => {
    if (nth === 2) return 503;
    expect(is_trial).toBe(true);
    return requests.map(({ data }) => {
      const n = Number(String(data).split("/").at(-1));
      if (n === 3) return { outcome: "refused", code: "unscannable", detail: "It would not scan." };
      return n === 4 ? later("overloaded") : { outcome: "judged" };
    });
  };
  const { refusals, unjudged } = await findRefusals(rowsOf(75), order);
  expect([...refusals]).toEqual([[3, "It would not scan."]]);
  expect(unjudged).toBe(26);
});

test("pictures go once to a render that has not seen them, or that does not know digests; then they are only named", async () => {
  const logo = Buffer.from("a logo").toString("base64");
  const digest = createHash("sha256").update("a logo").digest("hex");
  for (const unseen of [424, 400]) {
    let isSeen = false;
    await draw(
      rowsOf(300),
      (batch) => {
        if (batch.pictures?.logo) isSeen = true;
        return isSeen ? all(batch) : unseen;
      },
      { pictures: { logo: `data:image/png;base64,${logo}` } },
    );
    expect(batches[0]).toMatchObject({ picture_digests: { logo: digest } });
    // The batches that were under way at once are asked for once more each, at most.
    const inFull = batches.filter(({ pictures }) => pictures?.logo);
    expect(inFull.length).toBeGreaterThan(0);
    expect(inFull.length).toBeLessThanOrEqual(4);
    expect(batches.at(-1)?.pictures).toBeUndefined();
  }
});
