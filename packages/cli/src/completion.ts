// Completion scripts, static: a shell asks nobody while one types.
import { type CommandData, flatten, type OptionData } from "./declarations.js";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** Options that hold for a command: its own, and those of the commands above it. */
const optionsAt = (all: CommandData[], { path }: CommandData): OptionData[] =>
  all.filter((other) => other.path.every((word, at) => path[at] === word)).flatMap(({ options }) => options);

const wordsAt = (all: CommandData[], command: CommandData): string[] => [
  ...command.commands.map(({ path }) => path.at(-1) as string),
  ...optionsAt(all, command).map(({ long }) => long),
  "--help",
];

/** For bash, and for zsh through its emulation of it. */
function bash(root: CommandData): string {
  const all = flatten(root);
  const taking = [
    ...new Set(all.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue).map(({ long }) => long))),
  ];
  // One option may have other choices under each command, so it is looked up by both.
  const choices = all.flatMap((command) =>
    optionsAt(all, command)
      .filter((option) => option.choices.length > 0)
      .map((option) => `    "${command.path.join(" ")} ${option.long}") words="${option.choices.join(" ")}" ;;`),
  );
  const paths = all.filter(({ commands }) => commands.length > 0).flatMap(({ commands }) => commands);
  return `# Completion of qrfactory.
_qrfactory() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" word at
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    case "\${path:+$path }$word" in
${paths.map(({ path }) => `      "${path.join(" ")}") path="${path.join(" ")}" ;;`).join("\n")}
    esac
  done
  case "$path $previous" in
${[...new Set(choices)].join("\n")}
  esac
  if [[ -z "$words" ]]; then
    case "$previous" in ${taking.join("|")}|-o) COMPREPLY=(); return ;; esac
    case "$path" in
${all.map((command) => `      "${command.path.join(" ")}") words="${wordsAt(all, command).join(" ")}" ;;`).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _qrfactory qrfactory
`;
}

const zsh = (root: CommandData): string =>
  `#compdef qrfactory\nautoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(root)}`;

const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function fish(root: CommandData): string {
  const all = flatten(root);
  const lines = all.flatMap((command) => {
    const names = command.commands.map(({ path }) => path.at(-1) as string);
    const seen = command.path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const notYet = names.length > 0 ? [`not __fish_seen_subcommand_from ${names.join(" ")}`] : [];
    const at = [...seen, ...notYet].join("; and ") || "true";
    const below = command.commands.map(
      ({ path, description }) =>
        `complete -c qrfactory -f -n ${quoted(at)} -a ${path.at(-1)} -d ${quoted(description.split(".")[0] ?? "")}`,
    );
    const here = seen.join("; and ") || "true";
    const options = command.options.map(({ long, short, description, takesValue, choices }) =>
      [
        `complete -c qrfactory -n ${quoted(here)} -l ${long.slice(2)}`,
        ...(short ? [`-s ${short.slice(1)}`] : []),
        ...(choices.length > 0 ? [`-xa ${quoted(choices.join(" "))}`] : takesValue ? ["-r"] : []),
        `-d ${quoted(description)}`,
      ].join(" "),
    );
    return [...below, ...options];
  });
  return `# Completion of qrfactory.\n${lines.join("\n")}\n`;
}

/** The script for a shell. */
export const completionOf = (root: CommandData, shell: Shell): string => ({ bash, zsh, fish })[shell](root);
