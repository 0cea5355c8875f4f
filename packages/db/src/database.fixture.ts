// The database of a test file, and who owns things in it.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "@jest/globals";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { createAccount } from "./accounts/accounts.js";
import { type Actor, noOrigin } from "./audit/audit.js";
import { connectDatabase, type Db } from "./client.js";

export type UsedDatabase = {
  readonly db: Db;
  readonly url: string;
  /** Ends another connection to it, before it is dropped. */
  closeWith(close: () => Promise<unknown>): void;
};

/**
 * A database that is cloned before the tests of a file and dropped after them, with a pool for several transactions.
 */
export function useTestDatabase(): UsedDatabase {
  let database: TestDatabase;
  const closes: (() => Promise<unknown>)[] = [];
  const used = {
    db: undefined as unknown as Db,
    url: "",
    closeWith: (close: () => Promise<unknown>) => void closes.push(close),
  };
  beforeAll(async () => {
    database = await createTestDatabase();
    Object.assign(used, { db: connectDatabase(database.url), url: database.url });
  });
  afterAll(async () => {
    await Promise.all(closes.map((close) => close()));
    await used.db.$disconnect();
    await database.drop();
  });
  return used;
}

/** The owner of a new workspace with a large plan. */
export async function addOwner(db: Db): Promise<{ userId: string; workspaceId: string; email: string; actor: Actor }> {
  const email = `${randomUUID()}@example.com`;
  const account = { email, passwordHash: "none", workspaceName: "Test", plan: "enterprise" } as const;
  const { user, workspace } = await createAccount(db, account);
  const actor: Actor = { kind: "user", id: user.userId, ...noOrigin };
  return { userId: user.userId, workspaceId: workspace.workspaceId, email, actor };
}
