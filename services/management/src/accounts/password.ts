// The password of an account: changed by who knows the old one.
import { requireSession } from "@qrfactory/auth/caller";
import { checkPassword, hashPassword, passwordField } from "@qrfactory/auth/password";
import { findPasswordHash } from "@qrfactory/db/accounts";
import type { Db } from "@qrfactory/db/client";
import { changePassword } from "@qrfactory/db/sessions";
import { ApiError } from "@qrfactory/domain/errors";
import { readJson } from "@qrfactory/runtime/body";
import type { Routes } from "@qrfactory/runtime/http-app";
import type { Request, Response } from "express";
import { z } from "zod";
import type { FindCaller } from "../caller.js";
import { guessedPassword } from "./fields.js";
import type { CountGuess } from "./throttle.js";

const changeBody = z.strictObject({ old_password: guessedPassword, password: passwordField });

export type PasswordOptions = {
  db: Db;
  findCaller: FindCaller;
  countGuess: CountGuess;
};

/** The routes of passwords. */
export function passwordRoutes({ db, findCaller, countGuess }: PasswordOptions): Routes {
  const requirePassword = makeRequirePassword({ db, countGuess });

  async function change(req: Request, res: Response): Promise<void> {
    const { userId, sessionId } = requireSession(await findCaller(req, res, ["user"]));
    const { old_password, password } = await readJson(req, changeBody);
    await requirePassword(req, res, { userId, password: old_password });
    const passwordHash = await hashPassword(password);
    await db.$transaction((tx) => changePassword(tx, { userId, passwordHash, exceptSessionId: sessionId }));
    res.status(204).end();
  }

  return { "/api/v1/auth/password": { POST: change } };
}

/** Makes a function that throws `forbidden` unless the password is the user's; guesses are throttled as log-ins are. */
export function makeRequirePassword({ db, countGuess }: Pick<PasswordOptions, "db" | "countGuess">) {
  return async function requirePassword(
    req: Request,
    res: Response,
    { userId, password }: { userId: string; password: string },
  ): Promise<void> {
    await countGuess(req, res, userId);
    if (await checkPassword(await findPasswordHash(db, userId), password)) return;
    throw new ApiError("forbidden", "The password is wrong.");
  };
}
