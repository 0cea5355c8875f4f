// The program `qrfactory-admin`: words and an environment in, lines and an exit code out. One table of commands; the
// first words name one, and every command may run again with the same effect.

import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { noOrigin } from "@qrfactory/db/audit/audit";
import { connectDatabase } from "@qrfactory/db/client";
import { minuteMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";
import { readConfig, stateRedisUrl, urlOf } from "@qrfactory/runtime/config";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import type { Redis } from "ioredis";
import { z } from "zod";
import { makePublisher } from "../publication/publisher.js";
import { type Command, type Context, exitDone, exitFailed, exitUsage, UsageError } from "./command.js";
import { creditsCheckCommand } from "./credits.js";
import { addOperatorCommand, listOperatorsCommand, removeOperatorCommand } from "./operators.js";
import { orphansCommand } from "./orphans.js";
import { retentionCommand } from "./retention.js";
import { seedDemoCommand } from "./seed-demo.js";
import {
  lapseCommand,
  listCommand,
  renewCommand,
  resumeCommand,
  setPlanCommand,
  setRetentionCommand,
  showCommand,
  suspendCommand,
} from "./workspaces.js";

const commands: Record<string, Command> = {
  "workspaces list": listCommand,
  "workspaces show": showCommand,
  "workspaces set-plan": setPlanCommand,
  "workspaces suspend": suspendCommand,
  "workspaces resume": resumeCommand,
  "workspaces lapse": lapseCommand,
  "workspaces renew": renewCommand,
  "workspaces set-retention": setRetentionCommand,
  "credits check": creditsCheckCommand,
  "operators list": listOperatorsCommand,
  "operators add": addOperatorCommand,
  "operators remove": removeOperatorCommand,
  orphans: orphansCommand,
  retention: retentionCommand,
  "seed-demo": seedDemoCommand,
};

const config = {
  DATABASE_URL: urlOf("postgresql", "postgres"),
  STATE_REDIS_URL: stateRedisUrl,
  /** Operator named in the audit trail; the user of the shell unless told. */
  OPERATOR: z.string().min(1).max(100).default(userInfo().username),
};

/** How long a command waits for the state Redis before it goes on without. */
const redisWaitMs = 1_000;
/** An operator has more patience than a request, and some questions go through whole tables. */
const queryTimeoutMs = minuteMs;

function helpText(): string {
  const lines = Object.entries(commands).map(([name, { synopsis, help }]) => `  ${name} ${synopsis}\n      ${help}`);
  return [
    "usage: qrfactory-admin COMMAND",
    "",
    ...lines,
    "",
    "Reads DATABASE_URL, STATE_REDIS_URL and OPERATOR (the name in the audit trail). " +
      "Ends with 0 when it is done, 1 when",
    "it failed or found what it looked for, 2 when the words are no command.",
  ].join("\n");
}

/** The command that the first words name, and the words after it; throws `UsageError`. */
function findCommand(words: string[]): { command: Command; rest: string[] } {
  for (const length of [2, 1]) {
    const command = commands[words.slice(0, length).join(" ")];
    if (command) return { command, rest: words.slice(length) };
  }
  throw new UsageError(`There is no such command.\n\n${helpText()}`);
}

function readWords({ synopsis, options = {} }: Command, rest: string[]) {
  try {
    const parsed = parseArgs({ args: rest, allowPositionals: true, options });
    const wanted = synopsis.split(" ").filter((word) => /^[A-Z]+$/.test(word) && !isOptionValue(synopsis, word)).length;
    if (parsed.positionals.length !== wanted) throw new Error(`Write: ${synopsis}`);
    return parsed;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Whether a word in capitals is the value of an option, as TEXT in `--search TEXT`. */
const isOptionValue = (synopsis: string, word: string) => new RegExp(`--[a-z-]+ ${word}\\b`).test(synopsis);

/** Words, environment and outputs of one run. */
export type Program = {
  /** After the program's own name. */
  words: string[];
  env: Record<string, string | undefined>;
  /** Takes what is asked for. */
  print: (text: string) => void;
  /** Takes what went wrong, and what is to be known besides. */
  complain: (text: string) => void;
};

/** Runs the command that the words name and returns the exit code. Throws what no operator can put right. */
export async function runProgram(program: Program): Promise<number> {
  try {
    return await runCommand(program);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ApiError)) throw error;
    program.complain(error.message);
    return error instanceof UsageError ? exitUsage : exitFailed;
  }
}

async function runCommand({ words, env, print, complain }: Program): Promise<number> {
  if (words[0] === undefined || words[0] === "help" || words.includes("--help")) {
    print(helpText());
    return words[0] === undefined ? exitUsage : exitDone;
  }
  const { command, rest } = findCommand(words);
  const { positionals, values } = readWords(command, rest);
  const { DATABASE_URL, STATE_REDIS_URL, OPERATOR } = readConfig(config, env);
  const db = connectDatabase(DATABASE_URL, { name: "admin", poolMax: 2, queryTimeoutMs });
  let redis: Redis | undefined;
  const stateRedis = async () => {
    if (!redis) {
      redis = connectRedis({ url: STATE_REDIS_URL, name: "admin" });
      await redisReady(redis, redisWaitMs).catch(() => undefined);
    }
    return redis;
  };
  const context: Context = {
    db,
    databaseUrl: DATABASE_URL,
    env,
    stateRedis,
    async publishKeys(publications) {
      if (publications.length === 0) return;
      const publisher = makePublisher({ db, redis: await stateRedis() });
      await Promise.all(publications.map(publisher.publishKeyRow)).catch((error: Error) =>
        complain(`The state Redis does not answer (${error.message}); the worker tells the services later.`),
      );
    },
    actor: { kind: "operator", id: OPERATOR, ...noOrigin },
    print,
  };
  try {
    return await command.run(context, positionals, values as Record<string, string | boolean | undefined>);
  } finally {
    redis?.disconnect();
    await db.$disconnect();
  }
}
