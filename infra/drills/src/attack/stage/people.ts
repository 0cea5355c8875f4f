// People of a stack: the demo's owner, newcomers on any plan, and members of a workspace in any role. Only what no
// client can do goes past the API: a plan is given by the operator's command, a member is written into the database.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { startScript } from "@qrfactory/processes/process";
import { type Client, expectStatus, jsonOf } from "./client.js";
import type { Stack } from "./stack.js";

/** A logged-in user with a workspace and a key. */
export type Person = {
  email: string;
  password: string;
  userId: string;
  workspaceId: string;
  /** Headers of requests by log-in and by API key. */
  asUser: { Authorization: string };
  asKey: { "X-Api-Key": string };
  keyId: string;
  signingSecret: string;
};

/** Role of a member in a workspace. */
export type Role = "owner" | "admin" | "member" | "viewer";

/** Makes people on one stack. */
export type People = {
  /** The owner of the demo workspace, whose plan limits nothing. */
  demo(): Promise<Person>;
  /** Somebody with a new workspace of this plan and a key; default free. */
  signUp(plan?: string): Promise<Person>;
  /** Makes a person a member of another's workspace and returns them logged in there. */
  join(person: Person, workspaceId: string, role: Role): Promise<Person>;
  newKey(person: Pick<Person, "asUser">): Promise<Pick<Person, "asKey" | "keyId" | "signingSecret">>;
  /** For what only the database knows. */
  db(): Db;
  close(): Promise<void>;
};

type Session = { user: { id: string }; workspace: { id: string }; access_token: string };
type Key = { id: string; raw_key: string; signing_secret: string };

/** Makes people by `client`, which speaks to the gateway; `root` is the checkout that the stack runs. */
export function makePeople({ stack, root, client }: { stack: Stack; root: string; client: Client }): People {
  let connected: Db | undefined;
  const db = () => {
    connected ??= connectDatabase(stack.file().database_url, { ...withPatience, name: "attack", poolMax: 2 });
    return connected;
  };

  const personOf = (session: Session, known: { email: string; password: string }) => ({
    ...known,
    userId: session.user.id,
    workspaceId: session.workspace.id,
    asUser: { Authorization: `Bearer ${session.access_token}` },
  });

  async function logIn(email: string, password: string, workspaceId?: string) {
    const json = { email, password, ...(workspaceId && { workspace_id: workspaceId }) };
    const answer = expectStatus(await client.send({ url: "/api/v1/auth/login/", json }), 200);
    return personOf(jsonOf<Session>(answer), { email, password });
  }

  async function newKey({ asUser }: Pick<Person, "asUser">) {
    const answer = await client.send({ url: "/api/v1/keys/", headers: asUser, json: { name: "Attack" } });
    const { id, raw_key, signing_secret } = jsonOf<Key>(expectStatus(answer, 201));
    return { asKey: { "X-Api-Key": raw_key }, keyId: id, signingSecret: signing_secret };
  }

  /** Runs `qrfactory-admin` of the stack's own checkout. */
  async function operate(...args: string[]): Promise<void> {
    const { database_url, state_redis_url } = stack.file();
    const env = { ...process.env, DATABASE_URL: database_url, STATE_REDIS_URL: state_redis_url };
    const child = await startScript(join(root, "services/management/dist/processes/admin.js"), { args, env });
    const { code } = await child.exited;
    if (code !== 0) throw new Error(`${args.join(" ")} failed: ${child.lastLines().join("\n")}`);
  }

  return {
    async demo() {
      const { email, password, api_key, signing_secret } = stack.file().demo;
      const key = { asKey: { "X-Api-Key": api_key }, keyId: "", signingSecret: signing_secret };
      return { ...(await logIn(email, password)), ...key };
    },
    async signUp(plan = "free") {
      const known = { email: `attack-${randomUUID()}@example.com`, password: `correct horse ${randomUUID()}` };
      const json = { ...known, workspace_name: "Attack" };
      const answer = expectStatus(await client.send({ url: "/api/v1/auth/signup/", json }), 201);
      const person = personOf(jsonOf<Session>(answer), known);
      const key = await newKey(person);
      if (plan !== "free") await operate("workspaces", "set-plan", person.workspaceId, plan);
      return { ...person, ...key };
    },
    async join(person, workspaceId, role) {
      await db().$executeRaw`INSERT INTO members (id, workspace_id, user_id, role)
        VALUES (${randomUUID()}::uuid, ${workspaceId}::uuid, ${person.userId}::uuid, ${role})`;
      return { ...person, ...(await logIn(person.email, person.password, workspaceId)) };
    },
    newKey,
    db,
    async close() {
      await connected?.$disconnect();
    },
  };
}
