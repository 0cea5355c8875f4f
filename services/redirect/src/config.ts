// Configuration of a redirect process: the list of its environment variables.
import { checkContact } from "@qrfactory/codes/published/owner";
import { makeAddressMatcher } from "@qrfactory/domain/network/network";
import { commonConfig, readConfig, stateRedisUrl, urlOf } from "@qrfactory/runtime/config";
import { z } from "zod";

/** Shorter secrets can be guessed, and with them visitors. */
const secretLengthMin = 16;

/** A day; timers of weeks would overflow. */
const secondsMax = 86_400;

const shape = {
  ...commonConfig,
  TRUSTED_PROXIES: commonConfig.TRUSTED_PROXIES.refine(areNetworks, "must be CIDR blocks or addresses"),
  /** The Redis of this region that follows the state Redis; the table of codes is read from it. */
  REPLICA_REDIS_URL: urlOf("redis", "rediss"),
  /** The state Redis itself; scans are shipped to it. */
  STATE_REDIS_URL: stateRedisUrl,
  /** Name of this region, as it stands in every scan. */
  REGION: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of letters, digits, - and _"),
  /** Scans are written here before they are answered; a directory of this process alone, kept over restarts. */
  SPOOL_DIR: z.string().min(1),
  /** Snapshots of the table of codes, three of them; a directory of this process alone, kept over restarts. */
  SNAPSHOT_DIR: z.string().min(1),
  /** How often a table that has changed is written there. */
  SNAPSHOT_SECONDS: z.coerce.number().int().min(1).max(secondsMax).default(300),
  /** How long one pass through the codes of the replica takes that looks for what was missed, one after the other. */
  RECONCILE_SECONDS: z.coerce.number().int().min(1).max(secondsMax).default(600),
  /** An .mmdb with MaxMind's city layout, in place of the one that is installed; for rules that ask for a country. */
  GEOIP_DATABASE: z.string().min(1).optional(),
  /** Operator of this service on the page of an unknown code: a name, and a mailto:, https: or tel: address. */
  OPERATOR_NAME: z.string().min(1).max(80).optional(),
  OPERATOR_CONTACT: z.string().refine(isContact, "must be a mailto:, https: or tel: address").optional(),
  /** The same in all regions, so that a visitor is the same everywhere. */
  VISITOR_SECRET: z.string().min(secretLengthMin),
};

function areNetworks(networks: string[]): boolean {
  try {
    makeAddressMatcher(networks);
    return true;
  } catch {
    return false;
  }
}

function isContact(text: string): boolean {
  try {
    checkContact(text, { ownHosts: [] }, "OPERATOR_CONTACT");
    return true;
  } catch {
    return false;
  }
}

/** Reads the environment; throws `ConfigError` naming every mistake. */
export function readRedirectConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = readConfig(shape, env);
  const { OPERATOR_NAME: name = null, OPERATOR_CONTACT: text } = config;
  const contact = text === undefined ? null : checkContact(text, { ownHosts: [] }, "OPERATOR_CONTACT");
  return { ...config, operator: name === null && contact === null ? null : { name, contact } };
}
