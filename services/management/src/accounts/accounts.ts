// Sign-up, log-in, refresh with rotation, log-out here and everywhere, another workspace, and "who am I".

import { accountOperations } from "@qrfactory/api/operations/accounts";
import { checkPassword, hashPassword } from "@qrfactory/auth/password";
import { hashToken } from "@qrfactory/auth/tokens";
import {
  createAccount,
  findLogin,
  getMembership,
  listWorkspaces,
  type Membership,
} from "@qrfactory/db/accounts/accounts";
import { endSessionOf, endSessions, type NewSession } from "@qrfactory/db/accounts/sessions";
import { recordAccountAudit } from "@qrfactory/db/audit/audit";
import type { Db } from "@qrfactory/db/client";
import { ApiError } from "@qrfactory/domain/http/errors";
import { originOf } from "@qrfactory/runtime/http/app";
import { readJson } from "@qrfactory/runtime/http/body";
import type { CountRequest } from "@qrfactory/runtime/http/rate-limit";
import { whereFrom } from "@qrfactory/runtime/http/refusals";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";
import { accountBody } from "./body-limits.js";
import type { SendVerification } from "./email-verification.js";
import { type SessionIssuer, secret } from "./issue-session.js";
import type { Throttle } from "./throttle.js";

/** Dependencies of sign-up, log-in and sessions. */
export type AccountsOptions = {
  db: Db;
  sessions: SessionIssuer;
  findCaller: FindCaller;
  countSignup: CountRequest;
  throttle: Throttle;
  sendVerification: SendVerification;
  limits: { signupsPerHour: number };
};

/** The handlers of sessions. */
export function sessionHandlers(options: AccountsOptions) {
  const { db, sessions, findCaller, countSignup, throttle, sendVerification, limits } = options;

  async function signUp(req: Request, res: Response): Promise<void> {
    await countSignup(res, whereFrom(req), limits.signupsPerHour);
    const { password, workspace_name, email } = await readJson(req, accountOperations.signUp.body, accountBody);
    const passwordHash = await hashPassword(password);
    const origin = originOf(req);
    const account = { email, passwordHash, workspaceName: workspace_name, plan: "free", origin } as const;
    const membership = await createAccount(db, account);
    await sendVerification(membership.user);
    const session = await sessions.issue({
      userId: membership.user.userId,
      workspaceId: membership.workspace.workspaceId,
      origin,
    });
    secret(res)
      .status(201)
      .set("Location", "/api/v1/me/")
      .json({ ...membershipDocument(membership), ...session });
  }

  async function logIn(req: Request, res: Response): Promise<void> {
    await throttle.countVisit(req, res);
    const { email, password, workspace_id } = await readJson(req, accountOperations.logIn.body, accountBody);
    await throttle.countGuess(req, res, email);
    const login = await findLogin(db, email);
    const right = await checkPassword(login?.passwordHash ?? null, password);
    if (!login || !right) throw new ApiError("unauthenticated", "The e-mail address or the password is wrong.");
    const workspaceId = workspace_id ?? login.workspaceIds[0];
    if (!workspaceId) throw new ApiError("forbidden", "This account is in no workspace; ask to be invited.");
    await sendSession(res, { ...login, workspaceId, origin: originOf(req) });
  }

  /** A new session in another workspace; the one that asked goes on. */
  async function switchWorkspace(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { workspace_id } = await readJson(req, accountOperations.switchWorkspace.body, accountBody);
    await sendSession(res, { userId: caller.id, workspaceId: workspace_id, origin: caller.actor });
  }

  async function sendSession(res: Response, start: NewSession): Promise<void> {
    const membership = await getMembership(db, start.userId, start.workspaceId);
    secret(res).json({ ...membershipDocument(membership), ...(await sessions.issue(start)) });
  }

  async function refreshSession(req: Request, res: Response): Promise<void> {
    await throttle.countRenewal(req, res);
    const { refresh_token } = await readJson(req, accountOperations.refreshSession.body, accountBody);
    const session = await sessions.renew(hashToken(refresh_token));
    if (!session) throw new ApiError("unauthenticated", "The refresh token is not valid any more; log in again.");
    secret(res).json(session);
  }

  async function logOut(req: Request, res: Response): Promise<void> {
    await throttle.countRenewal(req, res);
    const { refresh_token } = await readJson(req, accountOperations.logOut.body, accountBody);
    if (refresh_token === undefined) {
      const { actor } = await findCaller(req, res);
      await db.$transaction(async (tx) => {
        await endSessions(tx, { userId: actor.id });
        await recordAccountAudit(tx, actor, "session.ended");
      });
    } else {
      await endSessionOf(db, hashToken(refresh_token), originOf(req));
    }
    res.status(204).end();
  }

  async function getMe(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const [membership, workspaces] = await Promise.all([
      getMembership(db, caller.id, caller.workspaceId),
      listWorkspaces(db, caller.id),
    ]);
    res.json({ ...membershipDocument(membership), workspaces: workspaces.map(workspaceDocument) });
  }

  return { signUp, logIn, refreshSession, logOut, switchWorkspace, getMe };
}

/** A membership as the wire has it. */
export function membershipDocument({ user, workspace, role }: Membership) {
  return {
    user: {
      id: user.userId,
      email: user.email,
      email_verified: user.emailVerified,
      created_at: user.createdAt.toISOString(),
    },
    workspace: workspaceDocument({ workspace, role }),
  };
}

/** A workspace as one of its members sees it. */
export function workspaceDocument({ workspace, role }: Pick<Membership, "workspace" | "role">) {
  return {
    id: workspace.workspaceId,
    name: workspace.name,
    plan: workspace.plan,
    frozen: workspace.frozen,
    role,
    created_at: workspace.createdAt.toISOString(),
  };
}
