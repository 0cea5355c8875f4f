// Every command, on one screen.
import { Argument, Command } from "commander";
import { applyCommand } from "./commands/apply.js";
import { bulkCommand } from "./commands/bulk.js";
import { codesCommand } from "./commands/codes.js";
import { imageCommands } from "./commands/images.js";
import { keysCommand } from "./commands/keys.js";
import { scanCommands } from "./commands/scans.js";
import { completionOf, type Shell, shells } from "./completion.js";
import type { Run } from "./context.js";
import { dataOf } from "./declarations.js";
import { manualOf } from "./manual.js";

/** Makes the program; `write` is given completions and the manual. */
export function makeProgram(run: Run, version: string, write: (text: string) => void): Command {
  const program = new Command("qrfactory")
    .description("QR codes of a QRFactory service: images, dynamic codes, bulk orders, scans")
    .version(version)
    .option("--key <key>", "API key; others see it in the list of processes, so rather QRFACTORY_API_KEY or login")
    .option("--base-url <url>", "address of the service")
    .option("--json", "JSON for programs, in place of text for people")
    .helpCommand(false)
    .showHelpAfterError("Use --help for what there is.");
  for (const command of imageCommands(run)) program.addCommand(command);
  program.addCommand(codesCommand(run)).addCommand(bulkCommand(run));
  for (const command of scanCommands(run)) program.addCommand(command);
  program.addCommand(keysCommand(run)).addCommand(applyCommand(run));
  program
    .command("completion")
    .description("write the completion script of a shell")
    .addArgument(new Argument("<shell>", "for which").choices(shells))
    .action((shell: Shell) => write(completionOf(dataOf(program), shell)));
  program
    .command("man")
    .description("write the manual page")
    .action(() => write(manualOf(dataOf(program))));
  return program;
}
