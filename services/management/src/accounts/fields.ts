// Fields that several routes of accounts share, with the sentences that correct them, and the limit of their bodies.
import { nameField, storable } from "@qrfactory/domain/http/validate";
import { lengthsMax, tooLongFor } from "@qrfactory/domain/limits";
import type { BodyLimits } from "@qrfactory/runtime/http/body";
import { z } from "zod";

/** The longest body is a sign-up in which each of 630 characters is an escape of 12 bytes. */
export const accountBody: BodyLimits = { bytesMax: 8_192, valuesMax: 64 };

/** Schema of an e-mail address that is kept, trimmed and in lower case. */
export const emailField = z
  .string()
  .trim()
  .toLowerCase()
  .max(lengthsMax.email, tooLongFor(lengthsMax.email))
  .pipe(z.email("Use an e-mail address such as ada@example.com."));

/** An address that is looked up and not kept; looser, as a wrong one is answered like an unknown one. */
export const guessedEmail = storable.trim().toLowerCase().max(lengthsMax.email);

/** A password that is compared and not set; looser on purpose: a wrong guess must look the same whatever its form. */
export const guessedPassword = z.string().max(lengthsMax.secret);

/** A secret that we issued: a refresh token or a mailed one. */
export const tokenField = z.string().min(1, "Give the token.").max(lengthsMax.secret, tooLongFor(lengthsMax.secret));

/** Schema of a workspace's name. */
export const workspaceNameField = nameField("Give the workspace a name.");
