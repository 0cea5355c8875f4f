// keys: made, rotated and revoked by a person. Their secrets go into a file, never to a terminal or a log.
import { Command } from "commander";
import type { ApiKey, KeyScope, NewApiKey } from "qrfactory";
import { settingsOf, writeConfig, writePrivate } from "../config.js";
import type { Context, Run } from "../context.js";
import { UsageError } from "../failure.js";
import { collect, wholeNumber } from "../fields.js";

type SecretFlags = { output?: string; use?: boolean };

function requireTarget({ output, use }: SecretFlags): void {
  if (output === undefined && !use) {
    throw new UsageError(
      "A key is shown once, and not here: name a file with -o, or keep it for this command with --use.",
    );
  }
}

function keep({ out, env, flags: asked }: Context, key: NewApiKey, { output, use }: SecretFlags): void {
  const { raw_key: apiKey, signing_secret: signingSecret, ...shown } = key;
  if (output !== undefined) writePrivate(output, `${JSON.stringify(key, null, 2)}\n`);
  const { baseUrl } = settingsOf(asked, env);
  const kept = use
    ? writeConfig(env, { base_url: baseUrl, api_key: apiKey, signing_secret: signingSecret })
    : undefined;
  const files = [output, kept].filter((file) => file !== undefined);
  out.result({ ...shown, files }, () =>
    out.line(`${key.name} (${key.key_prefix}…): its secrets are in ${files.join(" and ")}.`),
  );
}

async function list({ person, out, signal }: Context) {
  const keys: ApiKey[] = [];
  for await (const key of (await person()).keys.list({}, { signal })) keys.push(key);
  out.result(keys, () =>
    out.table(
      ["ID", "KEY", "NAME", "SCOPES", "LAST USED"],
      keys.map((key) => [key.id, `${key.key_prefix}…`, key.name, key.scopes.join(), key.last_used_at ?? "never"]),
    ),
  );
}

async function create(context: Context, name: string, flags: SecretFlags & { scope?: KeyScope[]; expires?: string }) {
  requireTarget(flags);
  const { scope, expires } = flags;
  const fields = { name, ...(scope && { scopes: scope }), ...(expires !== undefined && { expires_at: expires }) };
  keep(context, await (await context.person()).keys.create(fields, { signal: context.signal }), flags);
}

async function rotate(context: Context, id: string, flags: SecretFlags & { overlap?: number }) {
  requireTarget(flags);
  const rotation = flags.overlap === undefined ? {} : { overlap_seconds: flags.overlap };
  keep(context, await (await context.person()).keys.rotate(id, rotation, { signal: context.signal }), flags);
}

async function revoke({ person, out, signal }: Context, id: string, { dryRun }: { dryRun?: boolean }) {
  const { keys } = await person();
  if (dryRun) {
    const foreseen = await keys.foreseeRevocation(id, { signal });
    return out.result(foreseen, () => {
      for (const effect of foreseen.effects) out.line(effect);
    });
  }
  await keys.revoke(id, { signal });
  out.result({ id, revoked: true }, () => out.line("The key is revoked, everywhere within two seconds."));
}

export function keysCommand(run: Run): Command {
  const keys = new Command("keys")
    .helpCommand(false)
    .summary("API keys")
    .description(
      "API keys of the workspace. They take a person: --email with QRFACTORY_PASSWORD or a prompt, or QRFACTORY_ACCESS_TOKEN.",
    )
    .option("--email <address>", "whose log-in is used");
  const secrets = (command: Command) =>
    command
      .option("-o, --output <file>", "where its secrets go, readable by you alone")
      .option("--use", "keeps it for this command, as login does");
  keys.command("list").description("list keys").action(run(list));
  secrets(keys.command("create"))
    .description("make a key")
    .argument("<name>", "its name")
    .option(
      "--scope <scope>",
      "render, codes:read, codes:write, bulk or analytics; may be given several times, else all",
      collect,
    )
    .option("--expires <moment>", "its end, RFC 3339")
    .action(run(create));
  secrets(keys.command("rotate"))
    .description("give a key new secrets")
    .argument("<id>", "its id")
    .option("--overlap <seconds>", "the old secrets go on for so long", wholeNumber)
    .action(run(rotate));
  keys
    .command("revoke")
    .description("end a key")
    .argument("<id>", "its id")
    .option("--dry-run", "says what that would end")
    .action(run(revoke));
  return keys;
}
