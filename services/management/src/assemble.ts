// How the management API is put together: connections, the functions over them, the application. main.ts serves it,
// tests call it.

import { makeAuthenticate } from "@qrfactory/auth/caller";
import { makeInternalTokens } from "@qrfactory/auth/internal-token";
import { askOnce, makeKeyDirectory } from "@qrfactory/auth/key-directory";
import { makeNoteKeyUse } from "@qrfactory/auth/key-use";
import { makeSeal } from "@qrfactory/auth/seal";
import { makeAccessTokens } from "@qrfactory/auth/tokens";
import { publishTogether } from "@qrfactory/codes/published/publication";
import { findSessionRights } from "@qrfactory/db/accounts/sessions";
import { countRenders } from "@qrfactory/db/calls/usage";
import { connectDatabase } from "@qrfactory/db/client";
import { findKeyByHash, touchKey } from "@qrfactory/db/keys/api-keys";
import { openAnalyticsStore } from "@qrfactory/db/scans/reports/analytics-store";
import type { Routes } from "@qrfactory/runtime/http/app";
import { makeCountCaller, makeRateLimit, type RateLimit } from "@qrfactory/runtime/http/rate-limit";
import { makeRefusals } from "@qrfactory/runtime/http/refusals";
import type { Log } from "@qrfactory/runtime/log";
import type { Metrics } from "@qrfactory/runtime/metrics";
import { connectQueueRedis, connectRedis, requireNoEviction } from "@qrfactory/runtime/redis";
import { version } from "@qrfactory/runtime/version";
import { haveRegions } from "@qrfactory/state/codes/publishing/regions";
import { makeCredits } from "@qrfactory/state/credits/credits";
import { watchEpoch } from "@qrfactory/state/epoch";
import { listOrphans } from "@qrfactory/state/orphans";
import type { Express } from "express";
import { makeSendVerification } from "./accounts/email-verification.js";
import { makeSessionIssuer } from "./accounts/issue-session.js";
import { makeThrottle } from "./accounts/throttle.js";
import { createApp, type ManagementOptions, managementRoutes } from "./app.js";
import { makeSignLink } from "./bulk/archive/download.js";
import { openObjectStore } from "./bulk/archive/open-object-store.js";
import { giveBack } from "./bulk/give-back.js";
import { makeReadSharedPictures } from "./bulk/intake/shared-pictures.js";
import { makeBell } from "./bulk/queue.js";
import { makeFindRefusals } from "./bulk/render/find-refusals.js";
import { makeReadVerdicts } from "./bulk/render/read-verdicts.js";
import type { ManagementConfig } from "./config.js";

import { makeFindCaller } from "./http/caller.js";
import { makeCreateOnce, makeRecall, makeRespondOnce } from "./http/idempotency.js";
import { makeStreamPlaces } from "./http/server-events.js";
import { makePostMail } from "./mail.js";
import { makeReadQueues } from "./operator/queues.js";
import { makePublisher } from "./publication/publisher.js";
import { connectRenderCache, createStatus } from "./status.js";

/** How long a start waits for the state Redis before it goes on without. */
const redisWaitMs = 1_000;

/** The assembled API with its table of routes. */
export type Management = {
  app: Express;
  routes: Routes;
  /** Closes every connection. */
  close: () => Promise<void>;
};

