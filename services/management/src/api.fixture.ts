// The whole management API on real stores, for tests that go through the front door.
import { randomUUID } from "node:crypto";
import { expectDeclared } from "@qrfactory/api/check-answer";
import { operations } from "@qrfactory/api/operations";
import { changeWorkspace, type WorkspaceChange } from "@qrfactory/db/accounts/workspaces";
import { noOrigin } from "@qrfactory/db/audit/audit";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import type { Role } from "@qrfactory/domain/access/roles";
import type { PlanName } from "@qrfactory/domain/plan/plans";
import { startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createLog } from "@qrfactory/runtime/log";
import { connectRedis, redisReady } from "@qrfactory/runtime/redis";
import { createTestDatabase } from "@qrfactory/testing/database";
import { listen } from "@qrfactory/testing/http";
import { expectGoodMessage } from "@qrfactory/testing/http-message";
import { assembleManagement } from "./assemble.js";
import { type ManagementConfig, readManagementConfig } from "./config.js";
import type { Mail } from "./mail.js";
import { makePublisher } from "./publication/publisher.js";

export type Answer = {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read documents of many shapes
  body: any;
};

export type Send = (
  method: string,
  path: string,
  options?: { body?: unknown; headers?: Record<string, string>; raw?: string },
) => Promise<Answer>;

export type Api = Awaited<ReturnType<typeof startApi>>;

const password = "correct horse battery";

/** Long enough for a first connection on a busy machine. */
const readyTimeoutMs = 5_000;

type Person = {
  email: string;
  password: string;
  as: Send;
  // biome-ignore lint/suspicious/noExplicitAny: a session as the API tells of it
  session: any;
  workspaceId: string;
};

/** Starts the API with its own database and state Redis; `close` ends and removes all of it. */
export async function startApi(overrides: Partial<ManagementConfig> = {}) {
  const database = await createTestDatabase();
  const directory = makeTempDirectory();
  const redis = await startRedis({ role: "state", durable: false, dataDirectory: directory.path });
  const config = readManagementConfig({
    PORT: "0",
    METRICS_PORT: "0",
    LOG_LEVEL: "silent",
    DATABASE_URL: database.url,
    STATE_REDIS_URL: redis.url,
    RENDER_CACHE_URL: "memory:",
    JWT_SECRET: "a secret of at least thirty-two characters",
    SEAL_KEY: Buffer.alloc(32, 7).toString("base64"),
    PUBLIC_BASE_URL: "https://qr.example.org",
    MANAGEMENT_URL: "http://127.0.0.1:9",
    WORKER_URL: "http://127.0.0.1:9",
    RENDER_URL: "http://127.0.0.1:9",
    REDIRECT_URLS: "region-1=http://127.0.0.1:9",
    OBJECT_STORE: `${directory.path}/archives`,
    SIGNUPS_PER_HOUR: "1000",
    LOGINS_PER_MINUTE: "1000",
    REFUSALS_PER_MINUTE: "100000",
  });
  const log = createLog({ service: "test", level: "silent" });
  await publishEverything(database.url, redis.url);
  const mails: Mail[] = [];
  const postMail = (mail: Mail) => void mails.push(mail);
  const management = await assembleManagement({ ...config, ...overrides }, log, undefined, postMail);
  const server = await listen(management.app);

  const send: Send = async (method, path, { body, headers, raw } = {}) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { ...(body !== undefined && { "Content-Type": "application/json" }), ...headers },
      redirect: "manual",
      ...((body !== undefined || raw !== undefined) && { body: raw ?? JSON.stringify(body) }),
    });
    const text = await response.text();
    const { status, headers: given } = response;
    expectGoodMessage({ method, status, headers: given, text });
    const json = /[/+]json/.test(response.headers.get("content-type") ?? "");
    const answer = json && text !== "" ? JSON.parse(text) : undefined;
    expectDeclared(operations, {
      method,
      path,
      status,
      contentType: given.get("content-type"),
      body: answer,
    });
    return { status, headers: given, text, body: answer };
  };

  /** A sender that carries an access token. */
  function sendAs(accessToken: string): Send {
    const authorization = { Authorization: `Bearer ${accessToken}` };
    return (method, path, options = {}) =>
      send(method, path, { ...options, headers: { ...authorization, ...options.headers } });
  }

  let people = 0;
  /** A new user with a workspace of their own, and a sender that carries their access token. */
  async function signUp(): Promise<Person> {
    people += 1;
    const email = `person-${people}@example.com`;
    const answer = await send("POST", "/api/v1/auth/signup", { body: { email, password, workspace_name: "Test" } });
    // A COMMIT whose reply came too late may have been made: the address is taken then.
    if (answer.status === 503) return signUp();
    if (answer.status !== 201) throw new Error(`sign-up answered ${answer.text}`);
    const as = sendAs(answer.body.access_token);
    return { email, password, as, session: answer.body, workspaceId: answer.body.workspace.id as string };
  }

  /** The token of the latest mail to an address whose subject has these words; waits for the mail. */
  async function mailedToken(email: string, words: string): Promise<string> {
    const find = () => mails.findLast(({ to, subject }) => to === email && subject.includes(words));
    await until(() => find() !== undefined);
    return /smt_[\w-]{43}/.exec(find()?.text ?? "")?.[0] ?? "";
  }

  /** Acts as an operator, and publishes as the worker does. */
  async function operate(workspaceId: string, change: WorkspaceChange): Promise<void> {
    const db = connectDatabase(database.url, { ...withPatience, poolMax: 2 });
    const client = connectRedis({ url: redis.url, name: "operator" });
    await redisReady(client, readyTimeoutMs);
    const actor = { kind: "operator", id: "test", ...noOrigin } as const;
    const publications = await changeWorkspace(db, workspaceId, change, actor);
    await Promise.all(publications.map(makePublisher({ db, redis: client }).publishKeyRow));
    client.disconnect();
    await db.$disconnect();
  }

  async function setPlan(workspaceId: string, plan: PlanName): Promise<void> {
    const db = connectDatabase(database.url, { ...withPatience, poolMax: 1 });
    await db.workspace.update({ where: { id: workspaceId }, data: { plan } });
    await db.$disconnect();
  }

  /** Somebody new with this role in a workspace; `admin` invites. */
  async function addMember(admin: Send, role: Role) {
    people += 1;
    const email = `member-${people}@example.com`;
    const invite = { body: { email, role }, headers: { "Idempotency-Key": randomUUID() } };
    const { body: member } = await patient(admin)("POST", "/api/v1/members", invite);
    const token = await mailedToken(email, "invited");
    const { body: session } = await patient(send)("POST", "/api/v1/auth/invitations/accept", {
      body: { token, password },
    });
    return { email, password, id: member.id as string, session, as: sendAs(session.access_token) };
  }

  return {
    url: server.url,
    database,
    redis,
    redisDirectory: directory.path,
    config,
    routes: management.routes,
    send,
    sendAs,
    signUp,
    mails,
    mailedToken,
    operate,
    setPlan,
    addMember,
    close: async () => {
      await server.close();
      await management.close();
      await redis.stop();
      await database.drop();
      directory.remove();
    },
  };
}

