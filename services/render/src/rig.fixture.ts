// The rig of this service's tests: the application behind a real socket on real Redis servers, with a plain
// function for each thing that another package supplies.

import { randomUUID } from "node:crypto";
import { expectDeclared } from "@qrfactory/api/check-answer";
import { imageOperations } from "@qrfactory/api/operations/images";
import { makeAuthenticate } from "@qrfactory/auth/caller";
import { makeInternalTokens } from "@qrfactory/auth/internal-token";
import { makeAccessTokens } from "@qrfactory/auth/tokens";
import type { KeyRecord } from "@qrfactory/domain/access/key-record";
import { keyScopes } from "@qrfactory/domain/access/key-scopes";
import type { CallEvent } from "@qrfactory/domain/events";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { createHttpServer } from "@qrfactory/runtime/http/serve";
import { createLog } from "@qrfactory/runtime/log";
import { makeOutbound } from "@qrfactory/runtime/outbound/outbound";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { makeCredits } from "@qrfactory/state/credits/credits";
import { type Listening, listen } from "@qrfactory/testing/http";
import { answerChecks, fetchOurs } from "@qrfactory/testing/http-message";
import type { Redis } from "ioredis";
import { type AppOptions, createApp } from "./app.js";
import { openCacheStore } from "./cache/cache-store.js";
import { drawDesign, judgeDesign } from "./draw/draw-design.js";
import { makeFetchPicture } from "./pictures/fetch-image.js";

answerChecks.push((seen) => expectDeclared(Object.values(imageOperations), seen));

export type Rig = {
  url: string;
  state: Server;
  stateClient: Redis;
  /** Calls that were written down. */
  calls: CallEvent[];
  /** Makes a workspace of a plan that has used `used` credits this month; returns its key. */
  addKey(plan: PlanName, used?: number): TestKey;
  generate(
    key: TestKey | null,
    body: unknown,
    headers?: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Response>;
  remove(key: TestKey, cacheKey: string): Promise<Response>;
  /** Credits that the counter says are used. */
  used(key: TestKey): Promise<number>;
  stop(): Promise<void>;
};

export type TestKey = { rawKey: string; record: KeyRecord };

export type Overrides = Partial<AppOptions> & {
  /** `memory:` unless told. */
  renderCacheUrl?: string;
  /** Deadline of a command to the state Redis; patient unless told, so that a busy machine is not a fault. */
  stateTimeoutMs?: number;
};

/** Long enough for a first connection on a busy machine. */
const readyTimeoutMs = 5_000;

/** Starts the application with its own state Redis; `overrides` replace parts of it. */
export async function startRig(overrides: Overrides = {}): Promise<Rig> {
  const temp = makeTempDirectory();
  const state = await startRedis({ role: "state", durable: false, dataDirectory: temp.path });
  const stateClient = connectRedis({
    url: state.url,
    name: "render-state",
    commandTimeoutMs: overrides.stateTimeoutMs ?? 5_000,
  });
  await redisReady(stateClient, readyTimeoutMs);
  const cacheStore = openCacheStore({ url: overrides.renderCacheUrl ?? "memory:" });
  const keys = new Map<string, KeyRecord>();
  const ledger = new Map<string, number>();
  const calls: CallEvent[] = [];
  const loadUsed = async (workspaceId: string) => ledger.get(workspaceId) ?? 0;
  const now = overrides.now ?? (() => new Date());
  const credits = makeCredits({ redis: stateClient, loadUsed });
  const app = createApp({
    log: createLog({ service: "render", level: "silent" }),
    trustedProxies: [],
    status: async () => ({ status: "ok", version: "test", components: {} }),
    authenticate: makeAuthenticate({
      tokens: makeAccessTokens("a secret of at least thirty-two characters"),
      keys: { findByRawKey: async (rawKey) => keys.get(rawKey) ?? null },
      findRights: async () => null,
    }),
    internalTokens: makeInternalTokens("a secret of at least thirty-two characters"),
    loadKeys: async () => [],
    openSecret: String,
    guarded: (_req, _res, _credential, authenticate) => authenticate(false),
    countCaller: async () => {},
    countPreview: async () => {},
    credits,
    readCode: async (_req, body) => ({ body, code: null }),
    fetchPicture: makeFetchPicture({ outbound: makeOutbound() }),
    cacheStore,
    draw: drawDesign,
    judge: judgeDesign,
    requireTurn: () => {},
    recordCall: async (event) => void calls.push(event),
    chargeHolder: () => "test",
    ...overrides,
  });
  // The real server: its connections outlive the seconds that reading a large image takes in a test.
  const server: Listening = await listen(createHttpServer(app));
  return {
    url: server.url,
    state,
    stateClient,
    calls,
    addKey(plan, used = 0) {
      const rawKey = `smk_${randomUUID()}`;
      const record: KeyRecord = {
        key_id: randomUUID(),
        workspace_id: randomUUID(),
        key_prefix: rawKey.slice(0, 12),
        plan,
        version: 1,
        revoked: false,
        scopes: [...keyScopes],
        expires_at: null,
        frozen: null,
        overage: null,
      };
      keys.set(rawKey, record);
      ledger.set(record.workspace_id, used);
      return { rawKey, record };
    },
    generate: (key, body, headers = {}, signal) =>
      fetchOurs(`${server.url}/api/v1/generate/`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...(key && { "X-Api-Key": key.rawKey }), ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...(signal && { signal }),
      }),
    remove: (key, cacheKey) =>
      fetchOurs(`${server.url}/api/v1/cache/${cacheKey}/`, { method: "DELETE", headers: { "X-Api-Key": key.rawKey } }),
    used: ({ record }) =>
      credits.readCredits({ workspaceId: record.workspace_id, month: now().toISOString().slice(0, 7) }),
    async stop() {
      await server.close();
      cacheStore.close();
      stateClient.disconnect();
      await state.stop();
      temp.remove();
    },
  };
}

/** The bytes of an image; throws with the problem when it is none. */
export async function imageOf(response: Response): Promise<Buffer> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}
