// generate and login.
import { writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { type ImageRequest, QRFactory } from "qrfactory";
import { settingsOf, writeConfig } from "../config.js";
import type { Context, Run } from "../context.js";
import { UsageError } from "../failure.js";
import { collectField, type Fields, formatOf, formats, readNamed } from "../fields.js";
import { askSecret } from "../terminal/ask.js";
import { drawInTerminal } from "../terminal/half-blocks.js";

/** What begins like `mailto:` or `https:` is an address. */
const schemePattern = /^[a-z][a-z0-9+.-]*:\S/i;

type GenerateFlags = {
  output?: string;
  format?: ImageRequest["format"];
  type?: string;
  size?: string;
  color?: string;
  background?: string;
  pattern?: string;
  logo?: string;
  set?: Fields;
};

async function generate({ client, out, signal }: Context, text: string | undefined, flags: GenerateFlags) {
  const { output, logo, set = {} } = flags;
  const type = flags.type ?? (text === undefined || schemePattern.test(text) ? "url" : "text");
  const design = { color: flags.color, background: flags.background, pattern: flags.pattern };
  const format = flags.format ?? formatOf(output);
  const given = { format, ...design, ...(flags.size !== undefined && { size: Number(flags.size) }) };
  const isPlain = type === "url" || type === "text";
  if (isPlain && text === undefined) throw new UsageError("Give the text of the code.");
  const wanted = Object.values({ ...given, logo }).some((value) => value !== undefined) || Object.keys(set).length > 0;
  if (output === undefined && out.isTerminal && isPlain && !wanted && !out.isJson) {
    for (const line of drawInTerminal(text as string, true)) process.stdout.write(`${line}\n`);
    out.note("Drawn here, free of charge; -o qr.png makes an image of it.");
    return;
  }
  const request = {
    ...{ data_type: type, ...(isPlain && { data: text }), ...given, ...set },
    ...(logo !== undefined && { logo: readNamed(logo) }),
  } as unknown as ImageRequest;
  const image = await client().generate(request, { signal });
  const { score, version, errorCorrection, contentType, quotaRemaining, shortId, publicUrl } = image;
  if (output === undefined || output === "-") {
    if (out.isTerminal) throw new UsageError("An image is no text: name a file with -o.");
    out.bytes(image.bytes);
    return;
  }
  writeFileSync(output, image.bytes);
  const codeOf = shortId === null ? {} : { short_id: shortId, public_url: publicUrl };
  const left = quotaRemaining === Number.POSITIVE_INFINITY ? null : quotaRemaining;
  const figures = { score, version, error_correction: errorCorrection, quota_remaining: left };
  out.result({ file: output, content_type: contentType, bytes: image.bytes.length, ...figures, ...codeOf }, () =>
    out.line(`${output}: version ${version}, level ${errorCorrection}, scan score ${score ?? "not looked at"}`),
  );
}

async function logIn({ env, flags, out, signal }: Context) {
  const { baseUrl } = settingsOf(flags, env);
  // Not the one that is kept already: whoever logs in has another.
  const apiKey = flags.key ?? env.QRFACTORY_API_KEY ?? (await askSecret("API key (smk_…):"));
  const { plan, key_prefix } = await new QRFactory({ baseUrl, apiKey }).usage.get({ signal });
  const file = writeConfig(env, { base_url: baseUrl, api_key: apiKey });
  out.result({ file, base_url: baseUrl, key_prefix, plan }, () =>
    out.line(`Logged in at ${baseUrl} with the key ${key_prefix}… (plan ${plan}); kept in ${file}.`),
  );
}

export function imageCommands(run: Run): Command[] {
  const login = new Command("login")
    .summary("keep an API key for later")
    .description(
      "Checks an API key and keeps it, with the base URL, in a file that only you can read. Without --key and QRFACTORY_API_KEY the key is asked for, or read from standard input.",
    )
    .action(run(logIn));
  const draw = new Command("generate")
    .summary("make an image")
    .description(
      "Makes an image of TEXT. Without -o it is drawn in the terminal, free of charge, or written to a pipe.",
    )
    .argument("[text]", "what the code holds")
    .option("-o, --output <file>", "where the image goes; - is standard output")
    .addOption(new Option("--format <format>", "by the name of the file, else png").choices(formats))
    .option("--type <type>", "kind of content, with --set payload=JSON for wifi, vcard and so on")
    .option("--size <pixels>", "side of the image, 100 to 2000")
    .option("--color <color>", "of the modules")
    .option("--background <color>", "of the ground")
    .option("--pattern <pattern>", "shape of the modules")
    .option("--logo <file>", "picture in the middle")
    .option("--set <name=value>", "any other field of an image", collectField)
    .action(run(generate));
  return [login, draw];
}
