// Sign-up, log-in, refresh with rotation, log-out here and everywhere, another workspace, and "who am I".

import { checkPassword, hashPassword, passwordField } from "@qrfactory/auth/password";
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
import { z } from "zod";
import { anyone, type GuardedRoutes, may } from "../http/access.js";
import type { FindCaller } from "../http/caller.js";
import type { SendVerification } from "./email-verification.js";
import { accountBody, emailField, guessedEmail, guessedPassword, tokenField, workspaceNameField } from "./fields.js";
import { type SessionIssuer, secret } from "./issue-session.js";
import type { Throttle } from "./throttle.js";

const signupBody = z.strictObject({ email: emailField, password: passwordField, workspace_name: workspaceNameField });

const workspaceField = z.uuid("Use the id of one of your workspaces.");

const loginBody = z.strictObject({
  email: guessedEmail,
  password: guessedPassword,
  workspace_id: workspaceField.optional(),
});

const switchBody = z.strictObject({ workspace_id: workspaceField });

const refreshBody = z.strictObject({ refresh_token: tokenField });

/** Here, by the refresh token; or everywhere, by the access token of the request. */
const logoutBody = z
  .strictObject({ refresh_token: tokenField.optional(), everywhere: z.literal(true).optional() })
  .refine((body) => (body.refresh_token === undefined) !== (body.everywhere === undefined), {
    path: ["refresh_token"],
    message: 'Give the refresh token, or else "everywhere": true.',
  });

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

/** The routes of people's accounts. */
export function accountRoutes(options: AccountsOptions): GuardedRoutes {
  const { db, sessions, findCaller, countSignup, throttle, sendVerification, limits } = options;

  async function signUp(req: Request, res: Response): Promise<void> {
    await countSignup(res, whereFrom(req), limits.signupsPerHour);
    const { password, workspace_name, email } = await readJson(req, signupBody, accountBody);
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
    const { email, password, workspace_id } = await readJson(req, loginBody, accountBody);
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
    const { workspace_id } = await readJson(req, switchBody, accountBody);
    await sendSession(res, { userId: caller.id, workspaceId: workspace_id, origin: caller.actor });
  }

  async function sendSession(res: Response, start: NewSession): Promise<void> {
    const membership = await getMembership(db, start.userId, start.workspaceId);
    secret(res).json({ ...membershipDocument(membership), ...(await sessions.issue(start)) });
  }

  async function refresh(req: Request, res: Response): Promise<void> {
    await throttle.countRenewal(req, res);
    const { refresh_token } = await readJson(req, refreshBody, accountBody);
    const session = await sessions.renew(hashToken(refresh_token));
    if (!session) throw new ApiError("unauthenticated", "The refresh token is not valid any more; log in again.");
    secret(res).json(session);
  }

  async function logOut(req: Request, res: Response): Promise<void> {
    await throttle.countRenewal(req, res);
    const { refresh_token } = await readJson(req, logoutBody, accountBody);
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

  async function showMe(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const [membership, workspaces] = await Promise.all([
      getMembership(db, caller.id, caller.workspaceId),
      listWorkspaces(db, caller.id),
    ]);
    res.json({ ...membershipDocument(membership), workspaces: workspaces.map(workspaceDocument) });
  }

  return {
    "/api/v1/auth/signup": { POST: anyone(signUp) },
    "/api/v1/auth/login": { POST: anyone(logIn) },
    "/api/v1/auth/refresh": { POST: anyone(refresh) },
    "/api/v1/auth/logout": { POST: may({ optional: true }, logOut) },
    "/api/v1/auth/switch": { POST: may({}, switchWorkspace) },
    "/api/v1/me": { GET: may({}, showMe) },
  };
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