/** Publishes as a worker does at its start: from then on the word of Redis is taken. */
async function publishEverything(databaseUrl: string, redisUrl: string): Promise<void> {
  const db = connectDatabase(databaseUrl, { ...withPatience, poolMax: 1 });
  const redis = connectRedis({ url: redisUrl, name: "publisher" });
  await redisReady(redis, readyTimeoutMs);
  await makePublisher({ db, redis }).publishPending();
  redis.disconnect();
  await db.$disconnect();
}

/** A sender that asks again when it is told 503: a busy machine is no failure. */
export const patient =
  (send: Send): Send =>
  async (...request) => {
    const answer = await send(...request);
    return answer.status === 503 ? patient(send)(...request) : answer;
  };

/** Expects a whole problem document, as every refusal of this API is. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  const { type, title, detail, request_id, ...rest } = answer.body ?? {};
  const seen = { status: answer.status, code: rest.code, contentType: answer.headers.get("content-type") };
  const expected = { status, code, contentType: "application/problem+json" };
  if (JSON.stringify(seen) !== JSON.stringify(expected)) {
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(seen)}: ${answer.text}`);
  }
  const whole = [type, title, detail, request_id].every((text) => typeof text === "string" && text !== "");
  if (!whole || request_id !== answer.headers.get("x-request-id") || rest.status !== status) {
    throw new Error(`not a whole problem document: ${answer.text}`);
  }
  const retry = answer.headers.get("retry-after");
  if ((status === 429 || status === 503) !== (retry !== null)) throw new Error(`Retry-After is ${retry} on ${status}`);
  if (/select |insert |prisma|node_modules|\.ts:|\.js:|econn/i.test(answer.text)) {
    throw new Error(`shows internals: ${answer.text}`);
  }
}
