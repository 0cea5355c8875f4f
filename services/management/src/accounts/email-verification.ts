// Whether the address of an account belongs to who made it: a token is mailed there and comes back.

import { accountOperations } from "@qrfactory/api/operations/accounts";
import { requireSession } from "@qrfactory/auth/caller";
import { createMailedToken, hashToken } from "@qrfactory/auth/tokens";
import { type Account, getMembership } from "@qrfactory/db/accounts/accounts";
import { deadToken, markEmailVerified, storeMailedToken, takeMailedToken } from "@qrfactory/db/accounts/mailed-tokens";
import type { Db } from "@qrfactory/db/client";
import { dayMs } from "@qrfactory/domain/duration";
import { originOf } from "@qrfactory/runtime/http/app";
import { readJson } from "@qrfactory/runtime/http/body";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";
import type { PostMail } from "../mail.js";
import { accountBody } from "./body-limits.js";
import { verificationMail } from "./mails.js";
import type { Throttle } from "./throttle.js";

/** People who sign up in the evening read their mail in the morning. */
const verificationMs = dayMs;

/** Mails a token to the address of an account. */
export type SendVerification = (account: Pick<Account, "userId" | "email">) => Promise<void>;

type SendOptions = { db: Db; postMail: PostMail; publicBaseUrl: string; now?: () => number };

/** Makes the function that asks for verification. */
export function makeSendVerification({ db, postMail, publicBaseUrl, now = Date.now }: SendOptions): SendVerification {
  return async function sendVerification({ userId, email }) {
    const { raw, hash } = createMailedToken();
    const expiresAt = new Date(now() + verificationMs);
    await storeMailedToken(db, { hash, userId, purpose: "verify", expiresAt });
    postMail(verificationMail({ to: email, token: raw, apiUrl: publicBaseUrl }));
  };
}

/** Dependencies of the proof of an address. */
export type VerificationOptions = {
  db: Db;
  findCaller: FindCaller;
  throttle: Throttle;
  sendVerification: SendVerification;
};

/** The handlers of verification: the token comes back, or another is asked for. */
export function verificationHandlers(options: VerificationOptions) {
  const { db, findCaller, throttle, sendVerification } = options;

  async function verifyEmail(req: Request, res: Response): Promise<void> {
    await throttle.countVisit(req, res);
    const { token } = await readJson(req, accountOperations.verifyEmail.body, accountBody);
    const verified = await db.$transaction(async (tx) => {
      const userId = await takeMailedToken(tx, hashToken(token), "verify");
      if (userId) await markEmailVerified(tx, { kind: "user", id: userId, ...originOf(req) });
      return userId;
    });
    if (!verified) throw deadToken();
    res.status(204).end();
  }

  async function sendAgain(req: Request, res: Response): Promise<void> {
    const { userId, workspaceId } = requireSession(await findCaller(req, res));
    await readJson(req, accountOperations.sendVerification.body, accountBody);
    const { user } = await getMembership(db, userId, workspaceId);
    await throttle.countGuess(req, res, `verification of ${userId}`);
    if (!user.emailVerified) await sendVerification(user);
    res.status(202).end();
  }

  return { verifyEmail, sendVerification: sendAgain };
}
