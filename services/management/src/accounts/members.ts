// Members of a workspace: list, invite, change a role, remove, hand over; and the public address that accepts an
// invitation.

import { passwordField } from "@qrfactory/api/input/account-fields";
import { accountOperations } from "@qrfactory/api/operations/accounts";
import { memberOperations } from "@qrfactory/api/operations/members";
import { requireSession } from "@qrfactory/auth/caller";
import { checkPassword, hashPassword } from "@qrfactory/auth/password";
import { createMailedToken, hashToken } from "@qrfactory/auth/tokens";
import { findLogin, getMembership } from "@qrfactory/db/accounts/accounts";
import { listMembers, type MemberRow, noSuchMember } from "@qrfactory/db/accounts/member-rows";
import {
  acceptInvitation,
  changeRole,
  findInvitation,
  inviteMember,
  type Manager,
  removeMember,
  transferOwnership,
} from "@qrfactory/db/accounts/members";
import type { Db } from "@qrfactory/db/client";
import { dayMs } from "@qrfactory/domain/duration";
import { ApiError, invalidFields } from "@qrfactory/domain/http/errors";
import { parseInput } from "@qrfactory/domain/http/validate";
import { originOf } from "@qrfactory/runtime/http/app";
import { readJson, readJsonValue } from "@qrfactory/runtime/http/body";
import type { Request, Response } from "express";
import { z } from "zod";
import type { FindCaller, SeenCaller } from "../http/caller.js";
import type { RespondOnce } from "../http/idempotency.js";
import { listDocument, readListQuery } from "../http/paging.js";
import { readPathId } from "../http/path-id.js";
import type { PostMail } from "../mail.js";
import { membershipDocument } from "./accounts.js";
import { accountBody } from "./body-limits.js";
import { type SessionIssuer, secret } from "./issue-session.js";
import { invitationMail } from "./mails.js";
import type { Throttle } from "./throttle.js";

/** Long enough for a holiday week; the seat is kept meanwhile. */
const invitationMs = 7 * dayMs;

/** Dependencies of the routes of members. */
export type MembersOptions = {
  db: Db;
  sessions: SessionIssuer;
  findCaller: FindCaller;
  respondOnce: RespondOnce;
  throttle: Throttle;
  postMail: PostMail;
  publicBaseUrl: string;
  now?: () => number;
};

/** The handlers of members and invitations. */
export function memberHandlers(options: MembersOptions) {
  const { db, sessions, findCaller, respondOnce, throttle, postMail, publicBaseUrl, now = Date.now } = options;

  async function list(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { page } = readListQuery(req, memberOperations.listMembers.query);
    const { count, rows } = await listMembers(db, caller.workspaceId, page);
    res.json(listDocument(req, publicBaseUrl, { page, count, results: rows.map(memberDocument) }));
  }

  async function invite(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const body = await readJsonValue(req, accountBody);
    const invited = parseInput(memberOperations.inviteMember.body, body);
    const token = createMailedToken();
    await respondOnce({
      req,
      res,
      caller,
      body,
      effect: async (tx) => {
        const expiresAt = new Date(now() + invitationMs);
        return memberDocument(
          await inviteMember(tx, managerOf(caller), { ...invited, tokenHash: token.hash, expiresAt }),
        );
      },
      committed: async () => {
        const { workspace, user } = await getMembership(db, caller.id, caller.workspaceId);
        postMail(
          invitationMail({
            to: invited.email,
            token: token.raw,
            apiUrl: publicBaseUrl,
            workspace: workspace.name,
            role: invited.role,
            inviter: user.email,
          }),
        );
      },
    });
  }

  async function accept(req: Request, res: Response): Promise<void> {
    await throttle.countVisit(req, res);
    const caller = req.headers.authorization === undefined ? null : await findCaller(req, res);
    const { token, password } = await readJson(req, accountOperations.acceptInvitation.body, accountBody);
    const tokenHash = hashToken(token);
    const invitation = await findInvitation(db, tokenHash);
    if (!invitation) throw invalidInvitation();
    const login = await findLogin(db, invitation.email);
    if (password !== undefined) await throttle.countGuess(req, res, invitation.email);
    const account = await accountOf({ login, caller, password });
    const accepted = await db.$transaction((tx) => acceptInvitation(tx, tokenHash, account, originOf(req)));
    if (!accepted) throw invalidInvitation();
    const membership = await getMembership(db, accepted.userId, accepted.workspaceId);
    const session = await sessions.issue({ ...accepted, origin: originOf(req) });
    secret(res)
      .status(201)
      .set("Location", "/api/v1/me/")
      .json({ ...membershipDocument(membership), ...session });
  }

  async function change(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const body = await readJson(req, memberOperations.changeMemberRole.body, accountBody);
    const memberId = readPathId(req, noSuchMember);
    res.json(memberDocument(await db.$transaction((tx) => changeRole(tx, managerOf(caller), memberId, body.role))));
  }

  async function remove(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const memberId = readPathId(req, noSuchMember);
    await db.$transaction((tx) => removeMember(tx, managerOf(caller), memberId));
    res.status(204).end();
  }

  async function transfer(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    await readJson(req, memberOperations.transferOwnership.body, accountBody);
    const memberId = readPathId(req, noSuchMember);
    res.json(memberDocument(await db.$transaction((tx) => transferOwnership(tx, managerOf(caller), memberId))));
  }

  return {
    listMembers: list,
    inviteMember: invite,
    changeMemberRole: change,
    removeMember: remove,
    transferOwnership: transfer,
    acceptInvitation: accept,
  };
}

type Accepting = {
  login: Awaited<ReturnType<typeof findLogin>>;
  caller: SeenCaller | null;
  password: string | undefined;
};

/** The account that joins: the one of the session, the one whose password is given, or else a new one. */
async function accountOf({
  login,
  caller,
  password,
}: Accepting): Promise<{ userId: string } | { passwordHash: string }> {
  if (password === undefined) {
    if (!caller) throw invalidFields({ password: ["Give the password of your account, or for a new one; or log in."] });
    if (caller.id === login?.userId) return { userId: caller.id };
    throw new ApiError("forbidden", "This invitation is for another address than the one of your session.");
  }
  if (!login) return { passwordHash: await hashNew(password) };
  if (await checkPassword(login.passwordHash, password)) return { userId: login.userId };
  throw new ApiError("unauthenticated", "There is an account with this address, and its password is another.");
}

const invalidInvitation = () =>
  new ApiError("unauthenticated", "The invitation is not valid any more; ask for another.");

const hashNew = (password: string) =>
  hashPassword(parseInput(z.object({ password: passwordField }), { password }).password);

function managerOf(caller: SeenCaller): Manager {
  return { ...requireSession(caller), actor: caller.actor };
}

function memberDocument(row: MemberRow) {
  return {
    id: row.id,
    user_id: row.userId,
    email: row.email,
    role: row.role,
    status: row.userId === null ? "invited" : "active",
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt?.toISOString() ?? null,
  };
}
