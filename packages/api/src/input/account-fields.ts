// Fields that several operations on accounts share, with the sentences that correct them.
import { nameField, storable } from "@qrfactory/domain/http/validate";
import { lengthsMax, tooLongFor } from "@qrfactory/domain/limits";
import { z } from "zod";

/** Schema of an e-mail address that is kept, trimmed and in lower case. */
export const emailField = z
  .string()
  .trim()
  .toLowerCase()
  .max(lengthsMax.email, tooLongFor(lengthsMax.email))
  .pipe(z.email("Use an e-mail address such as ada@example.com."));

/** An address that is looked up and not kept; looser, as a wrong one is answered like an unknown one. */
export const guessedEmail = storable.trim().toLowerCase().max(lengthsMax.email);

/**
 * A password that is set: 10 to 256 characters. Length is what makes a password strong, so nothing else is asked.
 */
export const passwordField = z
  .string()
  .min(10, "Use at least 10 characters.")
  .max(lengthsMax.secret, tooLongFor(lengthsMax.secret));

/** A password that is compared and not set; looser on purpose: a wrong guess must look the same whatever its form. */
export const guessedPassword = z.string().max(lengthsMax.secret);

/** A secret that we issued: a refresh token or a mailed one. */
export const tokenField = z.string().min(1, "Give the token.").max(lengthsMax.secret, tooLongFor(lengthsMax.secret));

/** Schema of a workspace's name. */
export const workspaceNameField = nameField("Give the workspace a name.");
