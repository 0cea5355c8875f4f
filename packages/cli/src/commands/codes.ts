// codes: create, list, set, history, rollback, resolve, export and so on.
import { createWriteStream, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command, Option } from "commander";
import type { Code, CodeChanges, CodeQuery, CodeVersion, FileBody, NewCode, ResolveRequest } from "qrfactory";
import type { Context, Run } from "../context.js";
import { UsageError } from "../failure.js";
import { collect, collectField, type Fields, formatOf, wholeNumber } from "../fields.js";
import { drawInTerminal } from "../terminal/half-blocks.js";

type CreateFlags = { name?: string; shortId?: string; tag?: string[]; folder?: string; set?: Fields; output?: string };
type SetFlags = { set?: Fields; name?: string; destination?: string; ifVersion?: number };

/** Writes a file where it is wanted, without holding it. */
export async function save(file: FileBody, output: string | undefined): Promise<void> {
  const target = output === undefined || output === "-" ? process.stdout : createWriteStream(output);
  await pipeline(Readable.from(file), target, { end: target !== process.stdout });
}

const sentenceOf = ({ short_id, name, destination_url, version, status }: Code) =>
  `${short_id}  ${name}  ${status}, version ${version}, leads to ${destination_url}`;

async function create({ client, out, signal }: Context, destination: string, flags: CreateFlags) {
  const { shortId, tag, folder, output, set = {} } = flags;
  const code = await client().codes.create(
    {
      ...{ name: flags.name ?? destination.slice(0, 120), destination_url: destination },
      ...(shortId !== undefined && { short_id: shortId }),
      ...(tag && { tags: tag }),
      ...(folder !== undefined && { folder }),
      ...(set as Partial<NewCode>),
    },
    { signal },
  );
  if (output !== undefined) {
    const format = formatOf(output);
    const image = await client().codes.image(code.short_id, format ? { format } : {}, { signal });
    writeFileSync(output, image.bytes);
  }
  out.result(code, () => {
    if (out.isTerminal) for (const line of drawInTerminal(code.public_url, true)) process.stdout.write(`${line}\n`);
    out.line(`${code.short_id}  ${code.public_url}  leads to ${code.destination_url}`);
  });
}

async function list({ client, out, signal }: Context, flags: CodeQuery & { limit?: number }) {
  const { limit = Number.POSITIVE_INFINITY, ...query } = flags;
  const found: Code[] = [];
  for await (const code of client().codes.list({ page_size: Math.min(limit, 100), ...query }, { signal })) {
    found.push(code);
    if (found.length >= limit) break;
  }
  out.result(found, () =>
    out.table(
      ["CODE", "STATUS", "SCANS", "NAME", "DESTINATION"],
      found.map((code) => [code.short_id, code.status, code.scan_count, code.name, code.destination_url]),
    ),
  );
}

async function set({ client, out, signal }: Context, shortId: string, pairs: string[], flags: SetFlags) {
  const { name, destination, ifVersion } = flags;
  const named = pairs.reduce<Fields>((before, pair) => collectField(pair, before), {});
  const changes = {
    ...named,
    ...(name !== undefined && { name }),
    ...(destination !== undefined && { destination_url: destination }),
  } as CodeChanges;
  if (Object.keys(changes).length === 0) throw new UsageError("Name a field to change: name=value.");
  const options = { signal, ...(ifVersion !== undefined && { ifVersion }) };
  const code = await client().codes.update(shortId, changes, options);
  out.result(code, () => out.line(sentenceOf(code)));
}

async function history({ client, out, signal }: Context, shortId: string) {
  const versions: CodeVersion[] = [];
  for await (const version of client().codes.history(shortId, {}, { signal })) versions.push(version);
  out.result(versions, () =>
    out.table(
      ["VERSION", "WHEN", "WHO", "DESTINATION"],
      versions.map(({ version, changed_at, changed_by, destination_url }) => [
        ...[version, changed_at, changed_by, destination_url],
      ]),
    ),
  );
}

