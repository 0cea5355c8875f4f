import { afterEach, expect, test } from "@jest/globals";
import * as errors from "../errors.js";
import { type Answer, clientOf, closeServers, json, problem, serve } from "./unreliable.fixture.js";

afterEach(closeServers);

const events =
  (blocks: string[], end: "end" | "cut" | "stay" = "end"): Answer =>
  (res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" });
    res.write(blocks.join(""), () => {
      if (end === "end") res.end();
      if (end === "cut") setTimeout(() => res.socket?.destroy(), 20);
    });
  };
const scans = (count: number) => `event: scans\ndata: {"scans":${count}}\n\n`;

test("events go on across connections that end, break or are refused, and none is told twice in a row", async () => {
  const server = await serve(
    events([": hello\n\n", scans(1), scans(2).replaceAll("\n", "\r\n")]),
    events([scans(2), scans(3)], "cut"),
    problem(503, "overloaded"),
    events([scans(3), 'event: scans\ndata: {\ndata: "scans":4}\n\n'], "stay"),
  );
  const counts: number[] = [];
  for await (const { scans: count } of clientOf(server.url).analytics.live({ short_id: "A/B" })) {
    counts.push(count);
    if (count === 4) break;
  }
  expect(counts).toEqual([1, 2, 3, 4]);
  expect(server.seen).toHaveLength(4);
  expect(server.seen[0]?.path).toBe("/api/v1/dynamic/A%2FB/analytics/live/");
});

test("events that never come are given up after three retries", async () => {
  const server = await serve(events([]));
  const failed = (async () => {
    for await (const _scan of clientOf(server.url).analytics.live()) throw new Error("an event");
  })();
  await expect(failed).rejects.toBeInstanceOf(errors.ConnectionError);
  expect(server.seen).toHaveLength(4);
});

const job = (status: string, completed = 0) => ({
  ...{ id: "order-1", status, completed, total: 2 },
  finished_at: status === "completed" ? "2026-11-28T00:00:00Z" : null,
});

test("an order is waited for by its events", async () => {
  const server = await serve(
    json(job("queued"), 202),
    events([`event: progress\ndata: ${JSON.stringify(job("running", 1))}\n\n`], "cut"),
    events([`event: completed\ndata: ${JSON.stringify(job("completed", 2))}\n\n`], "stay"),
  );
  const order = await clientOf(server.url).bulk.create({ items: [{ data: "https://example.com" }] });
  const seen: number[] = [];
  const done = await order.wait({ onProgress: ({ completed }) => seen.push(completed) });
  expect([done.status, order.isFinished, seen]).toEqual(["completed", true, [1, 2]]);
});

test.each<[string, Answer[], object]>([
  ["asked for, when events are not wanted", [], { pollMs: 1 }],
  [
    "asked for, when too many streams are open",
    [problem(429, "rate_limited", { "Retry-After": "5" })],
    { pollMs: undefined },
  ],
])("an order is %s", async (_name, first, options) => {
  const server = await serve(json(job("queued"), 202), ...first, json(job("completed", 2)));
  const order = await clientOf(server.url).bulk.create({ csv: "url\nhttps://example.com\n" });
  expect((await order.wait(options)).status).toBe("completed");
});
