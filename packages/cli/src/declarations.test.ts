// Completions and the manual, as the shells and man read them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { completionOf, shells } from "./completion.js";
import { dataOf, flatten } from "./declarations.js";
import { manualOf } from "./manual.js";
import { makeProgram } from "./program.js";

const root = dataOf(
  makeProgram(
    () => async () => {},
    "0.1.0",
    () => {},
  ),
);

/** What bash offers for the last of these words. */
function complete(...words: string[]): string[] {
  const script = `${completionOf(root, "bash")}
COMP_WORDS=(qrfactory ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}
_qrfactory; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.split("\n").filter(Boolean);
}

test.each<[string, string[], string[]]>([
  ["commands", ["co"], ["codes", "completion"]],
  ["commands below a command", ["codes", "re"], ["resolve", "restore"]],
  ["options of a command", ["bulk", "rows.csv", "--d"], ["--dynamic", "--dry-run"]],
  ["options of all commands", ["codes", "list", "--j"], ["--json"]],
  ["options of the commands above", ["keys", "list", "--em"], ["--email"]],
  ["choices of an option", ["generate", "x", "--format", "p"], ["png", "pdf"]],
  ["other choices of an option of the same name", ["codes", "export", "--format", ""], ["csv", "json", "nginx"]],
  ["nothing for a value that nobody knows", ["codes", "create", "--name", ""], []],
])("bash completes %s", (_what, words, offered) => {
  expect(complete(...words)).toEqual(offered);
});

test.each(shells)("the completion of %s names every command and every option", (shell) => {
  const script = completionOf(root, shell);
  for (const { path, options } of flatten(root)) {
    if (path.length > 0) expect(script).toContain(path.at(-1));
    for (const { long } of options) expect(script).toContain(shell === "fish" ? `-l ${long.slice(2)}` : long);
  }
});

test.each(["zsh", "fish"] as const)("%s can read its completion, where it is installed", (shell) => {
  const { error, status, stderr } = spawnSync(shell, ["-n"], { input: completionOf(root, shell), encoding: "utf8" });
  if (error) console.log(`${shell} is not installed here: its completion was not read by it.`);
  else expect([status, stderr]).toEqual([0, ""]);
});

const page = fileURLToPath(new URL("../man/qrfactory.1", import.meta.url));

test("the manual page is that of the declarations", () => {
  const text = manualOf(root);
  if (process.env.UPDATE_DOCS) {
    mkdirSync(dirname(page), { recursive: true });
    writeFileSync(page, text);
  }
  expect(existsSync(page)).toBe(true);
  expect(readFileSync(page, "utf8")).toBe(text);
});

test("groff reads the manual without a complaint, and shows every command", () => {
  const options = { input: readFileSync(page), encoding: "utf8" as const };
  const { error, stdout, stderr } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-P-cbou"], options);
  if (error) {
    console.log("groff is not installed here: the manual was not read by it.");
    return;
  }
  expect(stderr).toBe("");
  // Words may be broken and spaced anew: compared without either.
  const squeezed = (text: string) => text.replace(/[\s\u00ad‐-]/g, "");
  for (const { path } of flatten(root)) expect(squeezed(stdout)).toContain(squeezed(["qrfactory", ...path].join("")));
});
