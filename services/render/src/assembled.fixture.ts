// The whole render service on real stores, for tests of what needs PostgreSQL.
import { randomBytes } from "node:crypto";
import { createApiKey } from "@qrfactory/auth/api-key";
import { makeAccessTokens } from "@qrfactory/auth/tokens";
import { createAccount } from "@qrfactory/db/accounts/accounts";
import { startSession } from "@qrfactory/db/accounts/sessions";
import { noOrigin } from "@qrfactory/db/audit/audit";
import { connectDatabase } from "@qrfactory/db/client";
import { createKey } from "@qrfactory/db/keys/api-keys";
import { monthOf, type PlanName } from "@qrfactory/domain/plan/plans";
import { startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createHttpServer } from "@qrfactory/runtime/http/serve";
import { createLog } from "@qrfactory/runtime/log";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { makeCredits } from "@qrfactory/state/credits/credits";
import { createTestDatabase } from "@qrfactory/testing/database";
import { listen } from "@qrfactory/testing/http";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { assembleRender } from "./assemble.js";
import { readRenderConfig } from "./config.js";

export type Assembled = Awaited<ReturnType<typeof startAssembled>>;
export type WorkspaceKey = Awaited<ReturnType<Assembled["addKey"]>>;

/** Long enough for a first connection on a busy machine. */
const readyTimeoutMs = 5_000;

/** Starts the service with its own database and state Redis; `close` ends and removes all of it. */
export async function startAssembled() {
  const temp = makeTempDirectory();
  const [database, state] = await Promise.all([
    createTestDatabase(),
    startRedis({ role: "state", durable: false, dataDirectory: temp.path }),
  ]);
  const db = connectDatabase(database.url);
  const redis = connectRedis({ url: state.url, name: "test" });
  await redisReady(redis, readyTimeoutMs);
  // The first connection may take longer than a deadline of production while other tests take the cores.
  await until(() =>
    db.$transaction([db.$queryRaw`SELECT 1`]).then(
      () => true,
      () => false,
    ),
  );
  const config = readRenderConfig({
    PORT: "0",
    METRICS_PORT: "0",
    DATABASE_URL: database.url,
    STATE_REDIS_URL: state.url,
    RENDER_CACHE_URL: "memory:",
    SPOOL_DIR: `${temp.path}/spool`,
    JWT_SECRET: "a secret of at least thirty-two characters",
    SEAL_KEY: Buffer.alloc(32, 7).toString("base64"),
    PUBLIC_BASE_URL: "https://qr.example.org",
  });
  const render = await assembleRender(config, createLog({ service: "render", level: "silent" }));
  const server = await listen(createHttpServer(render.app));
  const credits = makeCredits({ redis, loadUsed: async () => 0 });
  let accounts = 0;

  return {
    url: server.url,
    db,
    redis,
    sealKey: config.SEAL_KEY,

    /** A workspace of this plan with a key. */
    async addKey(plan: PlanName, signingSecretSealed: Buffer = Buffer.alloc(1)) {
      accounts += 1;
      const email = `owner-${accounts}@example.com`;
      const { user, workspace } = await createAccount(db, { email, passwordHash: "x", workspaceName: "Test", plan });
      const { raw, hash, keyPrefix } = createApiKey();
      const secrets = { hash, keyPrefix, signingSecretSealed };
      const { workspaceId } = workspace;
      const { id } = await createKey(db, { workspaceId, name: "test", createdBy: user.userId, secrets });
      return { raw, keyId: id, keyPrefix, workspaceId, userId: user.userId };
    },

    /** The `Authorization` of somebody at a dashboard. */
    async logIn({ userId, workspaceId }: { userId: string; workspaceId: string }): Promise<string> {
      const token = { hash: randomBytes(32), expiresAt: new Date(Date.now() + 60_000) };
      const session = await startSession(db, { userId, workspaceId, origin: noOrigin }, token);
      if (!session) throw new Error("there is no such member");
      return `Bearer ${makeAccessTokens(config.JWT_SECRET).issue(session)}`;
    },

    post: (path: string, key: { raw: string }, body: unknown, headers: Record<string, string> = {}) =>
      fetchOurs(server.url + path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Api-Key": key.raw, ...headers },
        body: JSON.stringify(body),
      }),

    /** Credits that the counter says are used this month. */
    used: ({ workspaceId }: { workspaceId: string }) =>
      credits.readCredits({ workspaceId, month: monthOf(new Date()) }),

    async close() {
      await server.close();
      await render.close();
      await db.$disconnect();
      redis.disconnect();
      await state.stop();
      await database.drop();
      temp.remove();
    },
  };
}
