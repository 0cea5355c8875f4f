// Configuration is read once, at start, from the environment; a process whose configuration is wrong refuses to start
// and lists every mistake at once.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { parseRedisUrl } from "./redis.js";

/** A TCP port; 0 asks the system for a free one. */
export const port = z.coerce.number().int().min(0).max(65_535);

/** An absolute URL of one of the given schemes, e.g. `urlOf("redis", "rediss")`. */
export function urlOf(...schemes: string[]) {
  const expected = schemes.map((scheme) => `${scheme}://`).join(" or ");
  return z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    message: `must be a URL that starts with ${expected}`,
  });
}

/** The address of the state Redis: one server, or the primary that Sentinels name. */
export const stateRedisUrl = z.string().refine((text) => parseRedisUrl(text) !== null, {
  message: "must be redis://…, rediss://… or redis+sentinel://host:port,host:port/primary-name",
});

/** A comma-separated list; blanks around items are dropped, empty items too. */
export const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

/** Variables of every process. */
export const commonConfig = {
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: port,
  /** Prometheus metrics are served here, never on PORT, so that the gateway cannot expose them by mistake. */
  METRICS_PORT: port,
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  /** Networks whose X-Forwarded-For is believed, as CIDR blocks or addresses. */
  TRUSTED_PROXIES: list.prefault("127.0.0.0/8,::1/128"),
};

/** Thrown when the environment does not satisfy the schema; the message has a line for each mistake. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads the variables that `shape` names. `NAME_FILE` may stand for `NAME`: the value is then the file's content
 * without trailing line breaks, as container secrets are mounted. Throws `ConfigError`; values never appear in it.
 */
export function readConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: Record<string, string | undefined> = process.env,
): z.output<z.ZodObject<Shape>> {
  const mistakes: string[] = [];
  const values: Record<string, string | undefined> = {};
  for (const name of Object.keys(shape)) {
    const file = env[`${name}_FILE`];
    if (file === undefined) {
      // An empty variable counts as absent: that is how compose files and shells spell "not set".
      values[name] = env[name] || undefined;
    } else if (env[name]) {
      mistakes.push(`${name}: set ${name} or ${name}_FILE, not both`);
    } else {
      try {
        values[name] = readFileSync(file, "utf8").replace(/[\r\n]+$/, "");
      } catch {
        mistakes.push(`${name}_FILE: the file ${file} cannot be read`);
      }
    }
  }
  const result = z.object(shape).safeParse(values);
  if (!result.success) {
    for (const issue of result.error.issues) {
      const name = String(issue.path[0]);
      const known = mistakes.some((mistake) => mistake.startsWith(name));
      if (!known) mistakes.push(`${name}: ${values[name] === undefined ? "is missing" : issue.message}`);
    }
  }
  if (mistakes.length > 0 || !result.success) {
    throw new ConfigError(`The configuration is not valid:\n${mistakes.map((mistake) => `  - ${mistake}`).join("\n")}`);
  }
  return result.data;
}