/** Connects and assembles; throws when the state Redis may evict. Neither store has to be up. */
export async function assembleManagement(
  config: ManagementConfig,
  log: Log,
  metrics?: Metrics,
  postMail = makePostMailOf(config, log),
): Promise<Management> {
  const onError = (err: Error) => log.warn({ err }, "state Redis is away");
  const redis = connectRedis({ url: config.STATE_REDIS_URL, name: "management", onError });
  await requireNoEviction(redis, redisWaitMs);
  const renderCache = connectRenderCache(config.RENDER_CACHE_URL);
  const db = connectDatabase(config.DATABASE_URL, { name: "management" });
  const analytics = openAnalyticsStore({ url: config.DATABASE_URL, replicaUrl: config.DATABASE_REPLICA_URL });

  const seal = makeSeal(config.SEAL_KEY);
  const tokens = makeAccessTokens(config.JWT_SECRET);
  const epoch = watchEpoch(redis);
  const loadKey = (hash: string) => findKeyByHash(db, hash);
  askOnce(loadKey);
  const keys = makeKeyDirectory({ redis, loadKey, isSure: epoch.isSure });
  const authenticate = makeAuthenticate({
    tokens,
    keys,
    findRights: (session) => findSessionRights(db, session),
  });
  const publisher = makePublisher({ db, redis });
  const publishRows = publishTogether(publisher.publishCodeRows);
  /** The worker publishes what this could not; an edit is answered either way. */
  const soon = (publication: Promise<void>): Promise<boolean> =>
    publication.then(
      () => true,
      (err) => {
        log.warn({ err }, "publication is left to the worker");
        return false;
      },
    );

  const createOnce = makeCreateOnce({ db, seal });
  const credits = makeCredits({ redis, loadUsed: (id, month) => countRenders(db, id, month) });
  const internal = makeInternalTokens(config.JWT_SECRET);
  const render = { renderUrl: config.RENDER_URL, authorization: internal.authorization };
  const queueRedis = connectQueueRedis({ url: config.STATE_REDIS_URL, name: "management-queue" });
  queueRedis.on("error", (err) => log.debug({ err }, "bulk bell"));
  const bell = makeBell(queueRedis, log);
  const queues = makeReadQueues(queueRedis);

  const countPeople = (limit: RateLimit) => makeRateLimit(redis, { ...limit, secret: config.JWT_SECRET });
  const guarded = makeRefusals({ redis, secret: config.JWT_SECRET, perMinute: config.REFUSALS_PER_MINUTE });

  const options: ManagementOptions = {
    log,
    ...(metrics && { metrics }),
    trustedProxies: config.TRUSTED_PROXIES,
    status: createStatus({ version, db, stateRedis: redis, renderCache, config }),
    db,
    analytics,
    authenticate,
    enterStream: makeStreamPlaces(),
    seal,
    sessions: makeSessionIssuer({ db, tokens }),
    findCaller: makeFindCaller({
      authenticate,
      guarded,
      countCaller: makeCountCaller(redis),
      noteKeyUse: makeNoteKeyUse((keyId) => touchKey(db, keyId)),
    }),
    countSignup: countPeople({ policy: "signup", windowSeconds: 3600 }),
    throttle: makeThrottle(countPeople({ policy: "login", windowSeconds: 60 }), config.LOGINS_PER_MINUTE),
    limits: { signupsPerHour: config.SIGNUPS_PER_HOUR },
    createOnce,
    recall: makeRecall({ db, seal }),
    respondOnce: makeRespondOnce(createOnce),
    postMail,
    sendVerification: makeSendVerification({ db, postMail, publicBaseUrl: config.PUBLIC_BASE_URL }),
    publishKey: async (publication) => void (await soon(publisher.publishKeyRow(publication))),
    publishOwner: async (owner) => void (await soon(publisher.publishOwnerRows([owner]))),
    publishCodes: async (rows) => void (await soon(publishRows(rows))),
    publishEverywhere: async (rows) => (await soon(publishRows(rows))) && (await haveRegions(redis)),
    destinationRules: { ownHosts: [new URL(config.PUBLIC_BASE_URL).host, new URL(config.SCAN_BASE_URL).host] },
    publicBaseUrl: config.PUBLIC_BASE_URL,
    scanBaseUrl: config.SCAN_BASE_URL,
    readCredits: credits.readCredits,
    listOrphans: (days) => listOrphans(redis, days),
    credits,
    store: await openObjectStore(config),
    linkSecret: config.JWT_SECRET,
    signLink: makeSignLink(config.JWT_SECRET),
    readVerdicts: makeReadVerdicts(render),
    readSharedPictures: makeReadSharedPictures(render),
    findRefusals: makeFindRefusals(render),
    ringBulk: bell.ring,
    readQueues: queues.read,
    giveBackBulk: (job) => giveBack(job, { db, credits, log }),
  };

  return {
    app: createApp(options),
    routes: managementRoutes(options),
    close: async () => {
      await Promise.allSettled([bell.close(), queues.close()]);
      queueRedis.disconnect();
      epoch.stop();
      await credits.close();
      await Promise.all([db.$disconnect(), analytics.close()]);
      redis.disconnect();
      renderCache?.disconnect();
    },
  };
}

function makePostMailOf({ SMTP_URL, MAIL_DIR, MAIL_FROM, PUBLIC_BASE_URL }: ManagementConfig, log: Log) {
  const from = MAIL_FROM ?? `no-reply@${new URL(PUBLIC_BASE_URL).hostname}`;
  return makePostMail({ smtpUrl: SMTP_URL, directory: MAIL_DIR, from, log });
}
