// `npm run release -- 0.2.0`: moves what is unreleased in the changelog under the version and its day, sets the version
// in every package.json that carries the present one, keeps the OpenAPI document with which later ones are compared,
// commits and tags. `--dry-run` shows it and changes nothing.
// Pushes nothing. Works on the repository of the working directory and relies on node's built-ins and git only.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Semantic Versioning 2.0.0 without build metadata. */
const versionPattern = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

const changelogName = "CHANGELOG.md";
const unreleasedHeading = "## [Unreleased]";

/** A mistake the person at the keyboard can mend; shown without a stack. */
class Refusal extends Error {}

/**
 * Runs git and returns what it wrote, without the last line feed. Throws a `Refusal` with git's words when it fails.
 */
function git(cwd, ...args) {
  const { status, stdout, stderr, error } = spawnSync("git", args, { cwd, encoding: "utf8" });
  if (error) throw new Refusal(`git cannot be run: ${error.message}`);
  if (status !== 0) throw new Refusal(`git ${args[0]} failed: ${(stderr || stdout).trim()}`);
  return stdout.trimEnd();
}

function readArguments(args) {
  const isDryRun = args.includes("--dry-run");
  const [version, ...others] = args.filter((arg) => arg !== "--dry-run");
  if (version === undefined || others.length > 0 || !versionPattern.test(version)) {
    throw new Refusal("Name one version such as 0.2.0: npm run release -- 0.2.0 [--dry-run]");
  }
  return { version, isDryRun };
}

/** Whether a version has lower numbers than another, without regard to what follows a hyphen. */
function isLower(version, other) {
  const numbers = (text) => versionPattern.exec(text).slice(1, 4).map(Number);
  const [ours, theirs] = [numbers(version), numbers(other)];
  const different = ours.findIndex((number, index) => number !== theirs[index]);
  return different >= 0 && ours[different] < theirs[different];
}

/**
 * The changelog with the unreleased section under the version, and that section. Throws where nothing is unreleased.
 */
function releaseChangelog(text, version, day) {
  const [before, after] = text.split(`${unreleasedHeading}\n`);
  if (after === undefined) throw new Refusal(`${changelogName} has no line "${unreleasedHeading}".`);
  if (text.includes(`\n## [${version}]`)) throw new Refusal(`${changelogName} has a section ${version} already.`);
  const next = after.search(/^## /m);
  const section = (next < 0 ? after : after.slice(0, next)).trim();
  if (!/^- /m.test(section)) throw new Refusal(`${changelogName} lists nothing below "${unreleasedHeading}".`);
  const older = next < 0 ? "" : `\n${after.slice(next)}`;
  return { section, text: `${before}${unreleasedHeading}\n\n## [${version}] - ${day}\n\n${section}\n${older}` };
}

/** Every package.json in git that carries the present version, with its text under the new one. */
function releasePackages(root, present, version) {
  const names = git(root, "ls-files", "package.json", "**/package.json").split("\n");
  return names.flatMap((name) => {
    const text = readFileSync(join(root, name), "utf8");
    if (JSON.parse(text).version !== present) return [];
    // By hand, because JSON.stringify would lay the file out anew.
    return [{ name, text: text.replace(`"version": "${present}"`, `"version": "${version}"`) }];
  });
}

/** The OpenAPI document of this version, as packages/api compares it with later ones; none in a repository without it. */
async function releaseDocument(root, version) {
  const folder = join(root, "packages", "api");
  if (!existsSync(folder)) return [];
  const compiled = (name) => pathToFileURL(join(folder, "dist", name)).href;
  if (!existsSync(join(folder, "dist", "document.js"))) throw new Refusal("Build first: npm run build");
  const { openApiDocument } = await import(compiled("document.js"));
  const { operations } = await import(compiled("operations.js"));
  const document = openApiDocument(operations, { version, serverUrl: "https://qr.example.org" });
  return [{ name: "packages/api/released.json", text: `${JSON.stringify(document)}\n` }];
}

async function release(args) {
  const { version, isDryRun } = readArguments(args);
  const root = git(process.cwd(), "rev-parse", "--show-toplevel");
  const dirty = git(root, "status", "--porcelain");
  if (dirty) throw new Refusal(`Commit or put away what is changed first:\n${dirty}`);
  const tag = `v${version}`;
  if (git(root, "tag", "--list", tag)) throw new Refusal(`The tag ${tag} exists already.`);
  const present = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
  if (isLower(version, present)) throw new Refusal(`${version} is lower than the present version ${present}.`);

  const day = new Date().toISOString().slice(0, 10);
  const changelog = releaseChangelog(readFileSync(join(root, changelogName), "utf8"), version, day);
  const files = [{ name: changelogName, text: changelog.text }, ...releasePackages(root, present, version)];
  files.push(...(await releaseDocument(root, version)));
  const names = files.map(({ name }) => name);
  console.log(`${present} → ${version}, ${day}, tag ${tag}\n\n${changelog.section}\n\n${names.join("\n")}`);
  if (isDryRun) return console.log("\nNothing was changed.");

  try {
    for (const { name, text } of files) writeFileSync(join(root, name), text);
    git(root, "add", "--", ...names);
    git(root, "commit", "--quiet", "--message", `Release ${version}`, "--", ...names);
  } catch (error) {
    git(root, "reset", "--quiet", "--hard", "HEAD");
    throw error;
  }
  // Lines of the section that begin with # are headings of ours, not comments of git's.
  git(root, "tag", "--annotate", "--cleanup=whitespace", "--message", `${version}\n\n${changelog.section}`, tag);
  console.log(`\nCommitted and tagged; publish both with: git push --follow-tags`);
}

try {
  await release(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
