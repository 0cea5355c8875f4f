// Where the service is and by which credentials it is asked: flags, then the environment, then the file that `login`
// writes.
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { UsageError } from "./failure.js";

type Env = Record<string, string | undefined>;

/** The content of the file. */
export type Config = { base_url?: string; api_key?: string; signing_secret?: string };

export type Settings = { baseUrl: string; apiKey: string | undefined; accessToken: string | undefined };

/** Where `npm start` serves. */
const baseUrlDefault = "http://127.0.0.1:8080";

/** `$XDG_CONFIG_HOME/qrfactory/config.json` (XDG Base Directory Specification). */
export const configFile = (env: Env): string =>
  join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "qrfactory", "config.json");

/** Reads the file; an absent one is empty. Throws `UsageError` for one that is no JSON. */
export function readConfig(env: Env): Config {
  const file = configFile(env);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {};
  }
  try {
    return JSON.parse(text) as Config;
  } catch {
    throw new UsageError(`${file} is not JSON; log in again to write it anew.`);
  }
}

/** Writes a file that nobody else may read, whole or not at all. */
export function writePrivate(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  // The mode above does nothing to a file that was there.
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}

export function writeConfig(env: Env, config: Config): string {
  const file = configFile(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writePrivate(file, `${JSON.stringify(config, null, 2)}\n`);
  return file;
}

/** The settings of a run: `flags` are those of the command line. */
export function settingsOf(flags: { key?: string; baseUrl?: string }, env: Env): Settings {
  const config = readConfig(env);
  return {
    baseUrl: flags.baseUrl ?? env.QRFACTORY_BASE_URL ?? config.base_url ?? baseUrlDefault,
    apiKey: flags.key ?? env.QRFACTORY_API_KEY ?? config.api_key,
    accessToken: env.QRFACTORY_ACCESS_TOKEN,
  };
}
