// Sign-up, log-in, refresh with rotation, log-out, and "who am I".

import { checkPassword, hashPassword, passwordField } from "@qrfactory/auth/password";
import type { AccessTokens } from "@qrfactory/auth/tokens";
import { accessTokenSeconds, createRefreshToken, hashRefreshToken, refreshTokenSeconds } from "@qrfactory/auth/tokens";
import {
  createAccount,
  findLogin,
  findMembership,
  type Membership,
  revokeRefreshFamily,
  rotateRefreshToken,
  startRefreshFamily,
} from "@qrfactory/db/accounts";
import type { Db } from "@qrfactory/db/client";
import { ApiError } from "@qrfactory/domain/errors";
import { readJson } from "@qrfactory/runtime/body";
import type { Routes } from "@qrfactory/runtime/http-app";
import type { CountRequest } from "@qrfactory/runtime/rate-limit";
import type { Request, Response } from "express";
import { z } from "zod";
import type { FindCaller } from "../caller.js";

const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, "Use at most 254 characters.")
  .pipe(z.email("Use an e-mail address such as ada@example.com."));

const signupBody = z.strictObject({
  email,
  password: passwordField,
  workspace_name: z.string().trim().min(1, "Give the workspace a name.").max(120, "Use at most 120 characters."),
});

/** Looser than sign-up on purpose: a wrong guess must look the same whatever its form. */
const loginBody = z.strictObject({ email: z.string().trim().toLowerCase().max(254), password: z.string().max(256) });

const refreshBody = z.strictObject({ refresh_token: z.string().min(1).max(256) });

export type AccountsOptions = {
  db: Db;
  tokens: AccessTokens;
  findCaller: FindCaller;
  countSignup: CountRequest;
  countLogin: CountRequest;
  limits: { signupsPerHour: number; loginsPerMinute: number };
  now?: () => number;
};

/** The routes of people's accounts. */
export function accountRoutes(options: AccountsOptions): Routes {
  const { db, tokens, findCaller, limits, now = Date.now } = options;

  const nextToken = () => {
    const token = createRefreshToken();
    return { ...token, expiresAt: new Date(now() + refreshTokenSeconds * 1000) };
  };

  const sessionDocument = (session: { userId: string; workspaceId: string }, refreshToken: string) => ({
    access_token: tokens.issue(session),
    refresh_token: refreshToken,
    expires_in: accessTokenSeconds,
  });

  async function startSession(userId: string, workspaceId: string) {
    const token = nextToken();
    await startRefreshFamily(db, { userId, workspaceId }, token);
    return sessionDocument({ userId, workspaceId }, token.raw);
  }

  async function signUp(req: Request, res: Response): Promise<void> {
    await options.countSignup(res, networkOf(req), limits.signupsPerHour);
    const { password, workspace_name, ...body } = await readJson(req, signupBody);
    const passwordHash = await hashPassword(password);
    const membership = await createAccount(db, {
      email: body.email,
      passwordHash,
      workspaceName: workspace_name,
      plan: "free",
    });
    const session = await startSession(membership.user.userId, membership.workspace.workspaceId);
    secret(res)
      .status(201)
      .json({ ...membershipDocument(membership), ...session });
  }

  async function logIn(req: Request, res: Response): Promise<void> {
    const { email, password } = await readJson(req, loginBody);
    await options.countLogin(res, `${networkOf(req)} ${email}`, limits.loginsPerMinute);
    const login = await findLogin(db, email);
    const right = await checkPassword(login?.passwordHash ?? null, password);
    if (!login || !right) throw new ApiError("unauthenticated", "The e-mail address or the password is wrong.");
    const membership = await findMembership(db, login.userId, login.workspaceId);
    if (!membership) throw new ApiError("unauthenticated", "The e-mail address or the password is wrong.");
    secret(res).json({ ...membershipDocument(membership), ...(await startSession(login.userId, login.workspaceId)) });
  }

  async function refresh(req: Request, res: Response): Promise<void> {
    const { refresh_token } = await readJson(req, refreshBody);
    const token = nextToken();
    const session = await rotateRefreshToken(db, hashRefreshToken(refresh_token), token);
    if (!session) throw new ApiError("unauthenticated", "The refresh token is not valid any more; log in again.");
    secret(res).json(sessionDocument(session, token.raw));
  }

  async function logOut(req: Request, res: Response): Promise<void> {
    const { refresh_token } = await readJson(req, refreshBody);
    await revokeRefreshFamily(db, hashRefreshToken(refresh_token));
    res.status(204).end();
  }

  async function showMe(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res, ["user"]);
    const membership = await findMembership(db, caller.id, caller.workspaceId);
    if (!membership) throw new ApiError("unauthenticated", "This session's membership has ended; log in again.");
    res.json(membershipDocument(membership));
  }

  return {
    "/api/v1/auth/signup": { POST: signUp },
    "/api/v1/auth/login": { POST: logIn },
    "/api/v1/auth/refresh": { POST: refresh },
    "/api/v1/auth/logout": { POST: logOut },
    "/api/v1/me": { GET: showMe },
  };
}

const secret = (res: Response) => res.set("Cache-Control", "no-store");

/** The network a throttle counts for; behind a proxy that we trust, the client's. */
function networkOf(req: Request): string {
  return req.ip ?? "unknown";
}

function membershipDocument({ user, workspace, role }: Membership) {
  return {
    user: { id: user.userId, email: user.email, created_at: user.createdAt.toISOString() },
    workspace: {
      id: workspace.workspaceId,
      name: workspace.name,
      plan: workspace.plan,
      role,
      created_at: workspace.createdAt.toISOString(),
    },
  };
}
