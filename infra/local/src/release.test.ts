import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";

const script = fileURLToPath(new URL("../../release.mjs", import.meta.url));

const changelog = `# Changelog

## [Unreleased]

### Added

- Halftones.

## [0.1.0] - 2026-11-21

- The beginning.
`;

let temp: ReturnType<typeof makeTempDirectory>;
let root: string;

/** Nobody's settings of git matter here: no hooks, no signatures, and a name to commit by. */
const env = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  ...{ GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b.c", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b.c" },
};

const git = (...args: string[]) => spawnSync("git", args, { cwd: root, env, encoding: "utf8" }).stdout.trim();
const read = (name: string) => readFileSync(join(root, name), "utf8");
const write = (name: string, text: string) => writeFileSync(join(root, name), text);
const manifest = (name: string, version: string) => `{\n  "name": "${name}",\n  "version": "${version}"\n}\n`;

function release(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

beforeEach(() => {
  temp = makeTempDirectory();
  root = temp.path;
  for (const folder of ["packages/one", "packages/other"]) mkdirSync(join(root, folder), { recursive: true });
  write("package.json", manifest("whole", "0.1.0"));
  write("packages/one/package.json", manifest("one", "0.1.0"));
  write("packages/other/package.json", manifest("other", "3.0.0"));
  write("CHANGELOG.md", changelog);
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "--message", "First");
});
afterEach(() => temp.remove());

test("a release moves what is unreleased under its version and day, sets versions, commits and tags", () => {
  const before = new Date().toISOString().slice(0, 10);
  expect(release("0.2.0")).toMatchObject({ status: 0, stderr: "" });
  const days = [before, new Date().toISOString().slice(0, 10)];
  const expected = days.map((day) =>
    changelog.replace("## [Unreleased]\n", `## [Unreleased]\n\n## [0.2.0] - ${day}\n`),
  );
  expect(expected).toContain(read("CHANGELOG.md"));
  expect(read("package.json")).toBe(manifest("whole", "0.2.0"));
  expect(read("packages/one/package.json")).toBe(manifest("one", "0.2.0"));
  expect(read("packages/other/package.json")).toBe(manifest("other", "3.0.0"));
  expect(git("status", "--porcelain")).toBe("");
  expect(git("log", "--format=%s")).toBe("Release 0.2.0\nFirst");
  expect(git("rev-parse", "v0.2.0^{commit}")).toBe(git("rev-parse", "HEAD"));
  expect(git("tag", "--list", "--format=%(contents)", "v0.2.0")).toBe("0.2.0\n\n### Added\n\n- Halftones.");
});

test("the first release of all leaves no older section behind it", () => {
  write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n- All.\n");
  git("commit", "--quiet", "--all", "--message", "Second");
  expect(release("0.1.0").status).toBe(0);
  expect(read("CHANGELOG.md")).toMatch(/^# Changelog\n\n## \[Unreleased\]\n\n## \[0\.1\.0\] - [\d-]{10}\n\n- All\.\n$/);
});

test("a dry run tells the same and changes nothing", () => {
  const head = git("rev-parse", "HEAD");
  const { status, stdout } = release("0.2.0", "--dry-run");
  expect(status).toBe(0);
  for (const told of ["0.1.0 → 0.2.0", "- Halftones.", "packages/one/package.json", "Nothing was changed."]) {
    expect(stdout).toContain(told);
  }
  expect(stdout).not.toContain("packages/other");
  expect([git("rev-parse", "HEAD"), git("status", "--porcelain"), git("tag")]).toEqual([head, "", ""]);
});

test.each<[string, () => void, string[], RegExp]>([
  ["a tree with changes", () => write("new.txt", ""), ["0.2.0"], /Commit or put away .*\n\?\? new\.txt/],
  ["a tag that exists", () => git("tag", "v0.2.0"), ["0.2.0"], /The tag v0\.2\.0 exists already\./],
  ["a lower version", () => {}, ["0.0.9"], /0\.0\.9 is lower than the present version 0\.1\.0\./],
  ["a version that is released", () => {}, ["0.1.0"], /CHANGELOG\.md has a section 0\.1\.0 already\./],
  ["what is no version", () => {}, ["v0.2"], /Name one version such as 0\.2\.0/],
  ["no version", () => {}, ["--dry-run"], /Name one version such as 0\.2\.0/],
])("%s is refused, and nothing is changed", (_name, prepare, args, message) => {
  prepare();
  const { status, stderr } = release(...args);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
  expect([git("log", "--format=%s"), read("CHANGELOG.md")]).toEqual(["First", changelog]);
});

test.each([
  ["nothing is unreleased", changelog.replace("### Added\n\n- Halftones.\n\n", ""), /lists nothing below/],
  ["there is no such section", changelog.replace("## [Unreleased]", "## Next"), /has no line "## \[Unreleased\]"/],
])("a changelog is refused in which %s", (_name, text, message) => {
  write("CHANGELOG.md", text);
  git("commit", "--quiet", "--all", "--message", "Second");
  expect(release("0.2.0")).toMatchObject({ status: 1, stderr: expect.stringMatching(message) });
  expect(read("CHANGELOG.md")).toBe(text);
});

test("a commit that git refuses leaves every file as it was", () => {
  mkdirSync(join(root, ".git", "hooks"), { recursive: true });
  writeFileSync(join(root, ".git", "hooks", "pre-commit"), "#!/bin/sh\necho not today >&2\nexit 1\n", { mode: 0o755 });
  expect(release("0.2.0")).toMatchObject({ status: 1, stderr: expect.stringContaining("not today") });
  expect([git("status", "--porcelain"), git("tag"), read("CHANGELOG.md")]).toEqual(["", "", changelog]);
});
