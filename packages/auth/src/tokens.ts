// Access tokens are JWTs that any service can check alone; refresh tokens and mailed ones are random and mean
// nothing without the database.
import { createHash, randomBytes } from "node:crypto";
import { ApiError } from "@qrfactory/domain/http/errors";
import { z } from "zod";
import { keyOf, signToken, verifyToken } from "./signed-token.js";

/** Life of an access token; the end of its session or membership ends it sooner. */
export const accessTokenSeconds = 15 * 60;
/** Life of a refresh token, from its own issue. */
export const refreshTokenSeconds = 30 * 24 * 60 * 60;

const audience = "qrfactory-api";

const claims = z.object({ sub: z.uuid(), wid: z.uuid(), sid: z.uuid() });

/** The session that an access token speaks for. */
export type Session = {
  userId: string;
  workspaceId: string;
  /** The log-in that the token descends from. */
  sessionId: string;
};

/** Issue and check of access tokens. */
export type AccessTokens = {
  issue: (session: Session) => string;
  /** Throws one uniform `unauthenticated` for anything that is not a valid token of ours. */
  check: (token: string) => Session;
};

/** Makes the issuer and checker for one secret. */
export function makeAccessTokens(secret: string): AccessTokens {
  const key = keyOf(secret);
  return {
    issue: ({ userId, workspaceId, sessionId }) =>
      signToken({ sub: userId, wid: workspaceId, sid: sessionId }, key, { audience, expiresIn: accessTokenSeconds }),
    check(token) {
      try {
        const { sub, wid, sid } = claims.parse(verifyToken(token, key, audience));
        return { userId: sub, workspaceId: wid, sessionId: sid };
      } catch (cause) {
        throw new ApiError("unauthenticated", "The access token is not valid or has expired; refresh it or log in.", {
          cause,
        });
      }
    },
  };
}

/** A secret that is handed out once, and the SHA-256 under which it is stored. */
export type DrawnToken = { raw: string; hash: Buffer };

/** Draws a refresh token: `srt_` and 43 URL-safe characters (256 bits). */
export const createRefreshToken = (): DrawnToken => drawToken("srt_");

/** Draws a token that is mailed to somebody: `smt_` and 43 URL-safe characters (256 bits). */
export const createMailedToken = (): DrawnToken => drawToken("smt_");

function drawToken(prefix: string): DrawnToken {
  const raw = `${prefix}${randomBytes(32).toString("base64url")}`;
  return { raw, hash: hashToken(raw) };
}

/** SHA-256 of a token: what the database knows it by. */
export function hashToken(raw: string): Buffer {
  return createHash("sha256").update(raw).digest();
}
