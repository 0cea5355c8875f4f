// A streaming replica of a private PostgreSQL: a copy of its files that follows its log.
import { chownSync, mkdirSync } from "node:fs";
import { type Postgres, postgresPasswordDefault, postgresUser, startPostgres } from "./postgres.js";
import { findPostgresProgram, placeCluster } from "./postgres-cluster.js";
import { startProcess } from "./process.js";

/** Copies a running server into an empty directory and starts the copy as its replica; it answers reads. */
export async function startPostgresReplica(primary: Postgres, dataDirectory: string): Promise<Postgres> {
  const placed = placeCluster(dataDirectory);
  mkdirSync(placed.dataDirectory, { recursive: true, mode: 0o700 });
  const { uid, gid } = placed.owner;
  if (uid !== undefined && gid !== undefined) chownSync(placed.dataDirectory, uid, gid);
  const copy = await startProcess({
    command: findPostgresProgram("pg_basebackup"),
    args: [
      ...["--host=127.0.0.1", `--port=${primary.port}`, `--username=${postgresUser}`, "--checkpoint=fast"],
      ...[`--pgdata=${placed.dataDirectory}`, "--write-recovery-conf"],
    ],
    cwd: placed.dataDirectory,
    env: { ...process.env, PGPASSWORD: postgresPasswordDefault },
    ...placed.owner,
  });
  const exit = await copy.exited;
  if (exit.code !== 0) throw new Error(`pg_basebackup failed:\n${copy.lastLines().join("\n")}`);
  return startPostgres({ dataDirectory: placed.dataDirectory, durable: false });
}
