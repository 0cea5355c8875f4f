// `qrfactory-admin seed-demo --file F` makes sure that the demo workspace of the local stack exists, with the
// credentials kept in F; it may run again at every start.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createApiKey, createSigningSecret, hashApiKey, signingSecretContext } from "@qrfactory/auth/api-key";
import { hashPassword } from "@qrfactory/auth/password";
import { makeSeal, sealKey } from "@qrfactory/auth/seal";
import { createAccount, findLogin } from "@qrfactory/db/accounts/accounts";
import type { Db } from "@qrfactory/db/client";
import { createKey, findKeyByHash } from "@qrfactory/db/keys/api-keys";
import { readConfig } from "@qrfactory/runtime/config";
import { type Command, exitDone, UsageError } from "./command.js";

type Demo = { email: string; password: string; workspace_id: string; api_key: string; signing_secret: string };

function readDemo(file: string): Demo {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Demo;
  return {
    email: "demo@qrfactory.example",
    password: `demo-${randomBytes(9).toString("base64url")}`,
    workspace_id: "",
    api_key: createApiKey().raw,
    signing_secret: createSigningSecret(),
  };
}

/** Creates what is missing of the demo workspace (plan enterprise) and returns its credentials. */
async function seedDemo(db: Db, demo: Demo, key: Buffer): Promise<Demo> {
  let login = await findLogin(db, demo.email);
  if (!login) {
    const passwordHash = await hashPassword(demo.password);
    await createAccount(db, { email: demo.email, passwordHash, workspaceName: "Demo", plan: "enterprise" });
    login = await findLogin(db, demo.email);
  }
  const workspaceId = login?.workspaceIds[0];
  if (!login || !workspaceId) throw new Error("the demo account could not be created");
  const { userId } = login;
  const hash = hashApiKey(demo.api_key);
  if (!(await findKeyByHash(db, hash.toString("hex")))) {
    const signingSecretSealed = makeSeal(key).close(Buffer.from(demo.signing_secret), signingSecretContext);
    const secrets = { hash, keyPrefix: demo.api_key.slice(0, 12), signingSecretSealed };
    await createKey(db, { workspaceId, name: "Demo key", createdBy: userId, secrets });
  }
  return { ...demo, workspace_id: workspaceId };
}

/** `seed-demo` */
export const seedDemoCommand: Command = {
  synopsis: "--file FILE",
  help: "makes sure that the demo workspace exists, its credentials kept in a file",
  options: { file: { type: "string" } },
  async run({ db, env }, _operands, { file }) {
    if (typeof file !== "string") throw new UsageError("Name the file of its credentials: --file FILE.");
    const { SEAL_KEY } = readConfig({ SEAL_KEY: sealKey }, env);
    const demo = await seedDemo(db, readDemo(file), SEAL_KEY);
    writeFileSync(file, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
    return exitDone;
  },
};
