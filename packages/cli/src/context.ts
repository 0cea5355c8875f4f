// What every command is given: the client, the output, the environment.
import type { Command } from "commander";
import { QRFactory } from "qrfactory";
import { settingsOf } from "./config.js";
import { UsageError } from "./failure.js";
import { askSecret } from "./terminal/ask.js";
import { makeOutput, type Output } from "./terminal/output.js";

export type GlobalFlags = { key?: string; baseUrl?: string; json?: boolean; email?: string };

export type Context = {
  env: Record<string, string | undefined>;
  flags: GlobalFlags;
  out: Output;
  signal: AbortSignal;
  /** A client with the key of this run. Throws `UsageError` when there is none. */
  client(): QRFactory;
  /** A client that speaks for a person. */
  person(): Promise<QRFactory>;
};

/** Makes the action of a command of what it does: its arguments and its options follow the context. */
export type Run = (act: (context: Context, ...args: never[]) => Promise<void>) => (...all: unknown[]) => Promise<void>;

/** The context of a run; `command` is the one that was named. */
export function contextOf(command: Command, signal: AbortSignal): Context {
  const { env } = process;
  const flags = command.optsWithGlobals<GlobalFlags>();
  const out = makeOutput(process.stdout, process.stderr, env, flags.json === true);
  const settings = settingsOf(flags, env);
  const onRetry = ({ retry, delayMs, error }: { retry: number; delayMs: number; error: Error }) =>
    out.note(`${error.message} Trying again in ${(delayMs / 1_000).toFixed(1)} s (${retry}).`);

  function client(): QRFactory {
    const { baseUrl, apiKey, accessToken } = settings;
    if (apiKey !== undefined) return new QRFactory({ baseUrl, apiKey, onRetry });
    if (accessToken !== undefined) return new QRFactory({ baseUrl, accessToken, onRetry });
    throw new UsageError("No API key: log in with qrfactory login, or set QRFACTORY_API_KEY.");
  }

  async function person(): Promise<QRFactory> {
    const { baseUrl, accessToken } = settings;
    if (accessToken !== undefined) return new QRFactory({ baseUrl, accessToken, onRetry });
    const { email } = flags;
    if (email === undefined)
      throw new UsageError("Keys are a person's matter: give --email, or QRFACTORY_ACCESS_TOKEN.");
    const password = env.QRFACTORY_PASSWORD ?? (await askSecret(`Password of ${email}:`));
    const session = await new QRFactory({ baseUrl, onRetry }).auth.logIn({ email, password });
    return new QRFactory({ baseUrl, accessToken: session.access_token, onRetry });
  }

  return { env, flags, out, signal, client, person };
}
