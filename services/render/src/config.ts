// Configuration of the render service: its environment variables.
import { sealKey } from "@qrfactory/auth/seal";
import { commonConfig, readConfig, stateRedisUrl, urlOf } from "@qrfactory/runtime/config";
import { refusalsPerMinuteDefault } from "@qrfactory/runtime/http/refusals";
import { z } from "zod";

const httpUrl = urlOf("http", "https");

const shape = {
  ...commonConfig,
  /** Asked for keys that Redis does not know, and for the credits of a month that Redis does not know. */
  DATABASE_URL: urlOf("postgresql", "postgres"),
  /** Keys, credits and the stream of calls. */
  STATE_REDIS_URL: stateRedisUrl,
  /** One Redis, a Redis Cluster (`redis+cluster://host:port,host:port`), or this process (`memory:`). */
  RENDER_CACHE_URL: z.string().regex(/^(rediss?:\/\/.|redis\+cluster:\/\/.|memory:$)/, {
    message: "must be redis://…, rediss://…, redis+cluster://host:port,… or memory:",
  }),
  /** Where delivered calls are written down before they are answered; belongs to one process. */
  SPOOL_DIR: z.string().min(1),
  /** Opens signing secrets and stored answers: 32 bytes in base64, the same as management's. */
  SEAL_KEY: sealKey,
  /** Checks the access tokens of dashboards, which management signs with it. */
  JWT_SECRET: z.string().min(32),
  /** Where clients reach the API. */
  PUBLIC_BASE_URL: httpUrl,
  /** Where phones reach printed codes; the same origin unless a short domain is used. */
  SCAN_BASE_URL: httpUrl.optional(),
  /** Credentials that are not valid, of a network, before it is put off. */
  REFUSALS_PER_MINUTE: z.coerce.number().int().positive().default(refusalsPerMinuteDefault),
  /** Threads that draw; one a core unless told. */
  DRAWING_THREADS: z.coerce.number().int().min(1).max(256).optional(),
};

/** Checked configuration of the render service. */
export type RenderConfig = ReturnType<typeof readRenderConfig>;

/** Reads the environment; throws `ConfigError` that lists every mistake. */
export function readRenderConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = readConfig(shape, env);
  return { ...config, SCAN_BASE_URL: config.SCAN_BASE_URL ?? config.PUBLIC_BASE_URL };
}
