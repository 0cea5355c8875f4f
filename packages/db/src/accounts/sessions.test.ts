import { randomBytes } from "node:crypto";
import { expect, test } from "@jest/globals";
import { hourMs } from "@qrfactory/domain/duration";
import { noOrigin } from "../audit/audit.js";
import { addOwner, useTestDatabase } from "../database.fixture.js";
import { deleteMailedTokens, type MailedPurpose, storeMailedToken, takeMailedToken } from "./mailed-tokens.js";
import { changePassword, findSessionRights, rotateRefreshToken, type Session, startSession } from "./sessions.js";

const database = useTestDatabase();

const newToken = (expiresAt = new Date(Date.now() + hourMs)) => ({ hash: randomBytes(32), expiresAt });

async function logIn() {
  const owner = await addOwner(database.db);
  const token = newToken();
  const { userId, workspaceId } = owner;
  const session = await startSession(database.db, { userId, workspaceId, origin: noOrigin }, token);
  return { owner, token, session: session as Session };
}

const isAlive = async (session: Session) => (await findSessionRights(database.db, session)) !== null;

test("of many exchanges of one refresh token at once one succeeds, and the session ends", async () => {
  const { token, session } = await logIn();
  const next = Array.from({ length: 10 }, () => newToken());
  const outcomes = await Promise.all(next.map((one) => rotateRefreshToken(database.db, token.hash, one)));
  expect(outcomes.filter((outcome) => outcome !== null)).toEqual([session]);
  expect(await isAlive(session)).toBe(false);
  for (const { hash } of next) expect(await rotateRefreshToken(database.db, hash, newToken())).toBeNull();
});

test("tokens that are exchanged one after the other keep their session, and an expired one does not", async () => {
  const { session, token } = await logIn();
  const [second, expired] = [newToken(), newToken(new Date(Date.now() - 1))];
  expect(await rotateRefreshToken(database.db, token.hash, second)).toEqual(session);
  expect(await rotateRefreshToken(database.db, second.hash, expired)).toEqual(session);
  expect(await rotateRefreshToken(database.db, expired.hash, newToken())).toBeNull();
  expect(await rotateRefreshToken(database.db, randomBytes(32), newToken())).toBeNull();
  expect(await isAlive(session)).toBe(true);
});

test("an exchange that fails spends no token", async () => {
  const { session, token } = await logIn();
  const other = await logIn();
  // The hash is taken: the next token cannot be stored.
  await expect(rotateRefreshToken(database.db, token.hash, other.token)).rejects.toThrow();
  expect(await rotateRefreshToken(database.db, token.hash, newToken())).toEqual(session);
});

test("a changed password ends every session but one, and what mails said of a reset", async () => {
  const { owner, session, token } = await logIn();
  const { userId, workspaceId, actor } = owner;
  const kept = await startSession(database.db, { userId, workspaceId, origin: noOrigin }, newToken());
  const mailed = await mail(userId, "reset");
  await database.db.$transaction((tx) =>
    changePassword(tx, actor, { passwordHash: "new", exceptSessionId: (kept as Session).sessionId }),
  );
  expect([await isAlive(session), await isAlive(kept as Session)]).toEqual([false, true]);
  expect(await rotateRefreshToken(database.db, token.hash, newToken())).toBeNull();
  expect(await take(mailed, "reset")).toBeNull();
});

async function mail(userId: string, purpose: MailedPurpose, expiresAt = new Date(Date.now() + hourMs)) {
  const hash = randomBytes(32);
  await storeMailedToken(database.db, { hash, userId, purpose, expiresAt });
  return hash;
}

const take = (hash: Buffer, purpose: MailedPurpose) =>
  database.db.$transaction((tx) => takeMailedToken(tx, hash, purpose));

test("of many uses of one mailed token at once one succeeds", async () => {
  const { userId } = await addOwner(database.db);
  const hash = await mail(userId, "verify");
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => take(hash, "verify")));
  expect(outcomes.filter((outcome) => outcome !== null)).toEqual([userId]);
});

test("a mailed token is for its purpose and its time, and one whose use fails can be used again", async () => {
  const { userId } = await addOwner(database.db);
  const hash = await mail(userId, "verify");
  expect(await take(hash, "reset")).toBeNull();
  expect(await take(await mail(userId, "verify", new Date(Date.now() - 1)), "verify")).toBeNull();
  const failing = database.db.$transaction(async (tx) => {
    expect(await takeMailedToken(tx, hash, "verify")).toBe(userId);
    throw new Error("what it was taken for fails");
  });
  await expect(failing).rejects.toThrow("fails");
  expect(await take(hash, "verify")).toBe(userId);
  const older = await mail(userId, "verify");
  await database.db.$transaction((tx) => deleteMailedTokens(tx, userId, "verify"));
  expect(await take(older, "verify")).toBeNull();
});
