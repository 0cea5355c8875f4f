// The management worker: publication, ingest and housekeeping. It answers health, status and metrics like any service,
// so that the gateway can ask it for the status when the API is gone.
import { makeInternalTokens } from "@qrfactory/auth/internal-token";
import { countRenders } from "@qrfactory/db/calls/usage";
import { connectDatabase } from "@qrfactory/db/client";
import { openEventStore } from "@qrfactory/db/scans/ingest/ingest";
import { openSummaryStore } from "@qrfactory/db/scans/summaries/summary-store";
import { createHttpApp } from "@qrfactory/runtime/http/app";
import { serve } from "@qrfactory/runtime/http/serve";
import { createLog } from "@qrfactory/runtime/log";
import { createMetrics } from "@qrfactory/runtime/metrics";
import { start } from "@qrfactory/runtime/process";
import { connectQueueRedis, connectRedis, requireNoEviction } from "@qrfactory/runtime/redis";
import { version } from "@qrfactory/runtime/version";
import { makeCredits } from "@qrfactory/state/credits/credits";
import { openGeolocation } from "@qrfactory/visitor/geolocation";
import { openObjectStore } from "../bulk/archive/open-object-store.js";
import { readManagementConfig } from "../config.js";
import { makePublisher } from "../publication/publisher.js";
import { connectRenderCache, createStatus } from "../status.js";
import { checkCredits, sinceLastMonth } from "../usage/credit-check.js";
import { startBulkWorker } from "../workers/bulk/bulk-worker.js";
import { startIngest } from "../workers/ingest.js";
import { startMaintenance } from "../workers/maintenance.js";
import { startPublishing } from "../workers/publish.js";
import { startSummaries } from "../workers/reconcile.js";

/** How long a start waits for the state Redis before it goes on without. */
const redisWaitMs = 1_000;

start(async () => {
  const config = readManagementConfig();
  const log = createLog({ service: "worker", level: config.LOG_LEVEL });
  const metrics = createMetrics("worker");
  const redis = connectRedis({
    url: config.STATE_REDIS_URL,
    name: "worker",
    onError: (err) => log.warn({ err }, "state Redis is away"),
  });
  await requireNoEviction(redis, redisWaitMs);
  const renderCache = connectRenderCache(config.RENDER_CACHE_URL);
  const db = connectDatabase(config.DATABASE_URL, { name: "worker" });

  const app = createHttpApp({
    log,
    metrics,
    trustedProxies: config.TRUSTED_PROXIES,
    status: createStatus({ version, db, stateRedis: redis, renderCache, config }),
    routes: {},
  });
  const geolocation = await openGeolocation({ file: config.GEOIP_DATABASE, log });
  const store = openEventStore(config.DATABASE_URL, { name: "worker-ingest" });
  const ingest = startIngest({ store, locate: geolocation.locate, stateRedisUrl: config.STATE_REDIS_URL, log });
  const queueRedis = connectQueueRedis({ url: config.STATE_REDIS_URL, name: "worker-queue" });
  queueRedis.on("error", (err) => log.debug({ err }, "maintenance queue"));
  const maintenance = startMaintenance({
    db,
    databaseUrl: config.DATABASE_URL,
    redis,
    connection: queueRedis,
    log,
    registry: metrics.registry,
  });
  const summaryStore = openSummaryStore(config.DATABASE_URL, { name: "worker-summaries" });
  const summaries = startSummaries({
    summaries: summaryStore,
    connection: queueRedis,
    log,
    registry: metrics.registry,
  });

  const publisher = makePublisher({
    db,
    redis,
    // Counters of credits and schedules went with everything else.
    onRefilled: async () => {
      await checkCredits({ db, redis, since: sinceLastMonth(), repair: true });
      await Promise.all([maintenance.schedule(), summaries.schedule()]);
    },
  });
  const publishing = startPublishing({ db, publisher, log });

  const internal = makeInternalTokens(config.JWT_SECRET);
  const bulk = startBulkWorker({
    db,
    store: await openObjectStore(config),
    credits: makeCredits({ redis, loadUsed: (id, month) => countRenders(db, id, month) }),
    renderUrl: config.RENDER_URL,
    authorization: internal.authorization,
    connection: queueRedis,
    log,
  });

  await serve({
    listener: app,
    config,
    log,
    metrics,
    stop: async () => {
      const loops = [publishing, ingest, maintenance, summaries, bulk];
      await Promise.all(loops.map((loop) => loop.stop()));
      geolocation.stop();
      await Promise.all([store.close(), summaryStore.close()]);
      queueRedis.disconnect();
      redis.disconnect();
      renderCache?.disconnect();
      await db.$disconnect();
    },
  });
});
