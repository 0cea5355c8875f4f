// The answer to a log-in: an access token and the first refresh token of a new session.
import {
  type AccessTokens,
  accessTokenSeconds,
  createRefreshToken,
  refreshTokenSeconds,
  type Session,
} from "@qrfactory/auth/tokens";
import { type NewSession, rotateRefreshToken, startSession } from "@qrfactory/db/accounts/sessions";
import type { Db } from "@qrfactory/db/client";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Response } from "express";

/** The tokens of a session as the wire has them. */
export type SessionDocument = { access_token: string; refresh_token: string; expires_in: number };

/** Start and renewal of sessions. */
export type SessionIssuer = {
  /**
   * Starts a session; throws `unauthenticated` when the membership or the password that was checked is gone meanwhile.
   */
  issue: (start: NewSession) => Promise<SessionDocument>;
  /** Goes on with a session; null when the refresh token (its hash) is not valid any more. */
  renew: (refreshTokenHash: Buffer) => Promise<SessionDocument | null>;
};

/** Makes the issuer of sessions. */
export function makeSessionIssuer(options: { db: Db; tokens: AccessTokens; now?: () => number }): SessionIssuer {
  const { db, tokens, now = Date.now } = options;

  const draw = () => ({ ...createRefreshToken(), expiresAt: new Date(now() + refreshTokenSeconds * 1000) });

  const documentOf = (session: Session, refreshToken: string) => ({
    access_token: tokens.issue(session),
    refresh_token: refreshToken,
    expires_in: accessTokenSeconds,
  });

  return {
    async issue(start) {
      const token = draw();
      const session = await startSession(db, start, token);
      if (!session) throw new ApiError("unauthenticated", "The account was changed at the same moment; log in again.");
      return documentOf(session, token.raw);
    },
    async renew(refreshTokenHash) {
      const token = draw();
      const session = await rotateRefreshToken(db, refreshTokenHash, token);
      return session && documentOf(session, token.raw);
    },
  };
}

/** Marks an answer that holds a secret: nobody on the way keeps it. */
export const secret = (res: Response) => res.set("Cache-Control", "no-store");
