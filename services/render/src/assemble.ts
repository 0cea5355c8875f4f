// How the render service is put together: connections, the functions over them, the application. main.ts serves it.
import { signingSecretContext } from "@qrfactory/auth/api-key";
import { makeAuthenticate } from "@qrfactory/auth/caller";
import { makeInternalTokens } from "@qrfactory/auth/internal-token";
import { askOnce, makeKeyDirectory } from "@qrfactory/auth/key-directory";
import { makeNoteKeyUse } from "@qrfactory/auth/key-use";
import { makeSeal } from "@qrfactory/auth/seal";
import { makeAccessTokens } from "@qrfactory/auth/tokens";
import { makePublishCodes } from "@qrfactory/codes/published/publication";
import { findSessionRights } from "@qrfactory/db/accounts/sessions";
import { countRenders } from "@qrfactory/db/calls/usage";
import { connectDatabase, databaseProblem } from "@qrfactory/db/client";
import { type DynamicCode, markCodesPublished } from "@qrfactory/db/codes/codes";
import { findKeyByHash, findSigningKeys, touchKey } from "@qrfactory/db/keys/api-keys";
import { makeCountCaller, makeRateLimit } from "@qrfactory/runtime/http/rate-limit";
import { makeRefusals } from "@qrfactory/runtime/http/refusals";
import type { Log } from "@qrfactory/runtime/log";
import type { Metrics } from "@qrfactory/runtime/metrics";
import { makeOutbound } from "@qrfactory/runtime/outbound/outbound";
import { connectRedis, requireNoEviction } from "@qrfactory/runtime/redis";
import { makeShipper } from "@qrfactory/spool/shipper";
import { openSpool } from "@qrfactory/spool/spool";
import { publishCodes } from "@qrfactory/state/codes/publishing/publish";
import { haveRegions } from "@qrfactory/state/codes/publishing/regions";
import { makeCredits } from "@qrfactory/state/credits/credits";
import { withGrace } from "@qrfactory/state/credits/grace";
import { watchEpoch } from "@qrfactory/state/epoch";
import { eventStream } from "@qrfactory/state/streams/event-stream";
import type { Express } from "express";
import { createApp } from "./app.js";
import { openCacheStore } from "./cache/cache-store.js";
import { loadDecoder } from "./check/zxing.js";
import { makeReadCode } from "./codes/dynamic-codes.js";
import type { RenderConfig } from "./config.js";
import { chargeHolder, decideLeftCharges } from "./generate/left-charges.js";
import { makeFetchPicture } from "./pictures/fetch-image.js";
import { makeDrawingPool, warmUp } from "./pool/drawing-pool.js";
import { createStatus } from "./status.js";

/** How long a start waits for the state Redis before it goes on without. */
const redisWaitMs = 1_000;

/** The assembled service. */
export type Render = {
  app: Express;
  /** Ships what it can, closes the spool and every connection. */
  close: () => Promise<void>;
};

/** Connects and assembles; throws when the state Redis may evict. No store has to be up. */
export async function assembleRender(config: RenderConfig, log: Log, metrics?: Metrics): Promise<Render> {
  const away = (what: string) => (err: Error) => log.warn({ err }, `${what} is away`);
  const redis = connectRedis({ url: config.STATE_REDIS_URL, name: "render", onError: away("state Redis") });
  await requireNoEviction(redis, redisWaitMs);
  const db = connectDatabase(config.DATABASE_URL, { name: "render" });
  const cacheStore = openCacheStore({ url: config.RENDER_CACHE_URL, onError: away("the render cache") });
  await loadDecoder();
  await warmUp();
  const pool = makeDrawingPool(config.DRAWING_THREADS ? { threads: config.DRAWING_THREADS } : {});

  const spool = openSpool({
    directory: config.SPOOL_DIR,
    onDiskState: (err) => (err ? log.error({ err }, "calls are not on disk") : log.info("calls are on disk again")),
  });
  const shipper = makeShipper({
    spool,
    ...eventStream(redis, "calls"),
    onState: (err) => (err ? log.warn({ err }, "calls wait in the spool") : log.info("calls are shipped again")),
  });

  const publishRows = makePublishCodes<DynamicCode>({
    send: (codes) => publishCodes(redis, codes),
    note: (rows) => markCodesPublished(db, rows),
  });
  /** The worker publishes what this could not; the image is delivered either way. */
  const publishCode = async (row: DynamicCode): Promise<boolean> => {
    try {
      await publishRows([row]);
    } catch (err) {
      log.warn({ err }, "publication is left to the worker");
      return false;
    }
    return haveRegions(redis);
  };

  const loadUsed = (workspaceId: string, month: string) => countRenders(db, workspaceId, month);
  const credits = withGrace({ credits: makeCredits({ redis, loadUsed }) });
  const seal = makeSeal(config.SEAL_KEY);
  const left = decideLeftCharges({ redis, db, spool, log });
  const epoch = watchEpoch(redis);
  const loadKey = (hash: string) => findKeyByHash(db, hash);
  askOnce(loadKey);
  const app = createApp({
    log,
    ...(metrics && { metrics }),
    trustedProxies: config.TRUSTED_PROXIES,
    status: createStatus({ db, stateRedis: redis, cacheStore, spool, shipper }),
    translateError: databaseProblem,
    authenticate: makeAuthenticate({
      tokens: makeAccessTokens(config.JWT_SECRET),
      keys: makeKeyDirectory({ redis, loadKey, isSure: epoch.isSure }),
      findRights: (session) => findSessionRights(db, session),
    }),
    internalTokens: makeInternalTokens(config.JWT_SECRET),
    loadKeys: (keyPrefix) => findSigningKeys(db, keyPrefix),
    openSecret: (sealed) => seal.open(sealed, signingSecretContext).toString(),
    noteKeyUse: makeNoteKeyUse((keyId) => touchKey(db, keyId)),
    guarded: makeRefusals({ redis, secret: config.JWT_SECRET, perMinute: config.REFUSALS_PER_MINUTE }),
    countCaller: makeCountCaller(redis),
    countPreview: makeRateLimit(redis, { policy: "preview", windowSeconds: 1 }),
    credits,
    readCode: makeReadCode({
      db,
      seal,
      scanBaseUrl: config.SCAN_BASE_URL,
      destinationRules: { ownHosts: [new URL(config.PUBLIC_BASE_URL).host, new URL(config.SCAN_BASE_URL).host] },
      publishCode,
    }),
    fetchPicture: makeFetchPicture({ outbound: makeOutbound() }),
    cacheStore,
    draw: pool.draw,
    judge: pool.judge,
    requireTurn: pool.requireTurn,
    recordCall: (event) => spool.append(JSON.stringify(event)),
    chargeHolder: () => chargeHolder(spool),
  });

  return {
    app,
    close: async () => {
      left.stop();
      await pool.close();
      await credits.close();
      await shipper.stop();
      await spool.close();
      await db.$disconnect();
      cacheStore.close();
      epoch.stop();
      redis.disconnect();
    },
  };
}
