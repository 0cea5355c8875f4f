// How our own processes know each other: a short-lived JWT of an audience that no client's token has. Clients never see
// one, and the gateway leads to no address that takes it.
import { ApiError } from "@qrfactory/domain/http/errors";
import { keyOf, signToken, verifyToken } from "./signed-token.js";

const audience = "qrfactory-internal";
/** Long enough for a request that waits, too short to be worth stealing. */
const tokenSeconds = 60;

/** Issue and check of the tokens between our own processes. */
export type InternalTokens = {
  /** An `Authorization` header. */
  authorization: () => string;
  /** Checks an `Authorization` header; throws `unauthenticated`. */
  check: (authorization: string | undefined) => void;
};

/** Makes the issuer and checker for the secret that all processes share. */
export function makeInternalTokens(secret: string): InternalTokens {
  const key = keyOf(secret);
  return {
    authorization: () => `Bearer ${signToken({}, key, { audience, expiresIn: tokenSeconds })}`,
    check(authorization) {
      const token = /^Bearer ([A-Za-z0-9._-]+)$/.exec(authorization ?? "")?.[1] ?? "";
      try {
        verifyToken(token, key, audience);
      } catch (cause) {
        throw new ApiError("unauthenticated", "This address is for processes of this service.", { cause });
      }
    },
  };
}
