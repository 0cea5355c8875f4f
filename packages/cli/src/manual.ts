// The manual page, in roff, from the same declarations as the parser.
import { type CommandData, flatten, type OptionData } from "./declarations.js";

/** Text for roff: no line begins with a control character, backslashes and hyphens are themselves. */
const roff = (text: string) =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");

const optionText = ({ flags, description, choices }: OptionData) =>
  `.TP\n\\fB${roff(flags)}\\fR\n${roff(description)}${choices.length > 0 ? ` (${roff(choices.join(", "))})` : ""}`;

function commandText({ path, args, options, description }: CommandData): string {
  const usage = ["qrfactory", ...path, ...args.map(({ name }) => name), ...(options.length > 0 ? ["[options]"] : [])];
  const named = args.map(({ name, description: said }) => `.TP\n\\fI${roff(name)}\\fR\n${roff(said)}`);
  return [`.SS ${roff(usage.join(" "))}`, roff(description), ...named, ...options.map(optionText)].join("\n");
}

const files = [
  ["$XDG_CONFIG_HOME/qrfactory/config.json", "Base URL and API key, written by login, readable by its owner alone."],
];

const environment = [
  ["QRFACTORY_API_KEY", "The API key, before the one that is kept."],
  ["QRFACTORY_BASE_URL", "The address of the service."],
  ["QRFACTORY_ACCESS_TOKEN", "The access token of a person, for keys."],
  ["QRFACTORY_PASSWORD", "The password for --email."],
  ["NO_COLOR", "Set and not empty: no colour."],
];

const codes = [
  ["0", "It is done."],
  ["1", "It was refused, or not all of it could be done."],
  ["2", "The command line, or a file that it names, is wrong."],
  ["3", "The service could not be reached, or failed."],
];

const list = (rows: string[][]) =>
  rows.map(([name = "", text = ""]) => `.TP\n\\fB${roff(name)}\\fR\n${roff(text)}`).join("\n");

/** The page of a program with these commands; without its version, which would make it another at each release. */
export function manualOf(root: CommandData): string {
  const leaves = flatten(root).filter(({ path, commands }) => path.length > 0 && commands.length === 0);
  const inherited = flatten(root).filter(
    ({ path, commands, options }) => path.length > 0 && commands.length > 0 && options.length > 0,
  );
  const shared = inherited.map(
    ({ path, options }) => `.SS Options of all ${path.join(" ")} commands\n${options.map(optionText).join("\n")}`,
  );
  return `.TH QRFACTORY 1 "" "qrfactory" "User Commands"
.SH NAME
qrfactory \\- ${roff(root.description)}
.SH SYNOPSIS
.B qrfactory
.I command
[options]
.SH OPTIONS
${root.options.map(optionText).join("\n")}
.SH COMMANDS
${[...leaves.map(commandText), ...shared].join("\n")}
.SH EXIT STATUS
${list(codes)}
.SH ENVIRONMENT
${list(environment)}
.SH FILES
${list(files)}
`;
}
