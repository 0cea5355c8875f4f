// Options of a start, by flag or environment. A flag wins over the environment; every
// mistake is reported at once, before anything is started.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

/** Checked options of a start. */
export type StackOptions = {
  /** Port of the gateway. */
  port: number;
  /** Whether the person asked for this very port; the default gives way to the next free one. */
  portAsked: boolean;
  /** Absolute. */
  dataDirectory: string;
  /** How many redirect regions, each with a Redis replica of its own. */
  regions: number;
  /** Forget the data of earlier runs. */
  fresh: boolean;
  /** Compile what is edited, and restart the services that it belongs to. */
  watch: boolean;
  /** Set = used as it is, and nothing private is started for it. */
  databaseUrl: string | undefined;
  stateRedisUrl: string | undefined;
  renderCacheUrl: string | undefined;
};

/** The text of `npm start -- --help`. */
export const usage = `npm start -- [options]

  --port N        port of the gateway                      (PORT, default 8080 or the next free one)
  --data-dir DIR  where data, logs and stack.json live     (DATA_DIR, default .local)
  --regions N     redirect regions, each with a replica    (REGIONS, default 1)
  --fresh         forget the data of earlier runs
  --watch         compile what is edited and restart the services that run it (npm run dev)
  --help          this text

  DATABASE_URL, STATE_REDIS_URL and RENDER_CACHE_URL name stores that exist already; nothing private is started for them.`;

const portDefault = 8080;

/** Below 1024 only root may listen. */
const portMin = 1;
const portMax = 65_535;

/** Each region is two processes; eight fill a laptop. */
const regionsMax = 8;

/** Thrown with a line for each mistake. */
export class OptionsError extends Error {
  override readonly name = "OptionsError";
}

/** Reads flags and environment. Throws `OptionsError`; returns `"help"` when that was asked for. */
export function readOptions(
  args: string[],
  env: Record<string, string | undefined>,
  root: string,
): StackOptions | "help" {
  const mistakes: string[] = [];
  const flags = readFlags(args, mistakes);
  if (flags.help) return "help";

  /** The text of a setting and the name under which the person knows it. */
  const setting = (flag: string, variable: string): { text: string; name: string } | undefined => {
    const given = flags[flag];
    if (typeof given === "string") return { text: given, name: `--${flag}` };
    // An empty variable counts as absent, as everywhere in the product.
    return env[variable] ? { text: env[variable], name: variable } : undefined;
  };
  const whole = (found: { text: string; name: string } | undefined, min: number, max: number, otherwise: number) => {
    if (!found) return otherwise;
    const value = Number(found.text);
    if (/^\d+$/.test(found.text) && value >= min && value <= max) return value;
    mistakes.push(`${found.name}: "${found.text}" is not a whole number from ${min} to ${max}`);
    return otherwise;
  };
  const url = (variable: string, ...starts: string[]) => {
    const text = env[variable];
    if (!text) return undefined;
    if (starts.some((start) => text.startsWith(start))) return text;
    mistakes.push(`${variable}: must start with ${starts.join(" or ")}`);
    return undefined;
  };

  const portFound = setting("port", "PORT");
  const options: StackOptions = {
    port: whole(portFound, portMin, portMax, portDefault),
    portAsked: portFound !== undefined,
    dataDirectory: resolve(root, setting("data-dir", "DATA_DIR")?.text ?? join(root, ".local")),
    regions: whole(setting("regions", "REGIONS"), 1, regionsMax, 1),
    fresh: flags.fresh === true,
    watch: flags.watch === true,
    databaseUrl: url("DATABASE_URL", "postgres://", "postgresql://"),
    stateRedisUrl: url("STATE_REDIS_URL", "redis://"),
    renderCacheUrl: url("RENDER_CACHE_URL", "redis://", "redis+cluster://", "memory:"),
  };
  if (mistakes.length > 0) throw new OptionsError(mistakes.map((mistake) => `  - ${mistake}`).join("\n"));
  return options;
}

function readFlags(args: string[], mistakes: string[]): Record<string, string | boolean> {
  const known = {
    port: { type: "string" },
    "data-dir": { type: "string" },
    regions: { type: "string" },
    fresh: { type: "boolean" },
    watch: { type: "boolean" },
    help: { type: "boolean" },
  } as const;
  const { tokens } = parseArgs({ args, options: known, strict: false, allowPositionals: true, tokens: true });
  const flags: Record<string, string | boolean> = {};
  for (const token of tokens) {
    if (token.kind === "positional") mistakes.push(`"${token.value}" belongs to no option`);
    if (token.kind !== "option") continue;
    const type = known[token.name as keyof typeof known]?.type;
    if (type === undefined) mistakes.push(`${token.rawName}: there is no such option`);
    else if (type === "string" && !token.value) mistakes.push(`${token.rawName}: needs a value`);
    else if (type === "boolean" && token.value !== undefined) mistakes.push(`${token.rawName}: takes no value`);
    else flags[token.name] = token.value ?? true;
  }
  return flags;
}
