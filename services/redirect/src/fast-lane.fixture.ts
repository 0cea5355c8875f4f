// Two servers of the same codes, one with the fast lane in front, and requests that both have to answer alike. A test
// file that imports this has them from before its first test until after its last.

import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { Routing } from "@qrfactory/codes/routing/routing";
import type { ScanEvent } from "@qrfactory/domain/events";
import { createHttpServer } from "@qrfactory/runtime/http/serve";
import { createTable } from "@qrfactory/state/codes/table/table";
import { type Listening, listen } from "@qrfactory/testing/http";
import { createApp, makeTakeScan } from "./app.js";
import { openFastLane } from "./fast-lane.js";
import { routingOptions } from "./routing.fixture.js";
import { makeDescribeScan } from "./scan/scan.js";
import "./declared.fixture.js";

/** When every scan is made. */
export const now = Date.UTC(2026, 10, 21, 12);
const table = createTable();
/** Leads to its destination. */
export const code = {
  schema: 1 as const,
  id: randomUUID(),
  workspace_id: randomUUID(),
  short_id: "7K2MWX9P",
  version: 3,
  destination_url: "https://example.com/landing?utm=1#top",
  is_active: true,
  expires_at: null,
  fallback_url: null,
};
table.apply(code);
table.apply({ ...code, short_id: "PAUSED", is_active: false });
table.apply({ ...code, short_id: "LATER", is_active: false, fallback_url: "https://example.com/later" });
const routed = (short_id: string, routing: Routing, limit?: { max: number; used: number }) =>
  table.apply({ ...code, id: randomUUID(), short_id, routing, ...(limit && { limit }) });
/** Variants of equal weight. */
export const ways = ["a", "b", "c"].map((name) => ({ url: `https://example.com/${name}`, weight: 1 }));
routed("RULES", { rules: [{ url: "https://example.com/de", language: ["de"] }], variants: ways });
routed("COUNTRY", { rules: [{ url: "https://example.com/at", country: ["AT"], device: ["phone"] }] });
routed("PASSES", { query: true, utm: "utm_source=print" });
routed("LOCKED", { password: "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaA" });
routed("APP", { apps: { ios: "menu://7", android: "menu://7" } });
routed("MANY", {}, { max: 1_000_000, used: 0 });
routed("USED-UP", {}, { max: 5, used: 5 });
table.markFull();

/** While a test holds them, scans are not written down. */
let held: Promise<void> | null = null;
/** Lets no scan be written down until the returned function is called. */
export function hold(): () => void {
  let release = () => {};
  held = new Promise((resolve) => {
    release = resolve;
  });
  return () => {
    held = null;
    release();
  };
}

/** A server with or without the lane in front, and the scans that it wrote down. */
export async function start(hasLane: boolean) {
  const scans: ScanEvent[] = [];
  let begun = 0;
  let taken = 0;
  const options = {
    table,
    lookUp: async () => "absent" as const,
    describeScan: makeDescribeScan({ region: "eu-1", visitorSecret: "a secret" }),
    ...routingOptions(),
    recordScan: async (scan: ScanEvent) => {
      begun += 1;
      await (held ?? turn());
      scans.push(scan);
    },
    onLost: () => {},
    status: () => ({ status: "ok" as const, version: "1", components: {} }),
    observeRequest: () => {},
    observeScan: () => {
      taken += 1;
    },
    now: () => now,
  };
  const server = createHttpServer(createApp(options));
  const lane = hasLane ? openFastLane(server, makeTakeScan(options)) : null;
  const listening: Listening = await listen(server);
  return { ...listening, server, lane, scans, begun: () => begun, taken: () => taken };
}
/** As `start` returns it. */
export type Started = Awaited<ReturnType<typeof start>>;
/** On node:http alone. */
export let plain: Started;
/** With the lane. */
export let fast: Started;
beforeAll(async () => {
  [plain, fast] = [await start(false), await start(true)];
});
afterAll(async () => {
  fast.lane?.close();
  await plain.close();
  await fast.close();
});

/** Stamps of a gateway, and the ids that they give to scans. */
export const stamp = (digit: string, ms: number) =>
  `X-Scan-Id: ${digit.repeat(32)}\r\nX-Scan-At: ${((now + ms) / 1_000).toFixed(3)}`;
/** By the id of a scan: the digit of its stamp. */
export const stampIds = new Map(
  ["1", "e"].map((digit) => [
    `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-${digit === "1" ? "9" : "a"}${digit.repeat(3)}-${digit.repeat(12)}`,
    digit,
  ]),
);

const newIds = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const dates = /Date: [^\r]*/g;

/** Everything that comes back for pieces that are sent a turn apart, without what differs every time. */
async function exchange({ port }: Listening, pieces: string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1").setNoDelay(true);
  let received = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    received += chunk;
  });
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()).on("error", () => resolve()));
  for (const piece of pieces) {
    if (!socket.writable) break;
    socket.write(piece, "latin1");
    await turn();
    await turn();
  }
  // A server that keeps connections closes this one when it has answered everything.
  socket.end();
  await closed;
  return received.replace(newIds, "<id>").replace(dates, "Date: <now>");
}

/** Both roads answer alike and write down the same scans. */
export async function expectAlike(pieces: string[]): Promise<string> {
  const seen = [];
  for (const server of [plain, fast]) {
    server.scans.length = 0;
    const answer = await exchange(server, pieces);
    seen.push({ answer, scans: server.scans.map((scan) => ({ ...scan, id: stampIds.get(scan.id) ?? "<id>" })) });
  }
  expect(seen[1]).toEqual(seen[0]);
  return seen[0]?.answer ?? "";
}

/** Headers as a phone sends them. */
export const phone =
  'Host: qr.example\r\nUser-Agent: Phone \xe9 "1"\r\nAccept: text/html,*/*;q=0.8\r\nAccept-Language: de-AT,de;q=0.9\r\n' +
  "Referer: https://news.example/x\r\nX-Forwarded-For: 1.2.3.4, 203.0.113.77\r\nSec-Purpose: prefetch;prerender\r\n";
/** A whole request for a scan. */
export const scan = (path = "/q/7K2MWX9P", headers = phone) => `GET ${path} HTTP/1.1\r\n${headers}\r\n`;

/** Connections that are open. */
export const countOf = ({ server }: Started) =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
