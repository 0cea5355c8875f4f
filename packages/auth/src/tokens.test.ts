import { expect, test } from "@jest/globals";
import { createRefreshToken, hashToken, makeAccessTokens } from "@qrfactory/auth/tokens";
import jwt from "jsonwebtoken";

const secret = "a secret of at least thirty-two characters";
const tokens = makeAccessTokens(secret);
const session = {
  userId: "5f0c2f6e-9d6c-4f2e-8a7b-0d6a1c3b9e11",
  workspaceId: "8b1d9a52-35c4-4f0e-9c77-6a2f3e4d5c6b",
  sessionId: "0e6c1a3f-7d42-4b19-9a55-3c8f2b7d6e90",
};

test("a token names its session", () => {
  expect(tokens.check(tokens.issue(session))).toEqual(session);
});

const claims = { sub: session.userId, wid: session.workspaceId, sid: session.sessionId };
const standard = { issuer: "qrfactory", audience: "qrfactory-api", expiresIn: 60 };

test.each([
  ["alg none", jwt.sign(claims, "", { ...standard, algorithm: "none" })],
  ["another algorithm with the same secret", jwt.sign(claims, secret, { ...standard, algorithm: "HS512" })],
  ["another secret", jwt.sign(claims, "x".repeat(32), standard)],
  ["an expired token", jwt.sign(claims, secret, { ...standard, expiresIn: -1 })],
  ["another audience", jwt.sign(claims, secret, { ...standard, audience: "elsewhere" })],
  ["another issuer", jwt.sign(claims, secret, { ...standard, issuer: "elsewhere" })],
  ["no workspace", jwt.sign({ ...claims, wid: undefined }, secret, standard)],
  ["no session", jwt.sign({ ...claims, sid: undefined }, secret, standard)],
  ["ids that are none", jwt.sign({ sub: "1", wid: "2", sid: "3" }, secret, standard)],
  ["a foreign key id", jwt.sign(claims, "x".repeat(32), { ...standard, keyid: "../../etc/passwd" })],
  [
    "an extension that it calls critical",
    jwt.sign(claims, secret, { ...standard, header: { alg: "HS256", crit: ["exp"] } as jwt.JwtHeader }),
  ],
  ["no token", ""],
])("%s is refused with the one answer", (_name, token) => {
  expect(() => tokens.check(token)).toThrow(
    expect.objectContaining({
      code: "unauthenticated",
      message: "The access token is not valid or has expired; refresh it or log in.",
    }),
  );
});

test("a refresh token is stored as its hash", () => {
  const { raw, hash } = createRefreshToken();
  expect(hashToken(raw)).toEqual(hash);
  expect(hash.toString("latin1")).not.toContain(raw);
});
