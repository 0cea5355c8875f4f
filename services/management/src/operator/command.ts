// The shape of a command of `qrfactory-admin`, and of its input.
import type { ParseArgsConfig } from "node:util";
import type { Actor } from "@qrfactory/db/audit/audit";
import type { Db } from "@qrfactory/db/client";
import type { KeyPublication } from "@qrfactory/db/keys/api-keys";
import type { Redis } from "ioredis";
import { z } from "zod";

/** Connections and output of a command. */
export type Context = {
  db: Db;
  /** For what needs a connection of its own. */
  databaseUrl: string;
  /** For what one command alone has to be told. */
  env: Record<string, string | undefined>;
  /** The state Redis, ready or away; opened when it is first asked for. */
  stateRedis: () => Promise<Redis>;
  /** Tells all services of keys at once; the worker does so within a second if this fails. */
  publishKeys: (publications: KeyPublication[]) => Promise<void>;
  /** The operator, for the audit trail. */
  actor: Actor;
  /** Prints a line of the answer. */
  print: (line: string) => void;
};

/** Options of a command by name, as `parseArgs` read them. */
export type Values = Record<string, string | boolean | undefined>;

/** A command of the operator's program. */
export type Command = {
  /** Usage after the command's words: operands in capitals, then options. */
  synopsis: string;
  /** One line that says what it does. */
  help: string;
  options?: NonNullable<ParseArgsConfig["options"]>;
  /** Runs it; returns the exit code. `operands` are as many as the synopsis names. Throws `UsageError`. */
  run: (context: Context, operands: string[], values: Values) => Promise<number>;
};

/** Exit code of success, also when nothing had to be done. */
export const exitDone = 0;
/** Exit code of failure, or of a check that found something. */
export const exitFailed = 1;
/** Words that are no command. */
export const exitUsage = 2; // as getopt's users have it

/** Thrown for words that are no command; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A workspace's id among the operands; throws `UsageError`. */
export function readWorkspaceId(text: string | undefined): string {
  const id = z.uuid().safeParse(text);
  if (!id.success) throw new UsageError(`${text} is not the id of a workspace; \`workspaces list\` shows them.`);
  return id.data;
}
