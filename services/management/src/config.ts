// Configuration of the management API and its worker; both read the same environment variables.
import { sealKey } from "@qrfactory/auth/seal";
import { commonConfig, list, readConfig, stateRedisUrl, urlOf } from "@qrfactory/runtime/config";
import { refusalsPerMinuteDefault } from "@qrfactory/runtime/http/refusals";
import { z } from "zod";

const httpUrl = urlOf("http", "https");

/** `region-1=http://a:1,region-2=http://b:2` → name → base URL. */
const namedUrls = list.transform((items, context) => {
  const urls: Record<string, string> = {};
  for (const item of items) {
    const [name, url] = item.split(/=(.*)/s);
    if (name && url && URL.canParse(url)) urls[name] = url;
    else context.addIssue({ code: "custom", message: "must be name=http://host:port, separated by commas" });
  }
  return urls;
});

const shape = {
  ...commonConfig,
  DATABASE_URL: urlOf("postgresql", "postgres"),
  /** A streaming replica, which reports and lists of scans are read from as long as it keeps up. */
  DATABASE_REPLICA_URL: urlOf("postgresql", "postgres").optional(),
  STATE_REDIS_URL: stateRedisUrl,
  /** Only asked whether it is there; `memory:` has nothing to ask. */
  RENDER_CACHE_URL: z.string().min(1),
  /** Signs access tokens (HS256), at least 32 characters. */
  JWT_SECRET: z.string().min(32),
  /** Seals stored secrets: 32 bytes in base64. */
  SEAL_KEY: sealKey,
  /** Where clients reach the API; lists link to their next page with it. */
  PUBLIC_BASE_URL: httpUrl,
  /** Where phones reach printed codes; the same origin unless a short domain is used. */
  SCAN_BASE_URL: httpUrl.optional(),
  MANAGEMENT_URL: httpUrl,
  WORKER_URL: httpUrl,
  RENDER_URL: httpUrl,
  REDIRECT_URLS: namedUrls,
  /** An .mmdb with MaxMind's city layout, in place of the one that is installed. */
  GEOIP_DATABASE: z.string().min(1).optional(),
  /** Where finished archives are kept: a folder that all processes of management share, or `s3://bucket/prefix`. */
  OBJECT_STORE: z.string().min(1),
  /** Of an S3 service that is not AWS. */
  S3_ENDPOINT: httpUrl.optional(),
  S3_REGION: z.string().min(1).default("us-east-1"),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  /** Where mails are handed over. */
  SMTP_URL: urlOf("smtp", "smtps").optional(),
  /** Without SMTP_URL: a folder that takes mails as files. Without either no mail is sent, which the log says. */
  MAIL_DIR: z.string().min(1).optional(),
  MAIL_FROM: z.string().min(3).optional(),
  SIGNUPS_PER_HOUR: z.coerce.number().int().positive().default(10),
  LOGINS_PER_MINUTE: z.coerce.number().int().positive().default(10),
  /** Credentials that are not valid, of a network, before it is put off. */
  REFUSALS_PER_MINUTE: z.coerce.number().int().positive().default(refusalsPerMinuteDefault),
};

/** Checked configuration of the API and of the worker. */
export type ManagementConfig = ReturnType<typeof readManagementConfig>;

/** Reads the environment; throws `ConfigError` that lists every mistake. */
export function readManagementConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = readConfig(shape, env);
  return { ...config, SCAN_BASE_URL: config.SCAN_BASE_URL ?? config.PUBLIC_BASE_URL };
}
