// The service with whatever codes a test publishes, at a moment that the test sets, and the scans that it wrote down.
// A test file that imports this has it from before its first test until after its last.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach } from "@jest/globals";
import { hash } from "@node-rs/argon2";
import type { LiveCode } from "@qrfactory/codes/published/published";
import type { Routing } from "@qrfactory/codes/routing/routing";
import { type ScanEvent, scanEvent } from "@qrfactory/domain/events";
import { createHttpServer } from "@qrfactory/runtime/http/serve";
import { createTable, type Table } from "@qrfactory/state/codes/table/table";
import { type Listening, listen } from "@qrfactory/testing/http";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { type AppOptions, createApp, makeTakeScan } from "./app.js";
import { type FastLane, openFastLane } from "./fast-lane.js";
import { routingOptions } from "./routing.fixture.js";
import { makeDescribeScan, makeReadScanner } from "./scan/scan.js";
import "./declared.fixture.js";

/** When a test begins. */
export const noon = Date.UTC(2026, 10, 21, 12);
/** Of every code. */
export const destination_url = "https://example.com/menu";
/** The user agent of requests, unless they say another. */
export const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
/** Another user agent. */
export const android =
  "Mozilla/5.0 (Linux; Android 14; SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile Safari/537.36";

/** Holds what a test has published. */
export let table: Table;
/** Those of a test. */
export let scans: ScanEvent[];
/** The service's; noon when a test begins. */
export const clock = { now: noon };
/** New in every test, so that nothing was counted before. */
export let routing: ReturnType<typeof routingOptions>;
/** Where it listens. */
export let service: Listening;
let lane: FastLane;
/** Of `open sesame`. */
export const passwordHash = hash("open sesame", { memoryCost: 1_024, timeCost: 1 });

function appOptions(): AppOptions {
  return {
    table: { find: (shortId) => table.find(shortId) },
    lookUp: async () => "absent" as const,
    describeScan: makeDescribeScan({ region: "eu-1", visitorSecret: "a secret" }),
    readScanner: (request) => routing.readScanner(request),
    decide: (...scan) => routing.decide(...scan),
    hasPassword: (row) => routing.hasPassword(row),
    count: (...scan) => routing.count(...scan),
    countryDatabase: { open: () => routing.countryDatabase.open() },
    unlock: (...form) => routing.unlock(...form),
    noteOrphan: () => {},
    pageFor: (...page) => routing.pageFor(...page),
    ownerOf: () => null,
    recordScan: async (scan) => void scans.push(scanEvent.parse(scan)),
    onLost: () => {},
    status: () => ({ status: "ok", version: "1", components: {} }),
    observeRequest: () => {},
    observeScan: () => {},
    now: () => clock.now,
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
  scans = [];
  clock.now = noon;
  routing = routingOptions();
});

let count = 0;
/** Publishes a code and returns its path. */
export function publish(ways: Routing | null, fields: Partial<LiveCode> = {}): string {
  count += 1;
  const short_id = `CODE-${count}`;
  const common = { schema: 1 as const, id: randomUUID(), workspace_id: randomUUID(), short_id, version: 1 };
  const rest = { destination_url, is_active: true, expires_at: null, fallback_url: null };
  table.apply({ ...common, ...rest, ...(ways && { routing: ways }), ...fields });
  return `/q/${short_id}`;
}

/** Asks as an iPhone, following no redirect. */
export const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetchOurs(service.url + path, { redirect: "manual", ...init, headers: { "User-Agent": iphone, ...headers } });
/** A scanner for decisions that are made without a request. */
export const somebody = makeReadScanner([])({ peer: "198.51.100.1", userAgent: iphone });
/** Where a scan is led. */
export const whereTo = async (path: string, headers?: Record<string, string>) =>
  (await get(path, headers)).headers.get("location");
/** Headers of a request from this address. */
export const from = (address: string) => ({ "X-Forwarded-For": address });
/** Sends the form with a password. */
export const post = (path: string, password: string, headers: Record<string, string> = {}) =>
  get(path, headers, { method: "POST", body: new URLSearchParams({ password }) });
