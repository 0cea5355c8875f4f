// Sessions: a log-in is a family of refresh tokens, and the family's id is the session's. A change of the sessions
// of a user holds the user's row first, so that a refresh at the same moment never outlives the end of its session.
import { randomUUID } from "node:crypto";
import type { Role } from "@qrfactory/domain/access/roles";
import { type Actor, columnsOf, type Origin, recordAccountAudit, recordAudit } from "../audit/audit.js";
import { bytes, type Db, prepared, type Tx } from "../client.js";
import { deleteMailedTokens } from "./mailed-tokens.js";
import { type EntitlingColumns, entitlementsOf, entitlingNames } from "./standing.js";

/** A log-in of a user to a workspace. */
export type Session = { userId: string; workspaceId: string; sessionId: string };

type NewRefreshToken = { hash: Buffer; expiresAt: Date };

/** A log-in: user and workspace; `passwordHash` is the hash that the password was checked against. */
export type NewSession = { userId: string; workspaceId: string; passwordHash?: string; origin: Origin };

/**
 * Starts a session with its first refresh token; null when the user, the membership or that password is gone meanwhile.
 */
export async function startSession(db: Db, start: NewSession, token: NewRefreshToken): Promise<Session | null> {
  const { userId, workspaceId, passwordHash = null, origin } = start;
  const sessionId = randomUUID();
  const actor: Actor = { kind: "user", id: userId, ...origin };
  // Holding the user's row: a new password comes before, and then this finds nothing, or after, and then it ends this.
  const inserted = await db.$executeRaw`
    WITH started AS (
      INSERT INTO refresh_tokens (token_hash, family_id, user_id, workspace_id, expires_at)
      SELECT ${bytes(token.hash)}, ${sessionId}::uuid, u.id, m.workspace_id, ${token.expiresAt}::timestamptz
      FROM users u JOIN members m ON m.user_id = u.id
      WHERE u.id = ${userId}::uuid AND m.workspace_id = ${workspaceId}::uuid
        AND (${passwordHash}::text IS NULL OR u.password_hash = ${passwordHash}::text)
      FOR SHARE OF u
      RETURNING workspace_id, family_id)
    INSERT INTO audit_events (workspace_id, action, actor_kind, actor_id, network, request_id, target)
    SELECT workspace_id, 'session.started', ${columnsOf(actor)}, family_id FROM started`;
  return inserted === 1 ? { userId, workspaceId, sessionId } : null;
}

async function insertToken(db: Db | Tx, session: Session, token: NewRefreshToken): Promise<void> {
  const { userId, workspaceId, sessionId: familyId } = session;
  await db.refreshToken.create({
    data: { tokenHash: bytes(token.hash), familyId, userId, workspaceId, expiresAt: token.expiresAt },
  });
}

/**
 * The role of a session's user and what the workspace is entitled to; null when the session or the membership has
 * ended.
 */
export async function findSessionRights(db: Db, session: Session) {
  const rows = await db.$queryRaw<({ role: Role } & EntitlingColumns)[]>`${prepared}
    SELECT m.role, ${entitlingNames} FROM members m JOIN workspaces w ON w.id = m.workspace_id
    WHERE m.workspace_id = ${session.workspaceId}::uuid AND m.user_id = ${session.userId}::uuid
      AND EXISTS (SELECT FROM refresh_tokens t
                  WHERE t.family_id = ${session.sessionId}::uuid AND t.user_id = m.user_id AND t.revoked_at IS NULL)`;
  return rows[0] ? { role: rows[0].role, ...entitlementsOf(rows[0]) } : null;
}

/**
 * Exchanges a refresh token for the next of its session and returns whose it is. Null when the token is unknown,
 * expired or revoked; a token that was exchanged before also ends its session, because somebody else may hold the one
 * that replaced it.
 */
export async function rotateRefreshToken(db: Db, hash: Buffer, next: NewRefreshToken): Promise<Session | null> {
  const tokenHash = bytes(hash);
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`
      SELECT FROM users u JOIN refresh_tokens t ON t.user_id = u.id WHERE t.token_hash = ${tokenHash} FOR UPDATE OF u`;
    const token = await tx.refreshToken.findUnique({ where: { tokenHash } });
    if (!token || token.revokedAt || token.expiresAt <= new Date()) return null;
    const { familyId: sessionId, userId, workspaceId } = token;
    if (token.spentAt) {
      await endSessions(tx, { userId, sessionId });
      return null;
    }
    await tx.refreshToken.update({ where: { tokenHash }, data: { spentAt: new Date() } });
    await insertToken(tx, { userId, workspaceId, sessionId }, next);
    return { userId, workspaceId, sessionId };
  });
}

/** Which sessions end: all of the user, or of these the one named, all but one, or those of one workspace. */
export type EndedSessions = { userId: string; sessionId?: string; exceptSessionId?: string; workspaceId?: string };

/** Ends sessions: their refresh tokens and their access tokens stop working at once. May be repeated. */
export async function endSessions(tx: Tx, ended: EndedSessions): Promise<void> {
  const { userId, sessionId, exceptSessionId, workspaceId } = ended;
  await tx.$queryRaw`SELECT FROM users WHERE id = ${userId}::uuid FOR UPDATE`;
  await tx.refreshToken.updateMany({
    where: {
      userId,
      revokedAt: null,
      ...(sessionId && { familyId: sessionId }),
      ...(exceptSessionId && { familyId: { not: exceptSessionId } }),
      ...(workspaceId && { workspaceId }),
    },
    data: { revokedAt: new Date() },
  });
}

/** Ends the session of a refresh token: a log-out. Unknown tokens are no error, so that a log-out may be repeated. */
export async function endSessionOf(db: Db, hash: Buffer, origin: Origin): Promise<void> {
  const token = await db.refreshToken.findUnique({ where: { tokenHash: bytes(hash) } });
  if (!token) return;
  const { userId, workspaceId, familyId: sessionId } = token;
  await db.$transaction(async (tx) => {
    await endSessions(tx, { userId, sessionId });
    const actor: Actor = { kind: "user", id: userId, ...origin };
    await recordAudit(tx, actor, { workspaceId, action: "session.ended", target: sessionId });
  });
}

/** Sets a user's password and ends their sessions, but for the one named, and whatever mails said of a reset. */
export async function changePassword(
  tx: Tx,
  actor: Actor,
  { passwordHash, exceptSessionId }: { passwordHash: string; exceptSessionId?: string },
): Promise<void> {
  const { id: userId } = actor;
  await recordAccountAudit(tx, actor, "user.password_changed");
  await tx.user.update({ where: { id: userId }, data: { passwordHash } });
  await deleteMailedTokens(tx, userId, "reset");
  await endSessions(tx, { userId, ...(exceptSessionId && { exceptSessionId }) });
}
