// Everything under this folder that is not in git: installed packages, the generated database client, compiled code.
// Each is made again only when what it is made from has changed, by stamps kept in node_modules.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, step } from "./progress.mjs";

/** The root of the checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const stampFolder = join(root, "node_modules", ".qrfactory");
const database = join(root, "packages", "db");
const generated = join(database, "src", "generated");

/** The folders that hold workspace packages, as in pnpm-workspace.yaml. */
const packageParents = ["packages", "services", "infra"];

/** npm hands its own settings down to its scripts; these would change what pnpm installs here. */
const npmSettingsDropped =
  /^npm_config_(omit|include|only|production|global|prefix|location|workspaces?|include_workspace_root|ignore_scripts|dry_run|package_lock_only|frozen_lockfile|user_agent|node_linker|save.*)$/i;

function workspacePackages() {
  return packageParents.flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => join(root, parent, name))
      .filter((folder) => existsSync(join(folder, "package.json"))),
  );
}

function hashFiles(files) {
  const hash = createHash("sha256").update(process.versions.modules);
  for (const file of files) hash.update(file).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

/** Whether the thing called `name` was last made from what `hash` stands for. */
function isFresh(name, hash) {
  const file = join(stampFolder, name);
  return existsSync(file) && readFileSync(file, "utf8") === hash;
}

function stamp(name, hash) {
  mkdirSync(stampFolder, { recursive: true });
  writeFileSync(join(stampFolder, name), hash);
}

/** An environment in which a package manager does what it would do from an interactive shell. */
function toolEnvironment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (npmSettingsDropped.test(name)) delete env[name];
  // Production would leave the compiler out; CI keeps tools from asking questions.
  return { ...env, NODE_ENV: "development", CI: "true", NODE_OPTIONS: "", ...nativeBuildSettings() };
}

/** Native packages are compiled here, against the headers that came with this node where they did: no downloads. */
function nativeBuildSettings() {
  const prefix = join(dirname(realpathSync(process.execPath)), "..");
  const headers = existsSync(join(prefix, "include", "node", "node_api.h"));
  return { npm_config_build_from_source: "true", ...(headers ? { npm_config_nodedir: prefix } : {}) };
}

/** Installs the packages of the lock file when it or a package.json changed. */
export async function installPackages() {
  const files = [join(root, "pnpm-lock.yaml"), join(root, "pnpm-workspace.yaml"), join(root, "package.json")];
  const folders = workspacePackages();
  const hash = hashFiles([...files, ...folders.map((folder) => join(folder, "package.json"))]);
  const allThere = folders.every((folder) => existsSync(join(folder, "node_modules")));
  if (allThere && isFresh("install", hash)) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const install = ["install", "--frozen-lockfile", "--prod=false", "--config.confirmModulesPurge=false"];
  await step("Installing packages", () =>
    run("npx", ["--yes", packageManager, ...install], { cwd: root, env: toolEnvironment() }),
  );
  stamp("install", hash);
}

/** Generates the database client when the schema changed. Needs no engine: the schema is only read. */
export async function generateDatabaseClient() {
  const inputs = ["package.json", "prisma.config.ts", "prisma/schema.prisma"].map((file) => join(database, file));
  const hash = hashFiles(inputs);
  if (existsSync(generated) && isFresh("generate", hash)) return;
  const env = {
    ...toolEnvironment(),
    PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true",
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
    CHECKPOINT_DISABLE: "1",
  };
  const prisma = join(database, "node_modules", ".bin", "prisma");
  await step("Generating the database client", () => run(prisma, ["generate"], { cwd: database, env }));
  stamp("generate", hash);
}

/** Compiles everything when a source changed. tsc is incremental itself; the stamp saves even its look around. */
export async function compile() {
  const folders = workspacePackages();
  const hash = sourcesHash(folders);
  const allThere = folders.every((folder) => existsSync(join(folder, "dist")));
  if (allThere && isFresh("build", hash)) return;
  for (const folder of folders) removeStale(folder);
  await step("Compiling", () =>
    run(join(root, "node_modules", ".bin", "tsc"), ["-b", "infra"], { cwd: root, env: toolEnvironment() }),
  );
  stamp("build", hash);
}

/** The compiler leaves what it made of a source that is gone, and a test would go on being run. */
function removeStale(folder) {
  const compiled = join(folder, "dist");
  if (!existsSync(compiled)) return;
  for (const file of readdirSync(compiled, { recursive: true })) {
    const [, name] = /^(.*?)(?:\.d\.ts|\.js|\.js\.map)$/.exec(file) ?? [];
    if (name && !existsSync(join(folder, "src", `${name}.ts`))) rmSync(join(compiled, file));
  }
}

/** Names, sizes and times of all sources: cheaper than reading them, and as good on one machine. */
function sourcesHash(folders) {
  const hash = createHash("sha256");
  const note = (file) => {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file}\0${mtimeMs}\0${size}\0`);
  };
  for (const folder of folders) {
    note(join(folder, "tsconfig.json"));
    const sources = readdirSync(join(folder, "src"), { recursive: true, withFileTypes: true });
    for (const entry of sources) {
      if (entry.isFile() && entry.name.endsWith(".ts")) note(join(entry.parentPath ?? entry.path, entry.name));
    }
  }
  note(join(root, "tsconfig.base.json"));
  return hash.digest("hex");
}
