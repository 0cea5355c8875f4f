// The password of an account: changed by who knows the old one, or reset by who reads the mail of its address.

import { accountOperations } from "@qrfactory/api/operations/accounts";
import { requireSession } from "@qrfactory/auth/caller";
import { checkPassword, hashPassword } from "@qrfactory/auth/password";
import { createMailedToken, hashToken } from "@qrfactory/auth/tokens";
import { findLogin, findPasswordHash } from "@qrfactory/db/accounts/accounts";
import { deadToken, markEmailVerified, storeMailedToken, takeMailedToken } from "@qrfactory/db/accounts/mailed-tokens";
import { changePassword } from "@qrfactory/db/accounts/sessions";
import type { Db } from "@qrfactory/db/client";
import { hourMs } from "@qrfactory/domain/duration";
import { ApiError } from "@qrfactory/domain/http/errors";
import { originOf } from "@qrfactory/runtime/http/app";
import { readJson } from "@qrfactory/runtime/http/body";
import type { Log } from "@qrfactory/runtime/log";
import type { Request, Response } from "express";
import type { FindCaller } from "../http/caller.js";
import type { PostMail } from "../mail.js";
import { accountBody } from "./body-limits.js";
import { resetMail } from "./mails.js";
import type { Throttle } from "./throttle.js";

/** Short, because whoever has the token has the account. */
const resetMs = hourMs;

/** Dependencies of changing and resetting a password. */
export type PasswordOptions = {
  db: Db;
  findCaller: FindCaller;
  throttle: Throttle;
  postMail: PostMail;
  publicBaseUrl: string;
  log: Log;
  now?: () => number;
};

/** The handlers of passwords. */
export function passwordHandlers(options: PasswordOptions) {
  const { db, findCaller, throttle, postMail, publicBaseUrl, log, now = Date.now } = options;
  const requirePassword = makeRequirePassword({ db, throttle });

  async function change(req: Request, res: Response): Promise<void> {
    const caller = await findCaller(req, res);
    const { userId, sessionId } = requireSession(caller);
    const { old_password, password } = await readJson(req, accountOperations.changePassword.body, accountBody);
    await requirePassword(req, res, { userId, password: old_password });
    const passwordHash = await hashPassword(password);
    await db.$transaction((tx) => changePassword(tx, caller.actor, { passwordHash, exceptSessionId: sessionId }));
    res.status(204).end();
  }

  /** Answers before it looks: nothing in the answer, its time included, tells whether there is such an account. */
  async function forget(req: Request, res: Response): Promise<void> {
    await throttle.countVisit(req, res);
    const { email } = await readJson(req, accountOperations.forgotPassword.body, accountBody);
    await throttle.countGuess(req, res, `reset of ${email}`);
    res.status(202).end();
    await mailReset(email).catch((err: unknown) => log.error({ err }, "a mail for a new password was not made"));
  }

  async function mailReset(email: string): Promise<void> {
    const login = await findLogin(db, email);
    if (!login) return;
    const { raw, hash } = createMailedToken();
    const expiresAt = new Date(now() + resetMs);
    await storeMailedToken(db, { hash, userId: login.userId, purpose: "reset", expiresAt });
    postMail(resetMail({ to: email, token: raw, apiUrl: publicBaseUrl }));
  }

  async function reset(req: Request, res: Response): Promise<void> {
    await throttle.countVisit(req, res);
    const { token, password } = await readJson(req, accountOperations.resetPassword.body, accountBody);
    const passwordHash = await hashPassword(password);
    const done = await db.$transaction(async (tx) => {
      const userId = await takeMailedToken(tx, hashToken(token), "reset");
      if (!userId) return false;
      const actor = { kind: "user", id: userId, ...originOf(req) } as const;
      await changePassword(tx, actor, { passwordHash });
      await markEmailVerified(tx, actor);
      return true;
    });
    if (!done) throw deadToken();
    res.status(204).end();
  }

  return { changePassword: change, forgotPassword: forget, resetPassword: reset };
}

/** Makes a function that throws `forbidden` unless the password is the user's; guesses are throttled as log-ins are. */
export function makeRequirePassword({ db, throttle }: Pick<PasswordOptions, "db" | "throttle">) {
  return async function requirePassword(
    req: Request,
    res: Response,
    { userId, password }: { userId: string; password: string },
  ): Promise<void> {
    await throttle.countGuess(req, res, userId);
    if (await checkPassword(await findPasswordHash(db, userId), password)) return;
    throw new ApiError("forbidden", "The password is wrong.");
  };
}
