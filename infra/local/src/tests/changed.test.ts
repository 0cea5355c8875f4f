import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { changedFiles, findTests } from "./changed.js";

const temp = makeTempDirectory();
afterAll(() => temp.remove());

const root = temp.path;
function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { cwd: root });

const scanTest = "services/redirect/dist/scan.test.js";
const drillTest = "infra/drills/dist/drill.test.js";
const pageTest = "packages/domain/dist/page.test.js";
const all = [scanTest, drillTest, pageTest];
write("services/redirect/dist/scan/scan.js", "");
write(scanTest, "");
write(drillTest, "");
write(pageTest, "readFileSync('limits.md')");

const touched = (...changed: string[]) =>
  findTests({
    root,
    changed,
    listTests: (related) =>
      related?.includes("services/redirect/dist/scan/scan.js") ? [scanTest] : related ? [] : all,
  });

test("a source touches the tests that import it and those that run it as a process", () => {
  expect(touched("services/redirect/src/scan/scan.ts")).toEqual([scanTest, drillTest]);
});

test("a document touches the tests that name it", () => {
  expect(touched("packages/docs/measured/limits.md")).toEqual([pageTest]);
  expect(touched("packages/docs/measured/other.md")).toEqual([]);
});

test("a schema, a migration or a list of packages touches everything", () => {
  for (const path of [
    "pnpm-lock.yaml",
    "packages/db/prisma/schema.prisma",
    "packages/db/prisma/migrations/1/migration.sql",
  ]) {
    expect(touched(path)).toEqual(all);
  }
});

test("what changed is what is not committed, and in a clean checkout the last commit", () => {
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "First");
  write("a.md", "a");
  git("add", ".");
  git("commit", "-qm", "Second");
  expect(changedFiles(root)).toEqual(["a.md"]);
  write("b.md", "b");
  write("a.md", "other");
  expect(changedFiles(root)).toEqual(["a.md", "b.md"]);
});
