// The service with codes of every kind, on its own port, and the scans that it wrote down. A test file that imports
// this has it from before its first test until after its last.

import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach } from "@jest/globals";
import type { LiveCode } from "@qrfactory/codes/published/published";
import type { ScanEvent } from "@qrfactory/domain/events";
import { createHttpServer } from "@qrfactory/runtime/http/serve";
import { createTable, type Table } from "@qrfactory/state/codes/table/table";
import { type Listening, listen } from "@qrfactory/testing/http";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { type AppOptions, createApp, makeTakeScan } from "./app.js";
import { type FastLane, openFastLane } from "./fast-lane.js";
import { routingOptions } from "./routing.fixture.js";
import { makeDescribeScan } from "./scan/scan.js";
import "./declared.fixture.js";

/** When every scan is made. */
export const now = Date.UTC(2026, 10, 21, 12);
/** Leads to its destination. */
export const code: LiveCode = {
  schema: 1,
  id: randomUUID(),
  workspace_id: randomUUID(),
  short_id: "7K2MWX9P",
  version: 3,
  destination_url: "https://example.com/landing?utm=1#top",
  is_active: true,
  expires_at: null,
  fallback_url: null,
};
/** A user agent. */
export const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
/** Of codes that have one. */
export const fallback_url = "https://example.com/later";
/** As the service describes a scan. */
export const describeScan = makeDescribeScan({
  region: "eu-1",
  visitorSecret: "a secret for tests",
});

/** As a test begins: codes of every kind. */
export let table: Table;
/** Those of a test. */
export const scans: ScanEvent[] = [];
/** What a test may have otherwise: a look at the replica, and how a scan is written down. */
export const stage: Pick<AppOptions, "lookUp" | "recordScan"> = {
  lookUp: async () => "absent",
  recordScan: async (scan) => void scans.push(scan),
};
/** Where it listens. */
export let service: Listening;
let lane: FastLane;
/** Ids that led nowhere, of all tests. */
export const orphans: string[] = [];

function appOptions(): AppOptions {
  return {
    table: { find: (shortId) => table.find(shortId) },
    lookUp: (shortId) => stage.lookUp(shortId),
    describeScan,
    ...routingOptions(),
    recordScan: (scan) => stage.recordScan(scan),
    noteOrphan: (shortId) => void orphans.push(shortId),
    onLost: () => {},
    status: () => ({ status: "ok", version: "1", components: {} }),
    observeRequest: () => {},
    observeScan: () => {},
    now: () => now,
  };
}

beforeAll(async () => {
  const server = createHttpServer(createApp(appOptions()));
  lane = openFastLane(server, makeTakeScan(appOptions()));
  service = await listen(server);
});
afterAll(async () => {
  lane.close();
  await service.close();
});

beforeEach(() => {
  table = createTable();
  table.apply(code);
  table.apply({ ...code, short_id: "PAUSED", is_active: false });
  table.apply({ ...code, short_id: "PAUSED-2", is_active: false, fallback_url });
  table.apply({ ...code, short_id: "EXPIRED", expires_at: new Date(now).toISOString() });
  table.apply({ ...code, short_id: "EXPIRED-2", expires_at: "2026-11-21T11:00:00Z", fallback_url });
  table.apply({ ...code, short_id: "NOT-YET", expires_at: "2026-11-21T12:00:00.001Z", fallback_url });
  table.apply({ schema: 1, id: code.id, short_id: "DELETED", version: 9, deleted: true });
  stage.lookUp = async () => "absent";
  scans.length = 0;
  stage.recordScan = async (scan) => void scans.push(scan);
});

/** Asks with `fetch`, following no redirect. */
export const get = (path: string, init: RequestInit = {}) =>
  fetchOurs(service.url + path, { redirect: "manual", ...init });

/** Sends bytes as they are and returns everything that comes back until the other side closes. */
export function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.port, "127.0.0.1");
    let received = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      received += chunk;
    });
    socket.on("error", reject).on("close", () => resolve(received));
    socket.write(bytes);
  });
}
