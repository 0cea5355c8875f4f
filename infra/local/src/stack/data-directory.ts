// The folder that holds everything a local stack leaves behind: where each thing is in it, secrets that are made once,
// and forgetting it all. Only names listed here are ever deleted, so a mistaken --data-dir costs nobody their files.
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { clusterOwner, placeCluster } from "@qrfactory/processes/postgres-cluster";

/** Absolute paths in a data directory. */
export type Paths = {
  root: string;
  postgres: string;
  stateRedis: string;
  renderCache: string;
  replica(region: string): string;
  spool(name: string): string;
  snapshots(region: string): string;
  archives: string;
  mails: string;
  gateway: string;
  log(name: string): string;
  logs: string;
  secrets: string;
  demo: string;
  stack: string;
};

const modeFolder = 0o700;
const modePrivate = 0o600;
/** The file that marks a folder as a data directory. */
const ours = ["secrets.json", "launcher.pid", "logs"];

/** Where everything is; makes nothing. */
export function pathsIn(root: string): Paths {
  return {
    root,
    postgres: join(root, "postgres"),
    stateRedis: join(root, "redis-state"),
    renderCache: join(root, "redis-cache"),
    replica: (region) => join(root, `redis-${region}`),
    spool: (name) => join(root, "spool", name),
    snapshots: (region) => join(root, "snapshots", region),
    archives: join(root, "archives"),
    mails: join(root, "mails"),
    gateway: join(root, "gateway"),
    logs: join(root, "logs"),
    log: (name) => join(root, "logs", `${name}.log`),
    secrets: join(root, "secrets.json"),
    demo: join(root, "demo.json"),
    stack: join(root, "stack.json"),
  };
}

/**
 * Makes the folder if it is not there, and lets nobody else in: what lies in it is secret or personal. A folder that
 * holds other things is left as it is; files made in it are private all the same, by the launcher's umask.
 */
export function makeDataDirectory(paths: Paths): void {
  mkdirSync(paths.root, { recursive: true });
  const found = readdirSync(paths.root);
  if (found.length === 0 || found.some((name) => ours.includes(name))) {
    // PostgreSQL, which does not run as root, has to pass through; root may anyway.
    const { uid, gid } = clusterOwner();
    if (uid !== undefined && gid !== undefined) chownSync(paths.root, uid, gid);
    chmodSync(paths.root, modeFolder);
  }
  mkdirSync(paths.logs, { recursive: true });
}

/**
 * Deletes what earlier runs left. With a database of the person's own, secrets and demo stay: they belong to rows in
 * it that we do not touch.
 */
export function forgetData(paths: Paths, options: { ownDatabase: boolean }): void {
  const targets = [paths.stateRedis, paths.renderCache, paths.gateway, paths.logs, paths.mails, paths.stack];
  // A snapshot that stayed would bring back the codes of a database that is gone.
  targets.push(paths.spool(""), paths.snapshots(""));
  const replicas = readdirSync(paths.root).filter((name) => /^redis-region-\d+$/.test(name));
  targets.push(...replicas.map((name) => join(paths.root, name)));
  if (!options.ownDatabase) targets.push(placeCluster(paths.postgres).dataDirectory, paths.secrets, paths.demo);
  for (const target of targets) rmSync(target, { recursive: true, force: true });
}

/** Secrets of an installation, made at its first start. */
export type Secrets = {
  jwt_secret: string;
  /** 32 bytes in base64: seals secrets at rest. */
  seal_key: string;
  visitor_secret: string;
  database_password: string;
  /** Of all private Redis servers. */
  redis_password: string;
};

/** 256 bits each: the size of the keys they become. */
const secretBytes = 32;

/** Reads the secrets of this data directory; those that are missing are made now and kept for good. */
export function readOrMakeSecrets(file: string, random: (bytes: number) => Buffer = randomBytes): Secrets {
  const known: Partial<Secrets> = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const secrets: Secrets = {
    jwt_secret: known.jwt_secret ?? random(secretBytes).toString("base64url"),
    seal_key: known.seal_key ?? random(secretBytes).toString("base64"),
    visitor_secret: known.visitor_secret ?? random(secretBytes).toString("base64url"),
    database_password: known.database_password ?? random(secretBytes).toString("base64url"),
    redis_password: known.redis_password ?? random(secretBytes).toString("base64url"),
  };
  writePrivateJson(file, secrets);
  return secrets;
}

/** Writes a file that only its owner may read, whole or not at all. */
export function writePrivateJson(file: string, value: unknown): void {
  const next = `${file}.new`;
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`, { mode: modePrivate });
  chmodSync(next, modePrivate);
  renameSync(next, file);
}
