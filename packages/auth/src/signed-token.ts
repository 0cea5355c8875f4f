import { createSecretKey, type KeyObject } from "node:crypto";
import jwt from "jsonwebtoken";

const algorithm = "HS256";
const issuer = "qrfactory";

/** Audience and lifetime of a token. */
export type Purpose = { audience: string; expiresIn: number };

/** The key of a secret, made once: from a text, each check would make it anew. */
export const keyOf = (secret: string): KeyObject => createSecretKey(secret, "utf8");

/** Signs a JWT of ours. */
export function signToken(claims: object, key: KeyObject, { audience, expiresIn }: Purpose): string {
  return jwt.sign(claims, key, { algorithm, issuer, audience, expiresIn });
}

/**
 * The claims of a JWT of ours; throws for any other. Only HS256 is accepted: no `none`, no key confusion. A header with
 * `crit` asks for an extension, and none is understood here, so the token must be refused (RFC 7515, 4.1.11).
 */
export function verifyToken(token: string, key: KeyObject, audience: string): unknown {
  const { header, payload } = jwt.verify(token, key, { algorithms: [algorithm], issuer, audience, complete: true });
  if ("crit" in header) throw new Error("The token asks for extensions that are not understood.");
  return payload;
}