/** A command whose answer is the code as it is then. */
const showing =
  (ask: (context: Context, shortId: string, version: number) => PromiseLike<Code>) =>
  async (context: Context, shortId: string, version?: unknown) => {
    const code = await ask(context, shortId, version as number);
    context.out.result(code, () => context.out.line(sentenceOf(code)));
  };

async function remove({ client, out, signal }: Context, shortId: string) {
  await client().codes.delete(shortId, { signal });
  out.result({ short_id: shortId, deleted: true }, () => out.line(`${shortId} is deleted; restore brings it back.`));
}

async function resolve(
  { client, out, signal }: Context,
  shortId: string,
  flags: ResolveRequest & { userAgent?: string },
) {
  const { userAgent, at, country, language, device, os } = flags;
  const asked = { at, country, language, device, os, user_agent: userAgent };
  const scan = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const found = await client().codes.resolve(shortId, scan, { signal });
  out.result(found, () => {
    out.line(found.destination_url ?? "nowhere");
    for (const { detail } of found.trace) out.line(`  ${detail}`);
  });
}

async function exportAll({ client, signal }: Context, flags: { format: "csv" | "json" | "nginx"; output?: string }) {
  await save(await client().codes.exportAll({ format: flags.format }, { signal }), flags.output);
}

export function codesCommand(run: Run): Command {
  const codes = new Command("codes")
    .summary("dynamic codes")
    .helpCommand(false)
    .description("Codes whose destination changes after they are printed.");
  const at = (name: string) => codes.command(name);
  at("create")
    .description("make a code")
    .argument("<destination>", "the address that it leads to")
    .option("--name <name>", "its name, else the destination")
    .option("--short-id <id>", "its id, else one is drawn")
    .option("--tag <tag>", "a tag; may be given several times", collect)
    .option("--folder <folder>", "its folder")
    .option("--set <name=value>", "any other field of a code", collectField)
    .option("-o, --output <file>", "draws it, too; costs a credit")
    .action(run(create));
  at("list")
    .description("list codes")
    .option("--search <words>", "in names and addresses")
    .option("--tag <tags>", "one of these, with commas between them")
    .addOption(
      new Option("--status <status>", "as it is now").choices(["active", "scheduled", "expired", "used_up", "paused"]),
    )
    .option("--folder <folder>", "in this folder")
    .option("--ordering <field>", "such as name or -scan_count")
    .option("--limit <count>", "at most so many", wholeNumber)
    .action(run(list));
  at("get")
    .description("show a code")
    .argument("<id>", "its short id")
    .action(run(showing(({ client, signal }, id) => client().codes.get(id, {}, { signal }))));
  at("set")
    .description("change a code")
    .argument("<id>", "its short id")
    .argument("[fields...]", "name=value; what is JSON means that")
    .option("--name <name>", "its name")
    .option("--destination <url>", "where it leads")
    .option("--if-version <version>", "only if it still is this version", wholeNumber)
    .action(run(set));
  at("history").description("list its versions").argument("<id>", "its short id").action(run(history));
  at("rollback")
    .description("bring a version back")
    .argument("<id>", "its short id")
    .argument("<version>", "its number", wholeNumber)
    .action(run(showing(({ client, signal }, id, version) => client().codes.rollback(id, version, { signal }))));
  at("resolve")
    .description("say where a scan would lead, and why")
    .argument("<id>", "its short id")
    .option("--at <moment>", "at a moment, RFC 3339")
    .option("--country <code>", "of the scanner, such as AT")
    .option("--language <tags>", "as Accept-Language has them")
    .option("--user-agent <text>", "of the scanner")
    .option("--device <device>", "such as phone")
    .option("--os <system>", "such as iOS")
    .action(run(resolve));
  at("delete").description("delete a code").argument("<id>", "its short id").action(run(remove));
  at("restore")
    .description("bring a deleted code back")
    .argument("<id>", "its short id")
    .action(run(showing(({ client, signal }, id) => client().codes.restore(id, { signal }))));
  at("export")
    .description("write all codes to a file")
    .addOption(
      new Option("--format <format>", "a table, or a map for another server")
        .choices(["csv", "json", "nginx"])
        .default("csv"),
    )
    .option("-o, --output <file>", "else standard output")
    .action(run(exportAll));
  return codes;
}
