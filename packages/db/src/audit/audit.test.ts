import { randomUUID } from "node:crypto";
import { expect, test } from "@jest/globals";
import { findLogin } from "../accounts/accounts.js";
import { startSession } from "../accounts/sessions.js";
import { getCode, updateCode, updateCodeIn } from "../codes/codes.js";
import { createCode } from "../codes/creation.js";
import { addOwner, useTestDatabase } from "../database.fixture.js";
import { type Actor, listAuditEvents, recordAccountAudit, recordAudit } from "./audit.js";
import { recordEvent } from "./events.js";

const database = useTestDatabase();

const fields = { name: "Menu", destinationUrl: "https://example.com" };
/** PostgreSQL keeps no NUL character. */
const unkept = (actor: Actor): Actor => ({ ...actor, requestId: "\0" });

async function trailOf(workspaceId: string): Promise<string[]> {
  const events = await listAuditEvents(database.db, workspaceId, { filter: {}, before: null, take: 100 });
  return events.map(({ action }) => action);
}

test("a change and its event are rolled back together, whichever of them fails or what comes after", async () => {
  const { db } = database;
  const { workspaceId, actor } = await addOwner(db);
  const { shortId } = await db.$transaction((tx) => createCode(tx, workspaceId, fields, actor));
  const trail = await trailOf(workspaceId);
  expect(trail[0]).toBe("dynamic.created");
  const target = { workspaceId, shortId };
  const failing: (() => Promise<unknown>)[] = [
    () => updateCode(db, target, { name: "Other" }, unkept(actor)),
    () => db.$transaction((tx) => createCode(tx, workspaceId, { ...fields, shortId: "UNKEPT" }, unkept(actor))),
    () =>
      db.$transaction(async (tx) => {
        await updateCodeIn(tx, target, { name: "Other" }, actor);
        await recordAudit(tx, actor, { workspaceId, action: "dynamic.updated", target: shortId });
        throw new Error("what comes after");
      }),
  ];
  for (const change of failing) await expect(change()).rejects.toThrow();
  expect(await getCode(db, workspaceId, shortId)).toMatchObject({ name: "Menu", version: 1 });
  await expect(getCode(db, workspaceId, "UNKEPT")).rejects.toMatchObject({ code: "not_found" });
  expect(await trailOf(workspaceId)).toEqual(trail);
});

test("a session that cannot be written down is not started", async () => {
  const { db } = database;
  const { userId, workspaceId, email } = await addOwner(db);
  const token = { hash: Buffer.alloc(32, 1), expiresAt: new Date(Date.now() + 60_000) };
  const origin = { network: null, requestId: "\0" };
  await expect(startSession(db, { userId, workspaceId, origin }, token)).rejects.toThrow();
  expect(await db.refreshToken.count({ where: { userId } })).toBe(0);
  expect(await findLogin(db, email)).not.toBeNull();
});

test("what a user does to their account is in the trail of every workspace of theirs, and of no other", async () => {
  const { db } = database;
  const [owner, stranger] = [await addOwner(db), await addOwner(db)];
  await db.$transaction((tx) => recordAccountAudit(tx, owner.actor, "user.email_verified"));
  expect(await trailOf(owner.workspaceId)).toContain("user.email_verified");
  expect(await trailOf(stranger.workspaceId)).not.toContain("user.email_verified");
});

test("an event for others is noted once for its subject, and with its change or not at all", async () => {
  const { db } = database;
  const { workspaceId } = await addOwner(db);
  const [subject, other] = [randomUUID(), randomUUID()];
  const note = (subject: string) =>
    db.$transaction((tx) => recordEvent(tx, { workspaceId, type: "bulk.completed", subject, payload: {} }));
  await Promise.all([note(subject), note(subject), note(subject)]);
  const failing = db.$transaction(async (tx) => {
    await recordEvent(tx, { workspaceId, type: "bulk.completed", subject: other, payload: {} });
    throw new Error("undone");
  });
  await expect(failing).rejects.toThrow("undone");
  expect(await db.event.findMany({ where: { workspaceId } })).toMatchObject([{ subject }]);
});
