// The commands as data, from the declarations by which they are parsed: completions and the manual are made of these.
import type { Command, Option } from "commander";

export type OptionData = {
  flags: string;
  long: string;
  short: string | undefined;
  description: string;
  takesValue: boolean;
  choices: string[];
};

export type CommandData = {
  /** Words after `qrfactory`. */
  path: string[];
  usage: string;
  description: string;
  args: { name: string; description: string }[];
  options: OptionData[];
  commands: CommandData[];
};

const optionData = (option: Option): OptionData => ({
  flags: option.flags,
  long: option.long ?? "",
  short: option.short,
  description: option.description,
  takesValue: option.required || option.optional,
  choices: option.argChoices ?? [],
});

/** A command with everything below it. */
export function dataOf(command: Command, path: string[] = []): CommandData {
  return {
    path,
    usage: command.usage(),
    description: command.description(),
    args: command.registeredArguments.map((arg) => ({
      name: `${arg.required ? `<${arg.name()}>` : `[${arg.name()}${arg.variadic ? "..." : ""}]`}`,
      description: arg.description,
    })),
    options: command.options.map(optionData),
    commands: command.commands.map((child) => dataOf(child, [...path, child.name()])),
  };
}

/** All commands in their order, each before those below it. */
export const flatten = (data: CommandData): CommandData[] => [data, ...data.commands.flatMap(flatten)];
