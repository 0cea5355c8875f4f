// Tokens that were mailed to a user: each may be used once, until it expires, for one purpose.
import { ApiError } from "@qrfactory/domain/http/errors";
import { type Actor, recordAccountAudit } from "../audit/audit.js";
import { bytes, type Db, type Tx } from "../client.js";

/** Purpose of a mailed token: a new password, or proof of an address. */
export type MailedPurpose = "reset" | "verify";

/** Stores the hash of a token. */
export async function storeMailedToken(
  db: Db | Tx,
  token: { hash: Buffer; userId: string; purpose: MailedPurpose; expiresAt: Date },
): Promise<void> {
  const { hash, ...row } = token;
  await db.mailedToken.create({ data: { tokenHash: bytes(hash), ...row } });
}

/**
 * Uses a token up and returns whose it was; null when it is unknown, used or expired. Of two uses at once, one
 * succeeds.
 */
export async function takeMailedToken(tx: Tx, hash: Buffer, purpose: MailedPurpose): Promise<string | null> {
  const rows = await tx.$queryRaw<{ user_id: string }[]>`
    DELETE FROM mailed_tokens
    WHERE token_hash = ${bytes(hash)} AND purpose = ${purpose} AND expires_at > now() RETURNING user_id`;
  return rows[0]?.user_id ?? null;
}

/** The refusal for a token that could not be used. */
export const deadToken = () => new ApiError("unauthenticated", "The token is not valid any more; ask for another.");

/** Deletes the tokens of a user for a purpose, so that older mails mean nothing any more. */
export async function deleteMailedTokens(tx: Tx, userId: string, purpose: MailedPurpose): Promise<void> {
  await tx.mailedToken.deleteMany({ where: { userId, purpose } });
}

/** Notes that the user reads the mail of this address. */
export async function markEmailVerified(tx: Tx, actor: Actor): Promise<void> {
  const unverified = { id: actor.id, emailVerifiedAt: null };
  const { count } = await tx.user.updateMany({ where: unverified, data: { emailVerifiedAt: new Date() } });
  if (count > 0) await recordAccountAudit(tx, actor, "user.email_verified");
}
