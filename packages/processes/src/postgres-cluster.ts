// The files of a private PostgreSQL: finds the programs, decides where the data can live and who owns it, and makes an
// empty cluster. PostgreSQL refuses to run as root, so as root everything belongs to the system user `postgres`.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { startProcess } from "./process.js";

/** Where Debian keeps the programs of each major version. */
const debianPrograms = "/usr/lib/postgresql";

/** The system user that runs the server when we are root. */
const systemUser = "postgres";

/** Data goes here when the system user cannot enter the directory that was asked for. */
const fallbackRoot = "/var/lib/qrfactory";

/** Ids of the user and group that a process runs as; empty for our own. */
export type Owner = { uid?: number; gid?: number };

/** Path of a PostgreSQL program: the newest version of Debian's, else from PATH. Throws saying what to install. */
export function findPostgresProgram(name: string): string {
  const versions = existsSync(debianPrograms) ? readdirSync(debianPrograms) : [];
  const byVersion = versions.sort((a, b) => Number(b) - Number(a)).map((v) => join(debianPrograms, v, "bin", name));
  const inPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
  const found = [...byVersion, ...inPath].find((path) => existsSync(path));
  if (!found) throw new Error(`PostgreSQL's program ${name} was not found. Install PostgreSQL 15 or later.`);
  return found;
}

/** The user that a server runs as: the system's own when we are root, else nobody but us. */
export const clusterOwner = (): Owner => (process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {});

/** The directory that will really hold the data, and the user that has to own it. Makes nothing but empty folders. */
export function placeCluster(asked: string): { dataDirectory: string; owner: Owner } {
  const path = resolve(asked);
  const owner = clusterOwner();
  if (owner.uid === undefined) return { dataDirectory: path, owner };
  const parent = dirname(path);
  mkdirSync(parent, { recursive: true });
  if (canEnter(parent, owner)) return { dataDirectory: path, owner };
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 16);
  for (const folder of [fallbackRoot, join(fallbackRoot, hash)]) {
    mkdirSync(folder, { recursive: true });
    // Set whatever the umask.
    chmodSync(folder, 0o755);
  }
  return { dataDirectory: join(fallbackRoot, hash, "postgres"), owner };
}

function idOf(flag: "-u" | "-g"): number {
  try {
    return Number(execFileSync("id", [flag, systemUser], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  } catch {
    throw new Error(`PostgreSQL does not run as root, and there is no user "${systemUser}" to run it as.`);
  }
}

function canEnter(directory: string, owner: Owner): boolean {
  return (
    spawnSync("/bin/sh", ["-c", 'cd -- "$1"', "sh", directory], { ...owner, cwd: "/", stdio: "ignore" }).status === 0
  );
}

/** Place and kind of a new cluster. */
export type ClusterOptions = {
  dataDirectory: string;
  password: string;
  durable: boolean;
  log: (sentence: string) => void;
};

/** Makes the cluster if there is none yet. Half-made ones (killed in between) are thrown away and made again. */
export async function prepareCluster(options: ClusterOptions): Promise<{ dataDirectory: string; owner: Owner }> {
  const { dataDirectory, owner } = placeCluster(options.dataDirectory);
  if (dataDirectory !== resolve(options.dataDirectory)) {
    options.log(
      `User "${systemUser}" cannot enter ${options.dataDirectory}; PostgreSQL's data is in ${dataDirectory}.`,
    );
  }
  if (existsSync(join(dataDirectory, "PG_VERSION"))) {
    return { dataDirectory, owner };
  }
  if (existsSync(dataDirectory) && readdirSync(dataDirectory).length > 0) {
    throw new Error(`${dataDirectory} is neither empty nor a PostgreSQL data directory. Name another one.`);
  }

  // Made beside its place and moved there when complete, so that what is there is always whole.
  const making = `${dataDirectory}.new`;
  const passwordFile = `${dataDirectory}.password`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (owner.uid !== undefined && owner.gid !== undefined) {
    chownSync(making, owner.uid, owner.gid);
    chownSync(passwordFile, owner.uid, owner.gid);
  }
  try {
    const initdb = await startProcess({
      command: findPostgresProgram("initdb"),
      args: [
        ...["-D", making, "--username=qrfactory", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"],
        ...["--encoding=UTF8", "--locale=C.UTF-8", ...(options.durable ? [] : ["--no-sync"])],
      ],
      cwd: making,
      ...owner,
    });
    const exit = await initdb.exited;
    if (exit.code !== 0) throw new Error(`initdb failed:\n${initdb.lastLines().join("\n")}`);
    rmSync(dataDirectory, { recursive: true, force: true });
    renameSync(making, dataDirectory);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  return { dataDirectory, owner };
}
