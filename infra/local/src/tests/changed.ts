// Which tests a change touches: those that import what changed, by jest's own graph; those that run it as a process;
// and those that name a changed file which is not code, as a page or a table that they compare.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Tests that start services as processes: no import says so. */
const processTests = /^infra\/(drills|local)\//;

/** Files whose change may break anything. */
const touchesAll = /(^|\/)(package\.json|pnpm-lock\.yaml|tsconfig[^/]*\.json|jest[^/]*|schema\.prisma|[^/]*\.sql)$/;

const isTest = (path: string) => /\.(test|fixture)\.ts$/.test(path);

/** Paths of one command of git, from the root of the checkout. */
function git(root: string, args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args.join(" ")} failed: ${stderr.trim()}`);
  return stdout.split("\n").filter(Boolean);
}

/** Files not committed yet, new ones included; in a clean checkout those of the last commit. */
export function changedFiles(root: string): string[] {
  const uncommitted = [
    ...git(root, ["diff", "--name-only", "HEAD"]),
    ...git(root, ["ls-files", "--others", "--exclude-standard"]),
  ];
  return uncommitted.length > 0 ? uncommitted : git(root, ["diff", "--name-only", "HEAD~1", "HEAD"]);
}

const compiled = (path: string) => path.replace("/src/", "/dist/").replace(/\.ts$/, ".js");

/** Changed files, and the list of tests that they are looked for in. */
export type FindTests = {
  root: string;
  changed: string[];
  /** Compiled tests, from the root; all of them when nothing is given, else those that import one of these files. */
  listTests: (related?: string[]) => string[];
};

/** The compiled tests that a change touches. */
export function findTests({ root, changed, listTests }: FindTests): string[] {
  const all = listTests();
  if (changed.some((path) => touchesAll.test(path))) return all;
  const code = changed.filter((path) => /\/src\/.*\.ts$/.test(path));
  const imported = code.map(compiled).filter((path) => existsSync(join(root, path)));
  const found = new Set(imported.length > 0 ? listTests(imported) : []);
  const isRunAsProcess = code.some((path) => /^(services|packages)\//.test(path) && !isTest(path));
  const names = changed.filter((path) => !code.includes(path)).map((path) => basename(path));
  for (const test of all) {
    if (isRunAsProcess && processTests.test(test)) found.add(test);
    if (names.length > 0 && namesOneOf(join(root, test), names)) found.add(test);
  }
  return all.filter((test) => found.has(test));
}

function namesOneOf(file: string, names: string[]): boolean {
  const text = readFileSync(file, "utf8");
  return names.some((name) => text.includes(name));
}
